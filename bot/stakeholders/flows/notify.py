"""Telling stakeholders: notices, reminders to send one, and the ticks of the checklist that follows resolving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents.flows import refusals
from bot.incidents.flows.record import lock_of, record, refresh_own_card
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack import queries as slack_queries
from bot.stakeholders import messages
from bot.stakeholders import queries as stakeholder_queries
from bot.stakeholders.policy import NoticePolicy
from bot.stakeholders.rules import RESOLVED, News, Notice
from bot.store.outbox import enqueue
from bot.text.durations import span


def notify_stakeholders(
    session: Session, row: IncidentRow, notice: Notice, by: str, now: datetime, source_key: str, kind: str = ""
) -> bool:
    """Have a notice sent to the stakeholder channel and by mail; what becomes of it stands on the timeline.

    False when it was sent before.
    """
    text = messages.notice_written(by)
    lines = [list(line) for line in notice.lines]
    data: dict[str, Any] = {"subject": notice.subject, "lines": lines, "kind": kind, "episode": row.episode}
    if notice.next_at is not None:
        data["next_at"] = notice.next_at.isoformat()
    entry_id = record(
        session, row, Kind.NOTICE_WRITTEN, text, now, author=by, data=data, source_key=source_key, announce=False
    )
    if entry_id is None:
        return False
    enqueue(session, "slack.notice", lock=f"notices-{row.incident_id}", priority=2, entry_id=entry_id)
    return True


def notified(
    session: Session,
    row: IncidentRow,
    written: TimelineEntry,
    where: str,
    now: datetime,
    shown: str = "",
    point: str | None = None,
) -> bool:
    """A notice reached somebody: from now on stakeholders count as told. False where it had reached them before.

    `written` is the notice's entry, `where` says which way it went, `shown` the same for the channel. `point` is the
    point of the checklist that a notice of the end ticks. The row must be locked.
    """
    text = messages.notified(where, notice_of(written).plain_lines)
    key = f"notified:{written.entry_id}"
    row.told_at = now
    entry_id = record(
        session,
        row,
        Kind.STAKEHOLDERS_TOLD,
        text,
        now,
        author=written.author,
        data=dict(written.data) | {"where": shown or where},
        source_key=key,
    )
    if entry_id is None:
        return False
    _promise(session, row, written, entry_id)
    _end_waits(session, row)
    show_news(session, row)
    if written.data.get("kind") == RESOLVED and written.data.get("episode") == row.episode:
        if point:
            _tick_by_notice(session, row, point, written.author or "", now)
        follow_up(session, row)  # it no longer offers that notice first
    return True


def notice_of(entry: TimelineEntry) -> Notice:
    """The notice that was written or sent, as its entry of the timeline keeps it."""
    lines = tuple((str(name), str(words)) for name, words in entry.data["lines"])
    return Notice(entry.data["subject"], lines, promised_at(entry))


def promised_at(entry: TimelineEntry) -> datetime | None:
    """When the notice of this entry promised the next one."""
    at = entry.data.get("next_at")
    return datetime.fromisoformat(at) if at else None


def next_promise(session: Session, row: IncidentRow) -> datetime | None:
    """When stakeholders were promised the next update, be it overdue; None where no promise stands."""
    if row.told_at is None or not Status(row.status).is_open:
        return None
    told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
    stands = bool(told) and told[-1].data.get("episode", row.episode) == row.episode
    return promised_at(told[-1]) if stands else None


def _promise(session: Session, row: IncidentRow, written: TimelineEntry, entry_id: int) -> None:
    """The newest notice's promise takes the place of the one before, whose reminder is over."""
    stands = Status(row.status).is_open and written.data.get("episode", row.episode) == row.episode
    row.next_update_at = promised_at(written) if stands else None
    refresh_own_card(session, row)  # which says by when the next one is due
    for told in timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,)):
        if told.entry_id != entry_id and promised_at(told) is not None:
            _show_promise(session, told.entry_id)


def end_promise(session: Session, row: IncidentRow) -> None:
    """The incident is over: nobody is reminded of an update, and a reminder that was sent says so."""
    row.next_update_at = None
    _end_waits(session, row)
    told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
    if told and promised_at(told[-1]) is not None:
        _show_promise(session, told[-1].entry_id)
        show_news(session, row)


def _end_waits(session: Session, row: IncidentRow) -> None:
    """Stakeholders have news, or need none any more: who was told that they wait reads so."""
    for asked in timeline.list_rows(session, row.incident_id, (Kind.UPDATE_ASKED,)):
        if asked.data.get("asked"):
            _show_wait(session, asked.entry_id)


def _show_wait(session: Session, entry_id: int) -> None:
    once = f"update-wanted-{entry_id}"
    enqueue(session, "slack.update_wanted", lock=once, once=once, entry_id=entry_id)


def _show_promise(session: Session, entry_id: int) -> None:
    once = f"update-due-{entry_id}"
    enqueue(session, "slack.update_due", lock=once, once=once, entry_id=entry_id)


def _promise_key(entry_id: int) -> str:
    return f"promised:{entry_id}"


def is_reminded_of(session: Session, entry_id: int) -> bool:
    """Whether the promise of this sent notice fell due."""
    return timeline.find_by_source(session, _promise_key(entry_id)) is not None


def remind_of_promises(session: Session, now: datetime) -> int:
    """Have those reminded, once, whose promised update has fallen due. How many incidents."""
    rows = stakeholder_queries.claim_promised(session, now)
    for row in rows:
        at, row.next_update_at, row.reminded_at = row.next_update_at, None, now
        told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
        if at is None or not told:
            continue
        key = _promise_key(told[-1].entry_id)
        record(session, row, Kind.UPDATE_ASKED, messages.promise_due(at), now, source_key=key)
        show_news(session, row)
        refresh_own_card(session, row)
        _show_promise(session, told[-1].entry_id)
    return len(rows)


def _tick_by_notice(session: Session, row: IncidentRow, point: str, by: str, now: datetime) -> None:
    """Who sent the notice of the end has done that point of the checklist."""
    if point not in ticks(session, row.incident_id, row.episode):
        data = {"item": point, "episode": row.episode}
        record(session, row, Kind.CHECK_DONE, messages.checked_by_notice(by), now, author=by, data=data)


def not_mailed(session: Session, row: IncidentRow, entry_id: int, address: str, reason: str, now: datetime) -> None:
    """A mail of a notice was refused: on the timeline, in the channel, and to whoever wrote the notice."""
    text, key = messages.not_mailed(address, reason), f"not-mailed:{entry_id}:{address}"
    refused = record(session, row, Kind.NOT_DONE, text, now, source_key=key, announce=True)
    if refused is not None:
        refusals.tell(session, row, refused, timeline.get(session, entry_id).author)


def remind_to_notify(session: Session, policy: NoticePolicy, now: datetime) -> int:
    """Have those reminded whose stakeholders have had no news for too long; each incident once a span. How many.

    Whoever has communications, or else command, is asked; the channel's one message on stakeholders says so.
    """
    rows = stakeholder_queries.claim_untold(session, policy.remind_every, now)
    for row in rows:
        since = row.told_at or row.declared_at
        text = messages.update_due(span(now - since), row.told_at is not None)
        key = f"untold:{row.incident_id}:{now.isoformat()}"
        writer = incidents.list_roles(session, row.incident_id).get(ResponderRole.COMMUNICATIONS, row.commander)
        data = {"asked": writer} if writer is not None else {}
        entry_id = record(session, row, Kind.UPDATE_ASKED, text, now, data=data, source_key=key)
        show_news(session, row)
        if entry_id is not None and writer is not None:
            _show_wait(session, entry_id)
    return len(rows)


def show_news(session: Session, row: IncidentRow) -> None:
    """Have the channel's one message on stakeholders say when they were told last."""
    once = f"news-{row.incident_id}"
    enqueue(session, "slack.news", lock=once, once=once, incident_id=row.incident_id)


def latest_news(session: Session, row: IncidentRow) -> News:
    """What stakeholders were told last, how often, and whether they wait for more."""
    told = timeline.list_rows(session, row.incident_id, (Kind.STAKEHOLDERS_TOLD,))
    asked = timeline.list_rows(session, row.incident_id, (Kind.UPDATE_ASKED,))
    last = told[-1] if told else None
    is_open = Status(row.status).is_open
    waits = bool(asked) and (last is None or asked[-1].at > last.at) and is_open
    return News(
        over=last is not None and last.data.get("kind") == RESOLVED,
        where=str(last.data.get("where", "")) if last is not None else "",
        at=last.at if last is not None else None,
        times=len(told),
        waits=asked[-1].text if waits else "",
        next_at=promised_at(last) if last is not None and is_open else None,
    )


def is_end_told(session: Session, row: IncidentRow) -> bool:
    """Whether stakeholders were told that it is over, since it was resolved last."""
    last = latest_news(session, row)
    return last.over and last.at is not None and row.resolved_at is not None and last.at >= row.resolved_at


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
