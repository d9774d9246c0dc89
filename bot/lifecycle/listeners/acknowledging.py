"""“ack” or “on it”, from somebody who was paged: in the direct messages with Tocsin, or in the incident's channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.queries import pings
from bot.incidents import authority
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.messages import answers as messages
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.rules.acknowledging import acknowledges, ref_in
from bot.slack import queries as slack_queries
from bot.slack.replies.reporting import reporting_errors
from bot.store.outbox import enqueue

_MANY = 20  # pages that wait for one person's answer; nobody reads a longer list


def direct_message(context: AppContext, user_id: str, channel_id: str, ts: str, text: str) -> None:
    """A message to Tocsin itself: it acknowledges the page that is meant, and is answered in any case, once."""
    now, key = context.now(), f"direct:{channel_id}:{ts}"
    refusals: list[str] = []
    with reporting_errors(refusals.append, again=True, user=user_id), context.database.transaction() as session:
        if slack_queries.take_event(session, key, now):
            said = _answer(session, context, user_id, text, now)
            enqueue(session, "slack.reply", channel_id=channel_id, ts=ts, text=said)
    for refusal in refusals:  # with it, all of the above was rolled back
        with context.database.transaction() as session:
            if slack_queries.take_event(session, key, now):
                enqueue(session, "slack.reply", channel_id=channel_id, ts=ts, text=refusal)


def _answer(session: Session, context: AppContext, user_id: str, text: str, now: datetime) -> str:
    """Raises BadRequest where it acknowledges nothing, and what `admit` raises."""
    if not acknowledges(text):
        raise BadRequest(messages.NOT_UNDERSTOOD)
    row = _meant(session, user_id, ref_in(text))
    authority.admit(session, context, Act.CHANGE, user_id, now, row)
    return _acknowledge(session, context, row, user_id, now)


def in_channel(context: AppContext, user_id: str, channel_id: str, text: str, now: datetime) -> None:
    """The same in the incident's channel, where the line about it answers; others' words there are talk."""
    if not acknowledges(text):
        return
    with context.database.transaction() as session:
        row = incidents.find_by_channel(session, channel_id)
        asked = {incident.incident_id for _, incident in pings.list_unanswered_pages(session, user_id, _MANY)}
        if row is None or row.incident_id not in asked or ref_in(text) not in (None, row.ref):
            return
        if authority.may(session, context, Act.CHANGE, user_id, now, row):
            _acknowledge(session, context, row, user_id, now)


def _meant(session: Session, user_id: str, ref: str | None) -> IncidentRow:
    """The incident whose page is answered. Raises BadRequest where none or several can be meant."""
    asked = {row.ref: row for _, row in pings.list_unanswered_pages(session, user_id, _MANY)}
    if ref is not None and ref not in asked:
        raise BadRequest(messages.not_paged(ref))
    if ref is None and len(asked) != 1:
        raise BadRequest(messages.which(sorted(asked)) if asked else messages.NOTHING_WAITS)
    return asked[ref] if ref else next(iter(asked.values()))


def _acknowledge(session: Session, context: AppContext, row: IncidentRow, user_id: str, now: datetime) -> str:
    locked = incidents.get_for_change(session, row.incident_id)
    return sentence(change.acknowledge(session, locked, user_id, context.policy, now))
