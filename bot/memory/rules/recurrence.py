"""How often the same trouble has come: words for the card and the review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.text.wording import ordinal


def recurrence(earlier: Sequence[date], today: date) -> str:
    """ "3rd time since August": this time counted with the `earlier` ones; empty when there were none."""
    if not earlier:
        return ""
    return f"{ordinal(len(earlier) + 1)} time since {_since(min(earlier), today)}"


def _since(first: date, today: date) -> str:
    month = f"{first:%B}"
    if first.year != today.year:
        return f"{month} {first.year}"
    return f"{first.day} {month}" if first.month == today.month else month
