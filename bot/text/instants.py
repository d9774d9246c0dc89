"""Instants as people type them: `18:00`, `tomorrow 9:00`, `Monday`, `24 Dec 12:00`, `2 h`.

Read by the wall clock of a given time zone. What could mean two things is refused rather than guessed.
"""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil import parser as dates

from bot.errors import BadRequest
from bot.text.durations import parse_duration

_DAY = timedelta(days=1)
_FURTHEST = timedelta(days=366)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXAMPLES = "`18:00`, `tomorrow 9:00`, `Monday 9:00`, `2026-12-24 12:00` or `2 h`"


def parse_instant(text: str, now: datetime, zone: ZoneInfo, day_starts: time) -> datetime:
    """The instant (aware UTC) that `text` means at `now`. A day without a time means `day_starts` of that day.

    A time without a day, and a weekday, are the next of that name. Raises BadRequest, saying what to type.
    """
    typed = " ".join(text.lower().split()).removeprefix("at ")
    span = parse_duration(typed)
    if span is not None:
        return _near(now + span, now, text)
    local = now.astimezone(zone)
    day, rest = _leading_day(typed, local)
    if day is not None:
        at = datetime.combine(day, _time(rest, text) if rest else day_starts, zone).astimezone(UTC)
        is_weekday = typed.split()[0] not in ("today", "tomorrow", "yesterday")
        return _near(at + 7 * _DAY if is_weekday and at <= now else at, now, text)
    if _is_time(typed):
        at = datetime.combine(local.date(), _time(typed, text), zone)
        if at.astimezone(UTC) <= now:
            at = datetime.combine(local.date() + _DAY, at.time(), zone)
        return at.astimezone(UTC)
    return _near(_dated(typed, local, zone, day_starts, text), now, text)


def _leading_day(typed: str, local: datetime) -> tuple[datetime | None, str]:
    """The day that the first word names, and the words after it."""
    first, _, rest = typed.removeprefix("next ").partition(" ")
    rest = rest.removeprefix("at ")
    if first in ("today", "tonight"):
        return local, rest
    if first == "tomorrow":
        return local + _DAY, rest
    if first == "yesterday":
        return local - _DAY, rest  # who asks says that it is past
    for number, name in enumerate(_WEEKDAYS):
        if len(first) >= 3 and name.startswith(first.rstrip(",")):
            return local + _DAY * ((number - local.weekday()) % 7), rest
    return None, typed


def _is_time(typed: str) -> bool:
    return re.fullmatch(r"\d{1,2}([:.h]\d{2})?\s*(am|pm)?|noon|midnight", typed) is not None


def _time(typed: str, whole: str) -> time:
    words = {"noon": time(12), "midnight": time(0)}
    if typed in words:
        return words[typed]
    match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", typed)
    if not match:
        raise _refusal(whole)
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half:
        if not 1 <= hour <= 12:
            raise _refusal(whole)
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise _refusal(whole)
    return time(hour, minute)


def _dated(typed: str, local: datetime, zone: ZoneInfo, day_starts: time, whole: str) -> datetime:
    """A written-out date, with or without a time. `11/12` is refused: it is read both ways."""
    if not re.search(r"\d", typed) or re.search(r"\d/\d", typed):
        raise _refusal(whole)
    default = datetime.combine(local.date(), day_starts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an unknown time zone is only warned of, and the time would be another one
        try:
            found = dates.parse(typed, default=default, dayfirst=bool(re.match(r"\d{1,2}\.", typed)))
        except (ValueError, OverflowError, Warning):
            raise _refusal(whole) from None
    at = found if found.tzinfo else found.replace(tzinfo=zone)
    if not re.search(r"\b\d{4}\b", typed) and at.astimezone(UTC) < local.astimezone(UTC) - _DAY:
        at = at.replace(year=at.year + 1) if (at.month, at.day) != (2, 29) else at
    return at.astimezone(UTC)


def _near(at: datetime, now: datetime, whole: str) -> datetime:
    if at - now > _FURTHEST:
        raise BadRequest(f"“{whole.strip()}” is more than a year ahead. Write for example {_EXAMPLES}.")
    return at


def _refusal(whole: str) -> BadRequest:
    said = " ".join(whole.split())[:60]
    return BadRequest(f"“{said}” is no time that I can read. Write for example {_EXAMPLES}.")
