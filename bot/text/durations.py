"""Lengths of time: in words, and as people type them. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS: dict[str, timedelta] = {
    word: span
    for words, span in (
        (("min", "mins", "minute", "minutes", "m"), timedelta(minutes=1)),
        (("h", "hour", "hours"), timedelta(hours=1)),
        (("d", "day", "days"), timedelta(days=1)),
        (("w", "week", "weeks"), timedelta(weeks=1)),
    )
    for word in words
}
LONGEST = timedelta(days=366)


def span_text(span: timedelta) -> str:
    """A span as people write it: `30 min`, `2 h`, `1 h 30 min`, `2 days`."""
    minutes = round(span.total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48 and hours % 24 == 0 and not minutes:
        return f"{hours // 24} days"
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)) or "0 min"


def parse_duration(text: str) -> timedelta | None:
    """The span that `30 min`, `2 h`, `1 h 30 min` or `1 week` means; None where it means none."""
    parts = re.findall(r"(\d{1,6})\s*([a-z]+)", text.lower())
    rest = re.sub(r"(\d{1,6})\s*([a-z]+)", "", text.lower()).strip()
    if not parts or rest or any(unit not in _UNITS for _, unit in parts):
        return None
    return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
