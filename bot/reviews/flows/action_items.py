"""Action items: made by command, by a reaction on a message or from a proposal; done, or left behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.rules.calendar import BusinessCalendar
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.memory.entries.entries import Entry
from bot.memory.flows.recall import SAME
from bot.memory.rules.similar import SimilarItem
from bot.reviews.flows.editing import as_item, show
from bot.reviews.messages import action_items as messages
from bot.reviews.queries import action_items, reviews
from bot.reviews.rules.action_requests import LONGEST, ActionRequest, ItemChange, parse_action
from bot.reviews.rules.past.causes import related_causes
from bot.reviews.tables import ActionRow
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from bot.text.markup import USER_ID, plain_text

PROPOSALS_OF_ONE = 2  # of one similar incident
PROPOSALS = 6


def add(
    session: Session,
    row: IncidentRow,
    wanted: ActionRequest,
    by: str,
    calendar: BusinessCalendar,
    now: datetime,
    request_key: str,
    announce: bool = False,
) -> tuple[ActionRow, bool]:
    """The item and whether it is new. The incident's row must be locked.

    Whom somebody else made its owner hears of it; the channel only with `announce`, where nobody is answered.
    """
    earlier = action_items.find_by_request(session, request_key)
    if earlier is not None:
        return earlier, False
    item = action_items.add(
        session,
        row.incident_id,
        request_key=request_key,
        text=wanted.text,
        priority=wanted.priority,
        owner=wanted.owner,
        due_on=wanted.due_on,
        state=action_items.OPEN,
        made_by=by,
        made_at=now,
        remind_at=_overdue_at(wanted.due_on, calendar),
    )
    text = messages.added(as_item(item), by)
    key = f"action:{item.action_id}"
    entry_id = record(session, row, Kind.ACTION_ADDED, text, now, author=by, announce=announce, source_key=key)
    if entry_id is not None and item.owner and USER_ID.fullmatch(item.owner) and item.owner != by:
        lock = f"tell-{entry_id}-{item.owner}"
        enqueue(session, "slack.tell", lock=lock, entry_id=entry_id, user_id=item.owner)
    _changed(session, row)
    return item, True


def _overdue_at(due_on: date | None, calendar: BusinessCalendar) -> datetime | None:
    """When people are reminded that it is overdue: the next business day opens."""
    if due_on is None:
        return None
    return calendar.next_business_day(datetime.combine(due_on, time(12), calendar.zone))


def take_message(session: Session, channel_id: str, ts: str, by: str) -> bool:
    """Somebody marked a message as an action item. False outside the channels of incidents."""
    if incidents.find_by_channel(session, channel_id) is None:
        return False
    # What was said may be recorded a moment later than the mark: a job looks for it.
    lock = f"action-{channel_id}-{ts}"
    enqueue(session, "slack.action_from_message", lock=lock, channel_id=channel_id, ts=ts, user_id=by)
    return True


def recorded_text(session: Session, channel_id: str, ts: str) -> str | None:
    """The words of a recorded message; None where it is not recorded."""
    entry = timeline.find_by_source(session, f"message:{channel_id}:{ts}")
    return entry.text if entry is not None else None


def add_from_message(
    session: Session,
    channel_id: str,
    ts: str,
    text: str,
    by: str,
    calendar: BusinessCalendar,
    zone: ZoneInfo,
    now: datetime,
) -> ActionRow | None:
    """What was said in an incident's channel, as an action item; None elsewhere, and where it is one already.

    `zone`: by whose clock its words are read, which is that of who marked the message.
    """
    row = incidents.find_by_channel(session, channel_id)
    if row is None or not text.strip():
        return None
    row = incidents.get_for_change(session, row.incident_id)
    try:
        wanted = parse_action(text[:LONGEST], now, zone, calendar.opens)
    except BadRequest:  # a message follows no form: its words are the item
        wanted = ActionRequest(plain_text(text)[:LONGEST])
    item, fresh = add(session, row, wanted, by, calendar, now, f"message:{channel_id}:{ts}", announce=True)
    return item if fresh else None


def propose(session: Session, row: IncidentRow, entries: Mapping[str, Entry], now: datetime) -> int:
    """Propose what prevented the incidents that are most likely the same trouble; how many proposals are new.

    What only shares a few words with this one, or had a cause of which the recorded one says nothing, would be struck
    by whoever reads the draft. The incident's row must be locked.
    """
    alike = [item for item in row.similar if not (row.cause and item.cause) or related_causes(row.cause, item.cause)]
    found = list(_preventions(alike, entries))[:PROPOSALS]
    wanted = {f"proposal:{row.incident_id}:{ref}:{text[:80]}": (ref, text) for ref, text in found}
    fresh = wanted.keys() - action_items.known_requests(session, wanted)
    values = [
        {
            "request_key": key,
            "text": text,
            "priority": "medium",
            "state": action_items.PROPOSED,
            "source_ref": ref,
            "made_at": now,
        }
        for key, (ref, text) in wanted.items()
        if key in fresh
    ]
    action_items.add_many(session, row.incident_id, values)
    return len(values)


def _preventions(similar: Iterable[SimilarItem], entries: Mapping[str, Entry]) -> Iterable[tuple[str, str]]:
    for item in similar:
        alike = item.kind == "incident" and item.score >= SAME
        entry = entries.get(item.ref) if alike else None
        points = _points(entry.section("Prevention")) if entry else []
        yield from ((item.ref, point) for point in points[:PROPOSALS_OF_ONE])


def _points(markdown: str) -> list[str]:
    """The list items of a section, or its sentences; plain, one line each."""
    lines = re.split(r"\n\s*[-*]\s+", "\n" + markdown.strip())
    points = [re.sub(r"[*_`]+", "", " ".join(line.split())) for line in lines]
    return [point[:300].rstrip(" .") for point in points if len(point) > 8]


def finish(session: Session, row: IncidentRow, number: int, by: str, now: datetime) -> ItemChange:
    """The item is done. Raises BadRequest where there is no such item."""
    item = _get(session, row, number)
    change = ItemChange(row.ref, number, action_items.DONE, changed=item.state != action_items.DONE)
    if change.changed:
        _set(item, change.state, by, now)
        _follow(session, item)
        record(session, row, Kind.ACTION_DONE, messages.done(as_item(item), by), now, author=by, announce=True)
        _changed(session, row)
    return change


def accept(
    session: Session,
    row: IncidentRow,
    number: int,
    by: str,
    calendar: BusinessCalendar,
    now: datetime,
    wanted: ActionRequest | None = None,
) -> ItemChange:
    """A proposal becomes an action item, with the text, owner and date of `wanted` where that is given.

    Raises BadRequest where there is no such item.
    """
    item = _get(session, row, number)
    change = ItemChange(row.ref, number, action_items.OPEN, changed=item.state == action_items.PROPOSED)
    if not change.changed:
        return change
    _set(item, change.state, by, now)
    if wanted is not None:
        item.text, item.priority, item.owner, item.due_on = wanted.text, wanted.priority, wanted.owner, wanted.due_on
    item.remind_at = _overdue_at(item.due_on, calendar)
    record(session, row, Kind.ACTION_ADDED, messages.accepted(as_item(item), by), now, author=by, announce=True)
    _changed(session, row)
    return change


def reopen(session: Session, row: IncidentRow, number: int, by: str, now: datetime) -> ItemChange:
    """It was not done after all, or is wanted again. Raises BadRequest where there is no such item."""
    item = _get(session, row, number)
    over = item.state in (action_items.DONE, action_items.DROPPED)
    if over:
        _set(item, action_items.OPEN, by, now)
        _follow(session, item)
        record(session, row, Kind.ACTION_ADDED, messages.reopened(as_item(item), by), now, author=by, announce=True)
        _changed(session, row)
    return ItemChange(row.ref, number, "reopened", changed=over)


def move_by_tracker(session: Session, row: IncidentRow, number: int, closed: bool, text: str, now: datetime) -> bool:
    """Its issue in a tracker was closed, or opened again, and `text` says so; False where it is so already."""
    item = _get(session, row, number)
    if closed == (item.state in (action_items.DONE, action_items.DROPPED)):
        return False
    item.state = action_items.DONE if closed else action_items.OPEN
    item.changed_by, item.changed_at, item.remind_at = None, now, None
    record(session, row, Kind.ACTION_DONE if closed else Kind.ACTION_ADDED, text, now, announce=True)
    _changed(session, row)
    return True


def link_issue(session: Session, row: IncidentRow, number: int, key: str | None, url: str | None) -> None:
    """What its issue in a tracker is called, and where it is; the review says so."""
    item = _get(session, row, number)
    item.issue_key, item.issue_url = key, url
    _changed(session, row)


def _follow(session: Session, item: ActionRow) -> None:
    """Have the issue follow, where the item has one in a tracker."""
    if item.issue_key is not None:
        name = f"trackers.sync-{item.action_id}"
        enqueue(session, "trackers.sync", lock=name, once=name, action_id=item.action_id)


def drop(session: Session, row: IncidentRow, number: int, by: str, now: datetime) -> ItemChange:
    """Nobody will do it: a declined proposal, or an item that was given up. Raises BadRequest where there is none."""
    item = _get(session, row, number)
    change = ItemChange(row.ref, number, action_items.DROPPED, changed=item.state != action_items.DROPPED)
    if not change.changed:
        return change
    proposed = item.state == action_items.PROPOSED
    _set(item, change.state, by, now)
    _follow(session, item)
    if not proposed:
        record(session, row, Kind.ACTION_DONE, messages.dropped(as_item(item), by), now, author=by, announce=True)
    _changed(session, row)
    return change


def _get(session: Session, row: IncidentRow, number: int) -> ActionRow:
    item = action_items.find_for_change(session, row.incident_id, number)
    if item is None:
        known = [one.number for one in action_items.list_of_incident(session, row.incident_id)]
        raise BadRequest(messages.no_such_item(row.ref, number, known))
    return item


def _set(item: ActionRow, state: str, by: str, now: datetime) -> None:
    item.state, item.changed_by, item.changed_at, item.remind_at = state, by, now, None


def _changed(session: Session, row: IncidentRow) -> None:
    if reviews.find_stage(session, row.incident_id) is not None:
        show(session, row)


def names_of_owners(session: Session, items: Iterable[ActionRow]) -> dict[str, str]:
    """What the owners are called, where their ids are known."""
    return slack_queries.names_of(session, {item.owner for item in items if item.owner})
