"""Past instants as people type them before a note: `at 14:20`, `10 min ago`, `yesterday 23:50 CET`.

Read by the wall clock of a given time zone unless the words name another. What is still to come is refused, not
guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.text.durations import parse_duration

_DAY = timedelta(days=1)
_EXAMPLES = "`at 14:20`, `10 min ago`, `yesterday 23:50 CET` or `2026-11-19 23:50`"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Abbreviations that mean one zone to those who type them. Hours from UTC.
_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "ist": 5.5,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "jst": 9, "aest": 10,
    "aedt": 11,
}  # fmt: skip
_AGO = re.compile(r"(?P<span>\d{1,4}(?:\.\d)?\s*[a-z]+(?:\s+\d{1,2}\s*[a-z]+)?)\s+ago\b[\s:,–-]*", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?P<at>at\s+)?"
    r"(?:(?P<day>today|yesterday|(?:last\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)day|\d{4}-\d{2}-\d{2})[T,\s]+(?:at\s+)?)?"
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?::\d{2})?\s*(?P<half>am|pm)?(?P<zulu>z)?\b"
    r"(?:\s*(?P<zone>[a-z]{2,4}\b|utc[+-]\d{1,2}|[+-]\d{2}:?\d{2}))?[\s:,–-]*",
    re.IGNORECASE,
)


def leading_past(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The past instant (aware UTC) that `text` begins with, and the rest; (None, text) where it begins with no time.

    Raises BadRequest for an instant that is still to come or that does not exist.
    """
    text = text.strip()
    match = _AGO.match(text.removeprefix("at ")) if "ago" in text[:40].lower() else None
    if match:
        length = parse_duration(match["span"])
        if length is not None:
            return now - length, text.removeprefix("at ")[match.end() :].strip()
    match = _CLOCK.match(text)
    # "5 pods restarted" begins with a number, not with a time.
    if match is None or not (match["minute"] or match["half"] or match["day"] or match["at"]):
        return None, text
    spoken, rest = _zone(match), text[match.end() :]
    if match["zone"] and (spoken is None or match["zulu"]):  # the word after the time was no zone
        rest = match["zone"] + text[match.end("zone") :]
    return _instant(match, spoken or zone, now, text), rest.strip()


def parse_past(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The past instant that the whole of `text` means. Raises BadRequest, saying what to type."""
    at, rest = leading_past(text, now, zone)
    if at is None or rest:
        raise BadRequest(f"“{' '.join(text.split())[:60]}” is no time that I can read. Write for example {_EXAMPLES}.")
    return at


def _zone(match: re.Match[str]) -> tzinfo | None:
    if match["zulu"]:
        return UTC
    word = (match["zone"] or "").lower()
    if word in _ZONES:
        return timezone(timedelta(hours=_ZONES[word]))
    offset = re.fullmatch(r"(?:utc)?([+-])(\d{1,2}):?(\d{2})?", word)
    if offset is None:
        return None
    length = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
    return timezone(length if offset[1] == "+" else -length) if length < _DAY else None


def _instant(match: re.Match[str], zone: tzinfo, now: datetime, text: str) -> datetime:
    said = " ".join(match[0].split()).strip(" :,–-")
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise _refusal(said)
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    if hour > 23 or minute > 59:
        raise _refusal(said)
    local = now.astimezone(zone)
    day = _day((match["day"] or "").lower().removeprefix("last").strip(), local, said)
    at = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
    if at > now and (match["day"] or "").lower().removeprefix("last ").strip() in _WEEKDAYS:
        at -= 7 * _DAY
    # A clock that runs a little ahead of ours is no reason to refuse.
    if at > now + timedelta(minutes=1):
        meant = "" if match["day"] else f" If you mean the day before, write `yesterday {hour:02}:{minute:02}`."
        raise BadRequest(f"“{said}” is still to come; it is {local:%H:%M %Z} now.{meant}")
    return min(at, now)


def _day(word: str, local: datetime, said: str) -> datetime:
    if word in ("", "today"):
        return local
    if word == "yesterday":
        return local - _DAY
    if word in _WEEKDAYS:
        return local - _DAY * ((local.weekday() - _WEEKDAYS.index(word)) % 7)
    try:
        return datetime.fromisoformat(word).replace(tzinfo=local.tzinfo)
    except ValueError:
        raise _refusal(said) from None


def _refusal(said: str) -> BadRequest:
    return BadRequest(f"“{said}” is no time that I can read. Write for example {_EXAMPLES}.")
