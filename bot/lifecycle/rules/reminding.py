"""What is typed to be reminded: when, and of what. Pure."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.text.durations import leading_duration
from bot.text.instants import is_instant, parse_instant
from bot.text.markup import escape

LONGEST = timedelta(days=30)
_LEAD = re.compile(r"(?:me\s+)?(?:in\s+)?", re.IGNORECASE)
_TO = re.compile(r"(?:from now\s+)?[,:;–-]?\s*(?:(?:to|that)\s+)?", re.IGNORECASE)
_MOST_WORDS_OF_A_TIME = 6  # `on 2026-11-30 at 9:00 Europe/Berlin`
_HINT = "`/incident remind 15 min check the replica`, or with a time: `/incident remind at 14:30 call the vendor`"


def parse_reminder(text: str, now: datetime, zone: ZoneInfo, day_starts: time) -> tuple[datetime, str]:
    """When (aware UTC) and of what: `15 min check the replica`, `at 14:30 …`, `me tomorrow 9:00 to …`, `in 2 h …`.

    Raises BadRequest, saying what to type.
    """
    typed = " ".join(text.split())
    at, words = _read(typed, now, zone, day_starts)
    if at is None:
        raise BadRequest(f"Say when and of what: {_HINT}.")
    if not words:
        raise BadRequest(f"Say what to remind you of: {_HINT}.")
    return _to_come(at, typed, now, f": {_HINT}"), words


def parse_when(text: str, now: datetime, zone: ZoneInfo, day_starts: time) -> datetime:
    """The instant (aware UTC) that the whole of `text` means: `15 min`, `at 14:30`. Raises BadRequest."""
    typed = " ".join(text.split())
    at, rest = _read(typed, now, zone, day_starts)
    if at is None or rest:
        raise BadRequest(f"“{escape(typed[:60])}” isn't a time I understand. Write 15 min, at 14:30 or tomorrow 9:00.")
    return _to_come(at, typed, now)


def _to_come(at: datetime, typed: str, now: datetime, hint: str = "") -> datetime:
    if at <= now:
        raise BadRequest(f"That time is in the past. Use a future time{hint}.")
    if at - now > LONGEST:
        raise BadRequest(f"“{escape(typed[:40])}” is more than {LONGEST.days} days ahead. Use an action item for it.")
    return at


def _read(typed: str, now: datetime, zone: ZoneInfo, day_starts: time) -> tuple[datetime | None, str]:
    lead = _LEAD.match(typed)
    begins = lead.end() if lead else 0
    span, end = leading_duration(typed, begins)
    if span is not None:
        return now + span, _words(typed[end:])
    parts = (typed[3:] if typed.lower().startswith("me ") else typed).split(" ")
    for length in range(min(_MOST_WORDS_OF_A_TIME, len(parts)), 0, -1):
        candidate = " ".join(parts[:length])
        if is_instant(candidate) and not candidate.isdecimal():  # `3 months …` is no time of the day
            return parse_instant(candidate, now, zone, day_starts), _words(" ".join(parts[length:]))
    return None, typed


def _words(rest: str) -> str:
    rest = rest.strip()
    to = _TO.match(rest)
    return rest[to.end() if to else 0 :].strip()
