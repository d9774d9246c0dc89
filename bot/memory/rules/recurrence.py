"""How often the same trouble has come: words for the card and the review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def recurrence(earlier: Sequence[date], today: date) -> str:
    """ "Third time since August": this time counted with the `earlier` ones; empty when there were none."""
    if not earlier:
        return ""
    return f"{_ordinal(len(earlier) + 1).capitalize()} time since {_since(min(earlier), today)}"


def _ordinal(number: int) -> str:
    if number < len(_ORDINALS):
        return _ORDINALS[number]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _since(first: date, today: date) -> str:
    month = _MONTHS[first.month - 1]
    if first.year != today.year:
        return f"{month} {first.year}"
    return f"{first.day} {month}" if first.month == today.month else month
