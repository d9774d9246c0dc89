"""Telling stakeholders: notices, reminders to send one, and the ticks of the checklist that follows resolving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents.flows import refusals
from bot.incidents.flows.record import lock_of, record
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack import queries as slack_queries
from bot.stakeholders import messages
from bot.stakeholders import queries as stakeholder_queries
from bot.stakeholders.policy import NoticePolicy
from bot.stakeholders.rules import RESOLVED, Notice
from bot.store.outbox import enqueue
from bot.text.durations import span


def notify_stakeholders(
    session: Session, row: IncidentRow, notice: Notice, by: str, now: datetime, source_key: str
) -> bool:
    """Have a notice sent to the stakeholder channel and by mail; what becomes of it stands on the timeline.

    False when it was sent before.
    """
    text = messages.notice_written(by)
    data = {"subject": notice.subject, "lines": [list(line) for line in notice.lines]}
    entry_id = record(
        session, row, Kind.NOTICE_WRITTEN, text, now, author=by, data=data, source_key=source_key, announce=False
    )
    if entry_id is None:
        return False
    enqueue(session, "slack.notice", lock=f"notices-{row.incident_id}", priority=2, entry_id=entry_id)
    return True


def notified(session: Session, row: IncidentRow, written: TimelineEntry, where: str, now: datetime) -> bool:
    """A notice reached somebody: from now on stakeholders count as told. False where it had reached them before.

    `written` is the notice's entry, `where` says which way it went. The row must be locked.
    """
    text = messages.notified(where, [(name, words) for name, words in written.data["lines"]])
    key = f"notified:{written.entry_id}"
    row.told_at = now
    entry_id = record(
        session,
        row,
        Kind.STAKEHOLDERS_TOLD,
        text,
        now,
        author=written.author,
        data=dict(written.data),
        source_key=key,
    )
    return entry_id is not None


def not_mailed(session: Session, row: IncidentRow, entry_id: int, address: str, reason: str, now: datetime) -> None:
    """A mail of a notice was refused: on the timeline, in the channel, and to whoever wrote the notice."""
    text, key = messages.not_mailed(address, reason), f"not-mailed:{entry_id}:{address}"
    refused = record(session, row, Kind.NOT_DONE, text, now, source_key=key, announce=True)
    if refused is not None:
        refusals.tell(session, row, refused, timeline.get(session, entry_id).author)


def remind_to_notify(session: Session, policy: NoticePolicy, now: datetime) -> int:
    """Remind the channels whose stakeholders have had no news for too long; each once a span. How many."""
    rows = stakeholder_queries.claim_untold(session, policy.remind_every, now)
    for row in rows:
        since = row.told_at or row.declared_at
        text = messages.update_due(span(now - since), row.told_at is not None)
        key = f"untold:{row.incident_id}:{now.isoformat()}"
        record(session, row, Kind.UPDATE_ASKED, text, now, source_key=key, announce=True)
    return len(rows)


def follow_up(session: Session, row: IncidentRow) -> None:
    """Have the checklist of what follows a resolution posted."""
    enqueue(
        session,
        "slack.checklist",
        lock=lock_of(row.incident_id),
        once=f"checklist-{row.incident_id}",
        incident_id=row.incident_id,
        episode=row.episode,
    )


@dataclass(frozen=True, slots=True)
class Tick:
    """Who said of a point of the checklist that it is so, and when."""

    by: str
    at: datetime


def ticks(session: Session, incident_id: int, episode: int) -> dict[str, Tick]:
    """The points of the checklist that are ticked, by their id."""
    found: dict[str, Tick] = {}
    for entry in timeline.list_rows(session, incident_id, (Kind.CHECK_DONE, Kind.CHECK_UNDONE)):
        if entry.data.get("episode") != episode:
            continue
        if entry.kind == Kind.CHECK_DONE:
            found[entry.data["item"]] = Tick(entry.author or "", entry.at)
        else:
            found.pop(entry.data["item"], None)
    return found


def tick(
    session: Session,
    row: IncidentRow,
    episode: int,
    item: str,
    done: bool,
    by: str,
    policy: Mapping[str, str],
    now: datetime,
) -> bool:
    """Tick a point, or take the tick back, as `done` says; False where it stands so already.

    The button says which of the two it is, so that a press that Slack delivers twice changes nothing more.
    Raises BadRequest for a point that is no longer asked for.
    """
    if item not in policy or episode != row.episode:
        raise BadRequest(messages.NOT_ON_CHECKLIST)
    if done == (item in ticks(session, row.incident_id, episode)):
        return False
    kind = Kind.CHECK_DONE if done else Kind.CHECK_UNDONE
    text = messages.checked(by, policy[item], done)
    record(session, row, kind, text, now, author=by, data={"item": item, "episode": episode})
    follow_up(session, row)
    return True


def check_notice(session: Session, row: IncidentRow, kind: str, episode: int, policy: Policy, then: str) -> None:
    """Raises TransitionRefused, with who changed it and when, where that notice of that episode would not be true.

    `then` is the sentence after it: what became of the notice, or what to type.
    """
    is_open = Status(row.status).is_open
    if row.episode == episode and is_open == (kind != RESOLVED):
        return
    reopened = row.episode != episode or is_open
    changes = timeline.list_rows(session, row.incident_id, (Kind.REOPENED,) if reopened else tuple(messages.ENDED))
    if not changes:
        raise TransitionRefused(messages.no_longer_so(row.ref, row.status, then))
    last = changes[-1]
    name = _name(session, policy, last.author or "")
    raise TransitionRefused(messages.changed_since(row.ref, Kind(last.kind), last.at, name, then))


def _name(session: Session, policy: Policy, user_id: str) -> str:
    """What somebody is called in Slack, or else among the contacts; empty where that is not known."""
    listed = [person.name for person in policy.contacts.people.values() if person.slack == user_id]
    return slack_queries.names_of(session, [user_id]).get(user_id) or next(iter(listed), "")
