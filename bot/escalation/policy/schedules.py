"""iCalendar files of schedules kept elsewhere → shifts of one role. Recurring events are written out for a year ahead.

Who an event is about is its attendee's e-mail address, or else a name or address of contacts.yaml in its title, as
PagerDuty, Opsgenie and shared calendars export them. An event that cannot be followed is refused with its day and why,
and the rest is read; what was cancelled or declined is no shift.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
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
_MOST_A_DAY = 96  # times that one event repeats, a quarter of an hour apart
_MOST_FOLLOWED = 300_000  # times, most of which may be over or nobody's


@dataclass(frozen=True, slots=True)
class ReadShift:
    """One shift (aware UTC) of a person of contacts.yaml."""

    person: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class ReadSchedule:
    """Shifts by time, none overlapping, and the gaps between them.

    `refused` says of each event that could not be followed which it is, when, and why; `left_out` counts the events
    that are no shifts, as they were cancelled or declined.
    """

    shifts: tuple[ReadShift, ...]
    gaps: tuple[tuple[datetime, datetime], ...]
    refused: tuple[str, ...] = ()
    left_out: int = 0


class _RefusedEventError(Exception):
    """An event that cannot be followed: which, when, and why, in one sentence."""


def read_schedule(path: Path, people: Mapping[str, Person], now: datetime, zone: ZoneInfo) -> ReadSchedule:
    """The shifts that are not over at `now`; an event that cannot be followed is refused, and the rest read.

    Times without zone are read in `zone`. Raises BadRequest for what is no calendar, and where no shift is left.
    """
    calendar = _read(path)
    refused = _take_out_unreadable(calendar, zone)
    _refuse_too_many(path, calendar, now)
    shifts: list[ReadShift] = []
    left_out = 0
    for event in _written_out(path, calendar, now, refused):
        try:
            shift = _shift(event, people, zone)
        except _RefusedEventError as reason:
            refused.append(str(reason))
            continue
        left_out += shift is None
        shifts += [shift] if shift is not None and shift.until_at > now else []
    kept = _without_overlaps(sorted(shifts, key=lambda shift: (shift.from_at, shift.until_at)), refused)
    if not kept:
        why = f" {refused[0]}" if refused else ""
        raise BadRequest(f"{path.name}: it holds no event that is not over and can be followed.{why}")
    gaps = ((one.until_at, two.from_at) for one, two in itertools.pairwise(kept))
    refused = list(dict.fromkeys(refused))
    return ReadSchedule(tuple(kept), tuple(gap for gap in gaps if gap[0] < gap[1]), tuple(refused), left_out)


def _take_out_unreadable(calendar: Any, zone: ZoneInfo) -> list[str]:
    """Before repetitions are written out: that turns a wrong span round, and a year of seconds would take minutes."""
    refused: list[str] = []
    for event in list(calendar.walk("VEVENT")):
        if _is_cancelled(event):  # kept: of a repetition it says which time there is none
            continue
        try:
            _span(event, zone)
            _refuse_unknown_zone(event)
            _refuse_hasty(event)
        except _RefusedEventError as reason:
            refused.append(str(reason))
            _take_out(calendar, event)
    return refused


def _take_out(calendar: Any, event: Any) -> None:
    """Without this event; where it moves one time of a repetition, there is none at that time, not the original."""
    if "RECURRENCE-ID" in event:
        event["STATUS"] = "CANCELLED"
        for name in ("DTSTART", "DTEND", "DURATION"):
            event.pop(name, None)
        event["DTSTART"] = event["RECURRENCE-ID"]
        return
    uid = str(event.get("UID", ""))
    calendar.subcomponents = [
        each
        for each in calendar.subcomponents
        if each is not event and not (uid and each.name == "VEVENT" and str(each.get("UID", "")) == uid)
    ]


def _written_out(path: Path, calendar: Any, now: datetime, refused: list[str]) -> list[Any]:
    """Every event of the year ahead. Those that repeat as nobody can follow are refused, the others are read."""
    try:
        found = _events(calendar, now)
    except _UNFOLLOWED:
        found = []
        for alone in _by_uid(calendar):
            try:
                found += _events(alone, now)
            except _UNFOLLOWED as error:
                event = alone.walk("VEVENT")[0]
                refused.append(f"{_which(event)} repeats in a way that cannot be followed: {error}.")
    if len(found) > _MOST:
        raise BadRequest(f"{path.name}: {len(found)} shifts in a year are too many for people's shifts.")
    return found


_UNFOLLOWED = (ValueError, TypeError, KeyError, AttributeError, OverflowError)  # the library's own is a ValueError


def _events(calendar: Any, now: datetime) -> list[Any]:
    import recurring_ical_events  # with icalendar, loaded only to import a schedule

    return list(recurring_ical_events.of(calendar).between(now - timedelta(days=1), now + _AHEAD))


def _by_uid(calendar: Any) -> Iterator[Any]:
    """A calendar of its own for each event with its exceptions, all with the time zones of the whole."""
    from icalendar import Calendar

    zones = calendar.walk("VTIMEZONE")
    groups: dict[str, list[Any]] = {}
    for event in calendar.walk("VEVENT"):
        groups.setdefault(str(event.get("UID") or id(event)), []).append(event)
    for group in groups.values():
        alone = Calendar()
        alone.subcomponents = [*zones, *group]
        yield alone


def _without_overlaps(shifts: Sequence[ReadShift], refused: list[str]) -> list[ReadShift]:
    """Overlapping shifts of one person are one; of two people, the one that begins later is refused."""
    kept: list[ReadShift] = []
    for shift in shifts:
        last = kept[-1] if kept else None
        if last is None or shift.from_at >= last.until_at:
            kept.append(shift)
        elif shift.person == last.person:
            kept[-1] = ReadShift(last.person, last.from_at, max(last.until_at, shift.until_at))
        else:
            refused.append(
                f"The shift of {shift.person} from {shift.from_at:%Y-%m-%d %H:%M} to {shift.until_at:%Y-%m-%d %H:%M}"
                f" UTC: {last.person} is on until {last.until_at:%Y-%m-%d %H:%M}. A role has one shift at a time;"
                " import each layer for a role of its own."
            )
    return kept


def _refuse_unknown_zone(event: Any) -> None:
    """A zone that nobody knows is left out by the reader; the shift would move by hours without a word."""
    for value in (event[name] for name in ("DTSTART", "DTEND") if name in event):
        named = value.params.get("TZID")
        if named and isinstance(value.dt, datetime) and value.dt.tzinfo is None:
            raise _RefusedEventError(
                f"{_which(event)} is in the unknown time zone “{named}”. "
                "Export it with a zone such as Europe/Berlin, or in UTC."
            )


def _refuse_hasty(event: Any) -> None:
    """What repeats by the minute is no shift, and writing a year of it out would take minutes itself."""
    if any(_times_a_day(rule) > _MOST_A_DAY for rule in _rules(event)):
        raise _RefusedEventError(f"{_which(event)} repeats every minute or oftener: no shift does.")


def _rules(event: Any) -> list[Any]:
    from icalendar import vRecur

    rules = event.get("RRULE", [])
    return [rule for rule in (rules if isinstance(rules, list) else [rules]) if isinstance(rule, vRecur)]


def _times_a_day(rule: Any) -> int:
    """At most so often: by how often it repeats, and the hours, minutes and seconds that it lists."""
    own = {"SECONDLY": 86_400, "MINUTELY": 1_440, "HOURLY": 24}.get(str(rule["FREQ"][0]).upper(), 1)
    interval = int((rule.get("INTERVAL") or [1])[0]) or 1
    listed = (len(rule.get(name) or [1]) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    return math.ceil(own / interval) * math.prod(listed)


def _refuse_too_many(path: Path, calendar: Any, now: datetime) -> None:
    """Counted by the rules, before they are followed from their first day to a year ahead."""
    times = 0
    for event in calendar.walk("VEVENT"):
        dates = event.get("RDATE", [])
        times += 1 + sum(len(getattr(each, "dts", ())) for each in (dates if isinstance(dates, list) else [dates]))
        times += sum(_times_a_day(rule) * _days(event, rule, now) for rule in _rules(event))
    if times > _MOST_FOLLOWED:
        raise BadRequest(f"{path.name}: about {times} shifts are too many for people's. Export the year ahead alone.")


def _days(event: Any, rule: Any, now: datetime) -> int:
    """At most on so many days it repeats, the year ahead included."""
    first = getattr(event.get("DTSTART"), "dt", now)
    last = max((end.year for end in rule.get("UNTIL") or [] if isinstance(end, date)), default=now.year + 1)
    years = max(0, min(last, now.year + 1) - first.year) + 1
    days, often = len(rule.get("BYDAY") or [1]), str(rule["FREQ"][0]).upper()
    return years * {"WEEKLY": 53 * days, "MONTHLY": 60 * days, "YEARLY": 54 * days}.get(often, 366)


def _is_cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _which(event: Any) -> str:
    """The event by its title and day."""
    start = getattr(event.get("DTSTART"), "dt", None)
    return f"The event “{_title(event)}”" + (f" of {start:%Y-%m-%d}" if start is not None else "")


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


def _shift(event: Any, people: Mapping[str, Person], zone: ZoneInfo) -> ReadShift | None:
    """The shift that an event is; None for one that was cancelled, or declined by whom it names."""
    if _is_cancelled(event):
        return None
    start, end = _span(event, zone)
    coming, declined = _attendees(event, people)
    found = coming or _named(_title(event), people)
    if declined and not found - declined:
        return None
    found -= declined
    if not found:
        raise _RefusedEventError(
            f"{_which(event)} names nobody of contacts.yaml. "
            f"Its attendee's address or its title must be one of them. Known: {', '.join(people)}."
        )
    if len(found) > 1:
        raise _RefusedEventError(
            f"{_which(event)} names {' and '.join(sorted(found))}. A role has one person at a time;"
            " make an event for each, and import the second for a role of its own."
        )
    return ReadShift(found.pop(), start, end)


def _title(event: Any) -> str:
    return str(event.get("SUMMARY", "")).strip()


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Beginning and end (aware UTC); a whole day without an end lasts that day.

    Raises _RefusedEventError where one is missing or they are the wrong way round.
    """
    try:
        first = event["DTSTART"].dt
        start = _instant(first, zone)
        if "DURATION" in event:
            end = start + event["DURATION"].dt
        elif "DTEND" in event or isinstance(first, datetime):
            end = _instant(event["DTEND"].dt, zone)
        else:
            end = _instant(first + timedelta(days=1), zone)
    except (KeyError, AttributeError, TypeError, OverflowError):
        raise _RefusedEventError(f"{_which(event)} has no beginning or no end.") from None
    if end <= start:
        raise _RefusedEventError(f"{_which(event)} ends when or before it begins.")
    return start, end


def _instant(at: date | datetime, zone: ZoneInfo) -> datetime:
    """A whole day begins at midnight by the wall clock of `zone`."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _attendees(event: Any, people: Mapping[str, Person]) -> tuple[set[str], set[str]]:
    """Who of contacts.yaml is to come, and who declined, by the addresses of the event's attendees."""
    by_address = {person.email.lower(): name for name, person in people.items() if person.email}
    attendees = event.get("ATTENDEE", [])
    coming: set[str] = set()
    declined: set[str] = set()
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        name = by_address.get(str(attendee).lower().removeprefix("mailto:"))
        answer = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper()
        if name is not None:
            (declined if answer == "DECLINED" else coming).add(name)
    return coming, declined


def _named(title: str, people: Mapping[str, Person]) -> set[str]:
    """The contacts whom a title names, by name or address."""
    left = title.lower()
    exact = [name for name in people if name.lower() == left]
    if exact:
        return {exact[0]}
    found: set[str] = set()
    for name, person in people.items():
        if person.email and person.email.lower() in left:
            left, found = left.replace(person.email.lower(), " "), found | {name}
    # "second responder" holds "responder" too: the longest name that fits is meant, and what is left names others.
    for name in sorted(people, key=len, reverse=True):
        left, times = re.subn(rf"\b{re.escape(name.lower())}\b", " ", left)
        found |= {name} if times else set()
    return found
