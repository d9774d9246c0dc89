"""Instants as people type them: `18:00`, `tomorrow 9:00`, `10 min ago`, `yesterday 23:50 CET`, `24 Dec 12:00 UTC+8`.

One grammar, read in two directions: a time without a day is the next one of a plan and today's of a note. Read by the
wall clock of a given time zone unless the words name another. What could mean two things is refused rather than
guessed. Why no library reads this: docs/decisions/015-reading-times.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.text.days import DAY, Day, dated, leading_day, weekday_of, year_of
from bot.text.durations import LONGEST, leading_duration
from bot.text.zones import EXAMPLES as ZONES
from bot.text.zones import Zone, leading_zone

_AHEAD = timedelta(minutes=1)  # a clock that runs a little ahead of ours is no reason to refuse
_PLANS = "`18:00`, `tomorrow 9:00`, `Monday 9:00`, `2026-12-24 12:00` or `2 h`"
_NOTES = "`at 14:20`, `10 min ago`, `yesterday 23:50 CET` or `2026-11-19 23:50`"

_QUOTES = "\"'`“”„‘’‚"
# What may stand before a time: "at about 14:20", "~14:20", "on Thursday at 14:20".
_AT = r"(?P<at>at\s+|@\s?)?(?:(?:about|around|approximately|approx\.?|roughly|circa|ca\.?)\s+|~\s?)?"
_LEAD = re.compile(rf"[{_QUOTES}]?(?:on\s+)?{_AT}[{_QUOTES}]?", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?:T(?=\d)|[,\s]+{_AT}[{_QUOTES}]?)", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s:,\u2013\u2014-]*")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]{2,60})[)\]]")
_OWN_ZONE = re.compile(r"\s+(?:my|local|our)\s+time\b", re.IGNORECASE)  # says what no zone means
_CLOCK = re.compile(
    r"(?:(?P<word>noon|midday|midnight)\b|(?P<hour>\d{1,2})(?:(?P<mark>[:.h])(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,]\d{1,6})?)?)?(?:\s*(?P<half>[ap]\.?m\b\.?))?(?P<zulu>z\b)?(?!\w|[:.]\d))",
    re.IGNORECASE,
)
_SLASHED = re.compile(r"\d{1,2}/\d{1,2}(?:/\d{2,4})?(?=\s*$|,?\s+(?:at\s+)?\d{1,2}[:.h]\d{2})")
_ON = re.compile(r",?\s+(?:on\s+)?", re.IGNORECASE)
_AGO = re.compile(r"\s+ago\b", re.IGNORECASE)
_IN = re.compile(r"in\s+(?=\d|an?\b|half\b|one\b)", re.IGNORECASE)
_FROM_NOW = re.compile(r"\s+from\s+now\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Clock:
    """A wall clock as typed. `days` is 1 for 24:00, the end of its day."""

    typed: str
    at: time
    days: int = 0
    is_midnight: bool = False  # of which side, the day alone does not say


@dataclass(frozen=True, slots=True)
class _Moment:
    """What was read at the beginning of a text, and where that ends."""

    typed: str
    end: int
    day: Day | None
    clock: _Clock | None
    zone: Zone | None


def parse_instant(
    text: str, now: datetime, zone: ZoneInfo, day_starts: time, after: datetime | None = None
) -> datetime:
    """The instant (aware UTC) that the whole of `text` means. A day without a time means `day_starts` of that day.

    A time without a day, and a weekday, are the next of that name after `after` (now, where it is None): so the end of
    `Monday 9:00 until Friday 17:00` is read from its beginning. Raises BadRequest, saying what to type.
    """
    typed = " ".join(text.split()).strip(_QUOTES)
    base = after or now
    span_at = _span(typed, now, base)
    if span_at is not None:
        return _near(span_at, now, text)
    moment = _moment(typed, whole=True)
    if moment is None or moment.end != len(typed):
        follows = typed[moment.end :].strip() if moment and moment.clock and not moment.zone else ""
        if re.fullmatch(r"[^\W\d_][^\W\d_/ ]{1,24}", follows) and not typed[: -len(follows)].strip().isdigit():
            raise BadRequest(f"“{follows}” isn't a time zone I know. Name it as {ZONES}.")
        raise _refusal(text, _PLANS)
    return _near(_next(moment, now, base, zone, day_starts), now, text)


def is_instant(text: str) -> bool:
    """Whether the whole of `text` is shaped as an instant, be it one that `parse_instant` refuses."""
    typed = " ".join(text.split()).strip(_QUOTES)
    try:
        moment = _moment(typed, whole=True)
        return typed.lower() == "now" or (moment is not None and moment.end == len(typed))
    except BadRequest:
        return True


def leading_past(text: str, now: datetime, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The past instant (aware UTC) that `text` begins with, and the rest; (None, text) where it begins with no time.

    Raises BadRequest for an instant that is still to come, that does not exist, or that could be two.
    """
    text = text.strip()
    bracketed = _BRACKETED.match(text)
    if bracketed:
        inside, more = leading_past(bracketed[1], now, zone)
        return (None, text) if inside is None or more else (inside, _rest(text, bracketed.end()))
    lead = _LEAD.match(text)
    begins = lead.end() if lead else 0
    span, end = leading_duration(text, begins)
    ago = _AGO.match(text, end) if span is not None else None
    if span is not None and ago:
        if span > LONGEST:
            raise BadRequest(f"“{text[begins : ago.end()]}” is more than a year ago. Write for example {_NOTES}.")
        return now - span, _rest(text, ago.end())
    moment = _moment(text, whole=False)
    if moment is None:
        return None, text
    return _latest(moment, now, zone), _rest(text, moment.end)


def parse_past(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The past instant that the whole of `text` means. Raises BadRequest, saying what to type."""
    at, rest = leading_past(text, now, zone)
    if at is None or rest:
        raise _refusal(text, _NOTES)
    return at


def _rest(text: str, end: int) -> str:
    """The words after a time: a quote that closes it, and what separates it from them, left out."""
    if text[end : end + 1] and text[end] in _QUOTES:
        end += 1
    separator = _SEPARATOR.match(text, end)
    return text[separator.end() if separator else end :].strip()


def _span(typed: str, now: datetime, base: datetime) -> datetime | None:
    """The instant of `now`, `2 h`, `in 2 h`, `2 h from now`, `10 min ago`; None for what is no such span."""
    if typed.lower() in ("now", "right now"):
        return now
    within = _IN.match(typed)
    span, end = leading_duration(typed, within.end() if within else 0)
    if span is None:
        return None
    ago, from_now = _AGO.match(typed, end), _FROM_NOW.match(typed, end)
    follows = ago or from_now
    if (follows.end() if follows else end) != len(typed) or (follows and within):
        return None
    span = min(span, 2 * LONGEST)  # refused as too far by whoever asks, and still a date
    if ago and span > LONGEST:
        raise BadRequest(f"“{typed[:60]}” is more than a year ago. Write for example {_NOTES}.")
    if ago:
        return now - span
    return (now if within or from_now else base) + span


def _moment(text: str, whole: bool) -> _Moment | None:
    """The day, the clock and the zone that `text` begins with. Without `whole`, words that only look like it are None.

    "5 pods restarted" begins with a number and "3.12 is out" with a version, neither with a time.
    """
    lead = _LEAD.match(text)
    start = lead.end() if lead else 0
    slashed = _SLASHED.match(text, start)
    if slashed:
        raise BadRequest(f"“{slashed[0]}” is ambiguous: day or month first? Write the day as `24 Dec` or `2026-12-24`.")
    day, at = leading_day(text, start)
    between = _BETWEEN.match(text, at) if day else lead
    begins = between.end() if between else at
    clock, end = _clock(text, begins, whole) if between else (None, at)
    if clock is None:
        return _Moment(text[start:at], at, day, None, None) if day and whole else None
    if not (whole or (between and between["at"]) or _is_surely_clock(text, begins, end, day)):
        return None
    zone, end = _zone(text, begins, end, whole)
    if day is None:
        day, zone, end = _trailing_day(text, end, zone, whole)
    return _Moment(" ".join(text[start:end].split()), end, day, clock, zone)


def _trailing_day(text: str, end: int, zone: Zone | None, whole: bool) -> tuple[Day | None, Zone | None, int]:
    """The day after a clock (`14:20 yesterday`, `9:00 on Monday`), and a zone after that; "Monday's deploy" is none."""
    on = _ON.match(text, end)
    day, after = leading_day(text, on.end()) if on else (None, end)
    if day is None or text[after : after + 1] in ("'", "’"):
        return None, zone, end
    return (day, zone, after) if zone else (day, *leading_zone(text, after, whole))


def _is_surely_clock(text: str, start: int, end: int, day: Day | None) -> bool:
    """Whether a clock before words is one: a bare number may be an amount, and `3.12` a version."""
    found = _CLOCK.match(text, start)
    if found is None:
        return False
    if found["half"] is not None or (found["minute"] is not None and (day or found["mark"] != ".")):
        return True
    if re.match(r"\s*(?:[:,\u2013]|-\s|$)", text[end:]):
        return day is not None or found["word"] is not None
    if day is not None and found["word"] is None:
        typed = f"{day.typed} {found[0]}"
        raise BadRequest(f"“{typed}” could be a time or a number. Write `{typed}:00` for the time.")
    return day is not None


def _zone(text: str, start: int, end: int, whole: bool) -> tuple[Zone | None, int]:
    """The zone after the clock `text[start:end]`. `22:00-06:00` is refused: a span to some, and a zone to others."""
    if text[end - 1] in "zZ":
        return Zone("Z", UTC), end
    closing = end + 1 if text[end : end + 1] and text[end] in _QUOTES else end
    span = re.match(r"[-\u2013]\s?\d{1,2}:\d{2}", text[end:])
    if span and not re.search(r"\dT\d", text[:end], re.IGNORECASE):
        typed = f"{text[start:end]}{span[0]}"
        raise BadRequest(f"“{typed}” could be a span of time. Give one time, and a zone as `UTC-3`.")
    own = _OWN_ZONE.match(text, closing)
    if own:
        return None, own.end()
    zone, after = leading_zone(text, closing, whole)
    return (zone, after) if zone else (None, end)


def _clock(text: str, at: int, whole: bool) -> tuple[_Clock | None, int]:
    """The wall clock that stands in `text` at index `at`, and the index after it. Raises BadRequest for 25:00."""
    found = _CLOCK.match(text, at)
    if found is None:
        return None, at
    if found["word"]:
        is_midnight = found["word"].lower() == "midnight"
        return _Clock(found[0], time(0) if is_midnight else time(12), is_midnight=is_midnight), found.end()
    examples = _PLANS if whole else _NOTES
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise _refusal(found[0], examples)
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    if (hour, minute, second) == (24, 0, 0):
        return _Clock(found[0], time(0), days=1), found.end()
    if hour > 23 or minute > 59 or second > 59:
        raise _refusal(found[0], examples)
    return _Clock(found[0].rstrip(), time(hour, minute, second)), found.end()


def _next(moment: _Moment, now: datetime, base: datetime, zone: tzinfo, day_starts: time) -> datetime:
    """The moment as a plan means it: the next of its name after `base`."""
    place = moment.zone.clock if moment.zone else zone
    clock, day = moment.clock or _Clock("", day_starts), moment.day
    local = base.astimezone(place).date()
    if day is not None and moment.clock is None and day.typed.lower() == "tonight":
        raise BadRequest("Say at what time tonight, for example `tonight 20:00`.")
    if day is None:
        at = _combined(local, clock, moment, zone)
        return at if at > base else _combined(local + DAY, clock, moment, zone)
    if day.shift is not None:
        return _combined(now.astimezone(place).date() + day.shift * DAY, clock, moment, zone)
    if day.month:
        year = day.year or year_of(day, local.year)
        if day.year is None and dated(day, year) < local - DAY:
            year = year_of(day, year + 1)
        return _combined(dated(day, year), clock, moment, zone)
    named = weekday_of(day, local)
    at = _combined(named, clock, moment, zone)
    return at if at > base or day.which == "last" else _combined(named + 7 * DAY, clock, moment, zone)


def _latest(moment: _Moment, now: datetime, zone: tzinfo) -> datetime:
    """The moment as a note means it: the last of its name. Raises BadRequest for one that is still to come."""
    place = moment.zone.clock if moment.zone else zone
    clock, day = moment.clock or _Clock("", time(0)), moment.day
    local = now.astimezone(place)
    today = local.date()
    if day is None:
        # Midnight and 24:00 are one instant, and the last one was at the beginning of this day.
        at = _combined(today - clock.days * DAY, clock, moment, zone)
    elif day.shift is not None:
        at = _combined(today + day.shift * DAY, clock, moment, zone)
    elif day.month:
        this_year = (day.month, day.number) <= (today.month, today.day)
        at = _combined(dated(day, day.year or today.year - (not this_year)), clock, moment, zone)
    else:
        at = _combined(weekday_of(day, today), clock, moment, zone)
        while at > now + _AHEAD and day.which != "next":
            today -= 7 * DAY
            at = _combined(weekday_of(day, today), clock, moment, zone)
    if at > now + _AHEAD:
        meant = "" if day else f" If you mean the day before, write `yesterday {moment.typed}`."
        raise BadRequest(f"“{moment.typed}” is in the future; it's {local:%H:%M %Z} now.{meant}")
    return min(at, now)


def _combined(day: date, clock: _Clock, moment: _Moment, zone: tzinfo) -> datetime:
    """The instant (aware UTC) of that wall clock on that day. Raises BadRequest where clocks show it never or twice."""
    if clock.is_midnight and moment.day is not None and moment.day.typed.lower() != "tonight":
        raise BadRequest(
            f"“{moment.typed}” could be the beginning or the end of that day. Write `{moment.day.typed} 00:00` or"
            f" `{moment.day.typed} 24:00`."
        )
    named, days = moment.zone, clock.days + (clock.is_midnight and moment.day is not None)
    wall = datetime.combine(day + days * DAY, clock.at, named.clock if named else zone)
    at = wall.astimezone(UTC)
    if named is not None:
        named.check(at)
    place = wall.tzinfo
    if at.astimezone(place).replace(tzinfo=None) != wall.replace(tzinfo=None):
        raise BadRequest(f"There is no {wall:%H:%M} on {wall:%Y-%m-%d} in {place}: clocks go forward over it.")
    if wall.replace(fold=1).astimezone(UTC) != at:
        raise BadRequest(
            f"{wall:%H:%M} comes twice on {wall:%Y-%m-%d} in {place}: clocks go back over it."
            f" Write `{wall:%H:%M} {wall:%Z}` or `{wall:%H:%M} {wall.replace(fold=1):%Z}`."
        )
    return at


def _near(at: datetime, now: datetime, whole: str) -> datetime:
    if at - now > LONGEST:
        raise BadRequest(f"“{whole.strip()[:60]}” is more than a year ahead. Write for example {_PLANS}.")
    return at


def _refusal(whole: str, examples: str) -> BadRequest:
    return BadRequest(f"“{' '.join(whole.split())[:60]}” isn't a time I understand. Write for example {examples}.")


def zone_name(zone: ZoneInfo) -> str:
    """As people read it: `UTC` rather than `Etc/UTC`."""
    return zone.key.removeprefix("Etc/")
