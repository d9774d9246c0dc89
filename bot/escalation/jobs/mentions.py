"""What follows a ping: its copy in the incident's channel, and the edits of both once it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.flows import pages as escalate
from bot.escalation.jobs.paging import key_of
from bot.escalation.messages import pages as blocks
from bot.escalation.queries import pings
from bot.escalation.rules.ping_facts import PingFacts
from bot.escalation.tables import PingRow
from bot.incidents.jobs.posting import begin_post, finish_post, in_thread, post_in_incident
from bot.incidents.messages import marked
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster


def page_over(context: AppContext, slack: Slack, poster: Poster, *, ping_id: int) -> None:
    """Edit all messages of a ping into where the incident stands."""
    with context.database.reading() as session:
        (row, of), *_ = pings.list_with_incidents(session, [ping_id])
        held = pings.list_of_incident(session, row.incident_id)
        ping = escalate.facts_of(row, of, held, context.policy.escalation)
        user_ids, sent_at, outcome = list(row.user_ids), row.sent_at, blocks.outcome(ping.incident)
        entry = timeline.find_by_source(session, f"ping:{ping_id}")
        mentioned = outcome and entry and entry.kind == Kind.PING_SENT
        copy = _copy(session, context, entry, of, held) if mentioned and entry else None
        instead = str(entry.data.get("instead", "")) if entry else ""
    for user_id in user_ids:
        # Unanswered, it stays the page that it was, with the channel that was opened since.
        waiting = blocks.page(ping, sent_at or context.now(), instead, user_id)
        poster.edit(key_of(ping_id, user_id), blocks.page_over(ping, outcome) if outcome else waiting)
    if copy:
        for key in (copy.key, in_thread(copy.key)):
            poster.edit(key, copy.message(outcome))


def mention(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """The copy of a sent ping in the incident's channel.

    No other job says it first: there is one for each entry, and those of one incident run one after the other.
    """
    with context.database.reading() as session:
        entry = timeline.get(session, entry_id)
        row = incidents.get(session, entry.incident_id)
        copy = _read_copy(session, context, entry)
        said = marked(copy.as_it_stands(), row.ref)
        begun = begin_post(session, poster, row.incident_id, copy.key, noted=False)
    finish_post(context, poster, row.incident_id, copy.key, begun, said)
    # Somebody may have answered while it was on its way; the edits for that found nothing to edit. So it is read after
    # the record of the post is committed, not with it.
    with context.database.reading() as session:
        now_right = _read_copy(session, context, entry).as_it_stands()
    if marked(now_right, row.ref) != said:
        post_in_incident(context, poster, row.incident_id, copy.key, now_right)


def _read_copy(session: Session, context: AppContext, entry: TimelineEntry) -> _Copy:
    row = incidents.get(session, entry.incident_id)
    return _copy(session, context, entry, row, pings.list_of_incident(session, row.incident_id))


@dataclass(frozen=True, slots=True)
class _Copy:
    """A ping's message in the incident's channel. A page and its repeats share one, which shows the latest of them."""

    key: str
    ping: PingFacts  # the one that it shows
    text: str
    at: datetime  # when that one was sent

    def message(self, outcome: str) -> Message:
        return blocks.mention(self.ping, self.text, outcome, self.at)

    def as_it_stands(self) -> Message:
        incident = self.ping.incident
        answered = incident.acknowledged_at is not None and incident.acknowledged_at >= self.at
        return self.message(blocks.outcome(incident) if answered or incident.resolved_at else "")


def _copy(
    session: Session, context: AppContext, entry: TimelineEntry, row: IncidentRow, held: Sequence[PingRow]
) -> _Copy:
    """What the message says of which the entry is one; `held` are all pings of the incident."""
    same = escalate.list_shown_together(session, entry, held)
    shown = next(ping for ping in held if ping.ping_id == same[-1].data["ping_id"])
    ping = escalate.facts_of(shown, row, held, context.policy.escalation)
    return _Copy(f"entry:{same[0].entry_id}", ping, same[-1].text, same[-1].at)
