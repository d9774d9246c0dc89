"""Lengths of time: in words, and as people type them. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS: dict[str, timedelta] = {
    word: span
    for words, span in (
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
_HALF = r"half\s+an?|an?\s+half"
_PART = re.compile(
    rf"(?:(?P<number>\d{{1,6}}(?:\.\d{{1,2}})?)\s*|(?P<half>{_HALF})\s+|(?P<one>an?|one)\s+)(?P<unit>{_UNIT})(?![a-z])"
    r"(?P<and_half>\s+and\s+a\s+half)?",
    re.IGNORECASE,
)
_JOIN = re.compile(r"(?:\s*,)?(?:\s+and)?\s*(?=\S)", re.IGNORECASE)


def span_text(span: timedelta) -> str:
    """A span as people write it: `30 min`, `2 h`, `1 h 30 min`, `2 days`."""
    minutes = round(span.total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48 and hours % 24 == 0 and not minutes:
        return f"{hours // 24} days"
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)) or "0 min"


def leading_duration(text: str, at: int = 0) -> tuple[timedelta | None, int]:
    """The span that stands in `text` at index `at`, and the index after it; (None, `at`) where none stands there."""
    total, end, found = timedelta(), at, _PART.match(text, at)
    if found is None:
        return None, at
    while found:
        number = 0.5 if found["half"] else float(found["number"] or 1)
        total += (number + (0.5 if found["and_half"] else 0)) * _UNITS[found["unit"].lower()]
        total = min(total, _COUNTED)
        end = found.end()
        join = _JOIN.match(text, end)
        found = _PART.match(text, join.end()) if join else None
    return total, end


def parse_duration(text: str) -> timedelta | None:
    """The span that `30 min`, `2 h`, `1 h 30 min`, `half an hour` or `1 week` means; None where it means none."""
    typed = text.strip()
    span, end = leading_duration(typed)
    return span if end == len(typed) else None
