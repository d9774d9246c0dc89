"""Lengths of time: in words, and as people type them. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNITS: dict[str, timedelta] = {
    word: length
    for words, length in (
        (("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
        (("min", "mins", "minute", "minutes", "m"), timedelta(minutes=1)),
        (("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
        (("d", "day", "days"), timedelta(days=1)),
        (("w", "week", "weeks"), timedelta(weeks=1)),
    )
    for word in words
}
LONGEST = timedelta(days=366)
_COUNTED = timedelta(days=366 * 1_000)  # beyond this no date can be reckoned with it
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60,
    "ninety": 90,
}  # fmt: skip
_IN_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_HALF = r"half\s+an?|an?\s+half"
_PART = re.compile(
    rf"(?:(?P<number>\d{{1,6}}(?:\.\d{{1,2}})?)\s*|(?P<half>{_HALF})\s+|(?P<words>{_IN_WORDS})\s+"
    rf"|(?P<couple>(?:a\s+)?couple\s+(?:of\s+)?)|(?P<one>an?|one)\s+)(?P<unit>{_UNIT})(?![a-z])"
    r"(?P<and_half>\s+and\s+a\s+half)?",
    re.IGNORECASE,
)
_JOIN = re.compile(r"(?:\s*,)?(?:\s+and)?\s*(?=\S)", re.IGNORECASE)


def span(length: timedelta) -> str:
    """A length of time in its two largest units, as people write it: `40 s`, `30 min`, `1 h 5 min`, `2 days 3 h`.

    Up to two days it is counted in hours; less than nothing is `0 s`.
    """
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def clocked(start: datetime, end: datetime) -> timedelta:
    """How long it is from `start` to `end` by the clock times that people read of both; exact within one minute."""
    by_clock = end.replace(second=0, microsecond=0) - start.replace(second=0, microsecond=0)
    return by_clock or end - start


def between(start: datetime, end: datetime) -> str:
    """The span between two instants that are shown beside it as clock times, so that it is their difference."""
    return span(clocked(start, end))


def leading_duration(text: str, at: int = 0) -> tuple[timedelta | None, int]:
    """The span that stands in `text` at index `at`, and the index after it; (None, `at`) where none stands there."""
    total, end, found = timedelta(), at, _PART.match(text, at)
    if found is None:
        return None, at
    while found:
        number = _number(found)
        total += (number + (0.5 if found["and_half"] else 0)) * _UNITS[found["unit"].lower()]
        total = min(total, _COUNTED)
        end = found.end()
        join = _JOIN.match(text, end)
        found = _PART.match(text, join.end()) if join else None
    return total, end


def _number(part: re.Match[str]) -> float:
    if part["half"] or part["couple"]:
        return 0.5 if part["half"] else 2
    return float(part["number"] or _NUMBERS.get((part["words"] or "").lower(), 1))


def parse_duration(text: str) -> timedelta | None:
    """The span that `30 min`, `2 h`, `1 h 30 min`, `half an hour` or `1 week` means; None where it means none."""
    typed = text.strip()
    length, end = leading_duration(typed)
    return length if end == len(typed) else None
