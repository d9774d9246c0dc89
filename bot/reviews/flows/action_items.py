"""Action items: made by command, by a reaction on a message or from a proposal; done, or left behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.rules.calendar import BusinessCalendar
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.memory.entries.entries import Entry
from bot.memory.rules.similar import SimilarItem
from bot.reviews.flows.editing import show
from bot.reviews.queries import action_items, reviews
from bot.reviews.tables import ActionRow
from bot.slack import queries as messages
from bot.store.outbox import enqueue
from bot.text.instants import parse_instant
from bot.text.markup import MENTION, USER_ID, escape, plain_text, quiet

LONGEST = 1_000  # characters of an action item
PROPOSALS_OF_ONE = 2  # of one similar incident
PROPOSALS = 6
EXAMPLE = "`/incident action high alarm on the pool at 80 % @owner by Friday`"
_PRIORITIES = {"high": "high", "hi": "high", "urgent": "high", "medium": "medium", "med": "medium", "low": "low"}
_LEADING = re.compile(r"^\W*(high|hi|urgent|medium|med|low)\b(?:\s+priority)?[\]\s:,–-]*", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|(?<=\s))@([\w][\w.-]{0,60}\w)")
_OWNER = re.compile(r"\(?\bowner\s*[:=]?\s*(?=@|<@)", re.IGNORECASE)
_DUE = re.compile(
    r"(?:^|\s)[(,]?\s*(?:by|due|until|before|due on|due by|till|in(?=\s+\d+\s*(?:days?|weeks?|d|w)\b))\s*:?\s+(?=\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """What somebody wants done. `owner`: a Slack user id or a name."""

    text: str
    priority: str = "medium"
    owner: str | None = None
    due_on: date | None = None


def parse_action(markup: str, now: datetime, calendar: BusinessCalendar) -> ActionRequest:
    """`high alarm on the pool @owner by Friday` as a wish; all but the text may be missing. Raises BadRequest."""
    rest = " ".join(markup.split())
    priority = "medium"
    if found := _LEADING.match(rest):
        priority, rest = _PRIORITIES[found[1].lower()], rest[found.end() :]
    rest, due_on = _due(rest, now, calendar)
    rest, owner = _owner(rest)
    text = plain_text(rest).strip(" ,;-–()")
    if not any(character.isalnum() for character in text):
        raise BadRequest(f"Say what is to be done, as in {EXAMPLE}.")
    if len(text) > LONGEST:
        raise BadRequest(f"That is {len(text):,} characters. Say in at most {LONGEST:,} what is to be done.")
    return ActionRequest(text, priority, owner, due_on)


def _due(rest: str, now: datetime, calendar: BusinessCalendar) -> tuple[str, date | None]:
    """Without its last `by …`, where what follows is a day; "retry by hand" is none."""
    for found in reversed(list(_DUE.finditer(rest))):
        said = rest[found.end() :].strip(" .)")
        owner = MENTION.search(said) or _NAMED.search(said)
        day = (said[: owner.start()] if owner else said).strip(" ,.)")
        try:
            at = parse_instant(day, now, calendar.zone, calendar.opens)
        except BadRequest:
            if day[:1].isdigit() and len(day) <= 20:
                raise BadRequest(f"“{escape(day)}” is no day that I can read. Write for example `by Friday`.") from None
            continue
        due_on = at.astimezone(calendar.zone).date()
        if due_on < now.astimezone(calendar.zone).date():
            raise BadRequest(f"{due_on:%Y-%m-%d} is over. Say a day that is still to come.")
        return f"{rest[: found.start()]} {owner.group(0) if owner else ''}".strip(), due_on
    return rest, None


def _owner(rest: str) -> tuple[str, str | None]:
    """Without its owner: the last person mentioned, or the last @name."""
    for pattern in (MENTION, _NAMED):
        found = list(pattern.finditer(rest))
        if found:
            last = found[-1]
            before = _OWNER.sub("", rest[: last.end()])
            before = before[: before.rfind(last.group(0))]
            return f"{before.rstrip()} {rest[last.end() :].lstrip()}".strip(), last.group(1)
    return rest, None


def add(
    session: Session,
    row: IncidentRow,
    wish: ActionRequest,
    by: str,
    calendar: BusinessCalendar,
    now: datetime,
    request_key: str,
) -> tuple[ActionRow, bool]:
    """The item and whether it is new. The incident's row must be locked."""
    earlier = action_items.find_by_request(session, request_key)
    if earlier is not None:
        return earlier, False
    item = action_items.add(
        session,
        row.incident_id,
        request_key=request_key,
        text=wish.text,
        priority=wish.priority,
        owner=wish.owner,
        due_on=wish.due_on,
        state=action_items.OPEN,
        made_by=by,
        made_at=now,
        remind_at=_overdue_at(wish.due_on, calendar),
    )
    said = f"Action item {item.number} by <@{by}>: {describe(item)}"
    record(session, row, Kind.ACTION_ADDED, said, now, author=by, announce=True, source_key=f"action:{item.action_id}")
    _changed(session, row)
    return item, True


def _overdue_at(due_on: date | None, calendar: BusinessCalendar) -> datetime | None:
    """When people are told that it is overdue: the next business day opens."""
    if due_on is None:
        return None
    return calendar.next_business_day(datetime.combine(due_on, time(12), calendar.zone))


def describe(item: ActionRow) -> str:
    """One item as Slack's markup; nobody is pinged by its text."""
    owner = f"owner {_who(item.owner)}" if item.owner else "no owner yet"
    due = f"due {item.due_on:%Y-%m-%d}" if item.due_on else "no due date"
    return f"{quiet(escape(item.text))} ({item.priority}, {owner}, {due})"


def _who(owner: str) -> str:
    return f"<@{owner}>" if USER_ID.fullmatch(owner) else escape(owner)


def take_message(session: Session, channel_id: str, ts: str, by: str) -> bool:
    """Somebody marked a message as an action item. False outside the channels of incidents."""
    if incidents.find_by_channel(session, channel_id) is None:
        return False
    # What was said may be recorded a moment later than the mark: a job looks for it.
    lock = f"action-{channel_id}-{ts}"
    enqueue(session, "slack.action_from_message", lock=lock, channel_id=channel_id, ts=ts, user_id=by)
    return True


def said_in(session: Session, channel_id: str, ts: str) -> str | None:
    """The words of a recorded message; None where it is not recorded."""
    said = timeline.find_by_source(session, f"message:{channel_id}:{ts}")
    return said.text if said is not None else None


def add_from_message(
    session: Session, channel_id: str, ts: str, said: str, by: str, calendar: BusinessCalendar, now: datetime
) -> ActionRow | None:
    """What was said in an incident's channel, as an action item; None elsewhere, and where it is one already."""
    row = incidents.find_by_channel(session, channel_id)
    if row is None or not said.strip():
        return None
    row = incidents.get_for_change(session, row.incident_id)
    try:
        wish = parse_action(said[:LONGEST], now, calendar)
    except BadRequest:  # what was said needs no form: its words are the item
        wish = ActionRequest(plain_text(said)[:LONGEST])
    item, fresh = add(session, row, wish, by, calendar, now, f"message:{channel_id}:{ts}")
    return item if fresh else None


def propose(session: Session, row: IncidentRow, entries: Mapping[str, Entry], now: datetime) -> int:
    """Propose what prevented the similar incidents; how many proposals are new. The incident's row must be locked."""
    added = 0
    for ref, text in list(_preventions(row.similar, entries))[:PROPOSALS]:
        key = f"proposal:{row.incident_id}:{ref}:{text[:80]}"
        if action_items.find_by_request(session, key) is None:
            added += 1
            action_items.add(
                session,
                row.incident_id,
                request_key=key,
                text=text,
                priority="medium",
                state=action_items.PROPOSED,
                source_ref=ref,
                made_at=now,
            )
    return added


def _preventions(similar: Iterable[SimilarItem], entries: Mapping[str, Entry]) -> Iterable[tuple[str, str]]:
    for item in similar:
        entry = entries.get(item.ref) if item.kind == "incident" else None
        points = _points(entry.section("Prevention")) if entry else []
        yield from ((item.ref, point) for point in points[:PROPOSALS_OF_ONE])


def _points(markdown: str) -> list[str]:
    """The list items of a section, or its sentences; plain, one line each."""
    lines = re.split(r"\n\s*[-*]\s+", "\n" + markdown.strip())
    points = [re.sub(r"[*_`]+", "", " ".join(line.split())) for line in lines]
    return [point[:300].rstrip(" .") for point in points if len(point) > 8]


def finish(session: Session, row: IncidentRow, number: int, by: str, now: datetime) -> str:
    """The item is done. Raises BadRequest where there is no such item."""
    item = _get(session, row, number)
    if item.state == action_items.DONE:
        return f"Action item {number} of {row.ref} is done already."
    _set(item, action_items.DONE, by, now)
    text = f"Action item {number} is done, says <@{by}>: {quiet(escape(item.text))}"
    record(session, row, Kind.ACTION_DONE, text, now, author=by, announce=True)
    _changed(session, row)
    return f"Action item {number} of {row.ref} is done."


def accept(
    session: Session,
    row: IncidentRow,
    number: int,
    by: str,
    calendar: BusinessCalendar,
    now: datetime,
    wish: ActionRequest | None = None,
) -> str:
    """Somebody agrees to a proposal: it counts from now on, with owner and date where `wish` names them."""
    item = _get(session, row, number)
    if item.state != action_items.PROPOSED:
        return f"Action item {number} of {row.ref} was agreed on already."
    _set(item, action_items.OPEN, by, now)
    if wish is not None:
        item.text, item.priority, item.owner, item.due_on = wish.text, wish.priority, wish.owner, wish.due_on
    item.remind_at = _overdue_at(item.due_on, calendar)
    text = f"Action item {number} agreed by <@{by}>: {describe(item)}"
    record(session, row, Kind.ACTION_ADDED, text, now, author=by, announce=True)
    _changed(session, row)
    return f"Action item {number} of {row.ref} counts now."


def drop(session: Session, row: IncidentRow, number: int, by: str, now: datetime) -> str:
    """Nobody will do it: a declined proposal, or an item that was given up."""
    item = _get(session, row, number)
    if item.state == action_items.DROPPED:
        return f"Action item {number} of {row.ref} was dropped already."
    proposed = item.state == action_items.PROPOSED
    _set(item, action_items.DROPPED, by, now)
    if not proposed:
        text = f"Action item {number} dropped by <@{by}>: {quiet(escape(item.text))}"
        record(session, row, Kind.ACTION_DONE, text, now, author=by, announce=True)
    _changed(session, row)
    return f"Action item {number} of {row.ref} is dropped."


def _get(session: Session, row: IncidentRow, number: int) -> ActionRow:
    item = action_items.find_for_change(session, row.incident_id, number)
    if item is None:
        known = [str(one.number) for one in action_items.list_of_incident(session, row.incident_id)]
        there = f"There are {', '.join(known[:20])}." if known else "It has none yet."
        raise BadRequest(f"{row.ref} has no action item {number}. {there}")
    return item


def _set(item: ActionRow, state: str, by: str, now: datetime) -> None:
    item.state, item.changed_by, item.changed_at, item.remind_at = state, by, now, None


def _changed(session: Session, row: IncidentRow) -> None:
    if reviews.find_stage(session, row.incident_id) is not None:
        show(session, row)


def names_of_owners(session: Session, items: Iterable[ActionRow]) -> dict[str, str]:
    """What the owners are called, where their ids are known."""
    return messages.names_of(session, {item.owner for item in items if item.owner})
