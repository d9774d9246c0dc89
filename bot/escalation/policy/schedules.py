"""iCalendar files of schedules kept elsewhere → shifts of one role. Recurring events are written out for a year ahead.

Who an event is about is its attendee's e-mail address, or else a name or address of contacts.yaml in its title, as
PagerDuty, Opsgenie and shared calendars export them. Whatever cannot be followed is refused with the event and why.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.escalation.rules.roster import Person

_AHEAD = timedelta(days=366)
_LARGEST = 5_000_000  # bytes
_MOST = 5_000  # shifts in a year; more is no schedule of people


@dataclass(frozen=True, slots=True)
class ReadShift:
    """One shift (aware UTC) of a person of contacts.yaml."""

    person: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """Shifts by time, none overlapping, and the gaps between them."""

    shifts: tuple[ReadShift, ...]
    gaps: tuple[tuple[datetime, datetime], ...]


def read_schedule(path: Path, people: Mapping[str, Person], now: datetime, zone: ZoneInfo) -> ReadSchedule:
    """The shifts that are not over at `now`. Times without zone are read in `zone`. Raises BadRequest."""
    import recurring_ical_events
    from recurring_ical_events.errors import InvalidCalendar

    calendar = _read(path)
    for event in calendar.walk("VEVENT"):  # before repetitions are written out, which turns such events round
        _span(path, event, zone)
        _refuse_unknown_zone(path, event)
        _refuse_hasty(path, event)
    try:
        events = recurring_ical_events.of(calendar).between(now - timedelta(days=1), now + _AHEAD)
    except (InvalidCalendar, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise BadRequest(f"{path.name}: an event repeats in a way that cannot be followed: {error}.") from None
    if len(events) > _MOST:
        raise BadRequest(f"{path.name}: {len(events)} shifts in a year are too many for people's shifts.")
    shifts = sorted((_shift(path, event, people, zone) for event in events), key=lambda shift: shift.from_at)
    shifts = [shift for shift in shifts if shift.until_at > now]
    if not shifts:
        raise BadRequest(f"{path.name}: it holds no event that is not over. Export the schedule anew.")
    _refuse_overlaps(path, shifts)
    gaps = [(one.until_at, two.from_at) for one, two in itertools.pairwise(shifts)]
    return ReadSchedule(tuple(shifts), tuple(gap for gap in gaps if gap[0] < gap[1]))


def _refuse_unknown_zone(path: Path, event: Any) -> None:
    """A zone that nobody knows is left out by the reader; the shift would move by hours without a word."""
    for value in (event[name] for name in ("DTSTART", "DTEND") if name in event):
        named = value.params.get("TZID")
        if named and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
            raise BadRequest(
                f"{path.name}: the event “{_title(event)}” is in the unknown time zone “{named}”. "
                "Export it with a zone such as Europe/Berlin, or in UTC."
            )


def _refuse_hasty(path: Path, event: Any) -> None:
    """What repeats by the minute is no shift, and writing a year of it out would take minutes itself."""
    from icalendar import vRecur

    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if isinstance(rule, vRecur) and {"SECONDLY", "MINUTELY"} & {str(each).upper() for each in rule["FREQ"]}:
            title = _title(event)
            raise BadRequest(f"{path.name}: the event “{title}” repeats every minute or oftener: no shift does.")


def _read(path: Path) -> Any:
    from icalendar import Calendar  # few processes ever read a schedule

    try:
        if path.stat().st_size > _LARGEST:
            raise BadRequest(f"{path.name}: it is larger than {_LARGEST // 1_000_000} MB. Export fewer months.")
        return Calendar.from_ical(path.read_bytes())
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it does not begin with BEGIN:VCALENDAR"
        raise BadRequest(f"{path.name}: it is no iCalendar file: {reason}.") from None


def _shift(path: Path, event: Any, people: Mapping[str, Person], zone: ZoneInfo) -> ReadShift:
    start, end = _span(path, event, zone)
    title = _title(event)
    person = _person(title, _addresses(event), people)
    if person is None:
        known = ", ".join(people)
        raise BadRequest(
            f"{path.name}: the event “{title}” of {start:%Y-%m-%d} names nobody of contacts.yaml. "
            f"Its attendee's address or its title must be one of them. Known: {known}."
        )
    return ReadShift(person, start, end)


def _title(event: Any) -> str:
    return str(event.get("SUMMARY", "")).strip()


def _span(path: Path, event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Beginning and end (aware UTC). Raises BadRequest where one is missing or they are the wrong way round."""
    try:
        start = _instant(event["DTSTART"].dt, zone)
        end = start + event["DURATION"].dt if "DURATION" in event else _instant(event["DTEND"].dt, zone)
    except (KeyError, AttributeError, TypeError, OverflowError):
        raise BadRequest(f"{path.name}: the event “{_title(event)}” has no beginning or no end.") from None
    if end <= start:
        raise BadRequest(f"{path.name}: the event “{_title(event)}” of {start:%Y-%m-%d} ends when or before it begins.")
    return start, end


def _instant(at: date | datetime, zone: ZoneInfo) -> datetime:
    """A whole day begins at midnight by the wall clock of `zone`."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _addresses(event: Any) -> list[str]:
    attendees = event.get("ATTENDEE", [])
    listed = attendees if isinstance(attendees, list) else [attendees]
    return [str(attendee).lower().removeprefix("mailto:") for attendee in listed]


def _person(title: str, addresses: Sequence[str], people: Mapping[str, Person]) -> str | None:
    """The one contact whom the event names; None for nobody and for several."""
    by_address = {person.email.lower(): name for name, person in people.items() if person.email}
    named = {by_address[address] for address in addresses if address in by_address}
    if len(named) == 1:
        return named.pop()
    lowered = title.lower()
    exact = [name for name in people if name.lower() == lowered]
    if exact:
        return exact[0]
    found = {name for address, name in by_address.items() if address in lowered}
    # "second responder" holds "responder" too: the longest name that fits is meant.
    fitting = sorted((name for name in people if re.search(rf"\b{re.escape(name.lower())}\b", lowered)), key=len)
    found |= set(fitting[-1:])
    return found.pop() if len(found) == 1 else None


def _refuse_overlaps(path: Path, shifts: Sequence[ReadShift]) -> None:
    for one, two in itertools.pairwise(shifts):
        if two.from_at < one.until_at:
            raise BadRequest(
                f"{path.name}: {one.person} and {two.person} are both on from {two.from_at:%Y-%m-%d %H:%M} UTC. "
                "A role has one shift at a time; import each layer for a role of its own."
            )
