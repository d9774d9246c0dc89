"""The English names of weekdays and months, whatever the locale of the process, and reading them. Pure."""

from __future__ import annotations

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_LEAST = 3  # letters of an abbreviation


def weekday_named(word: str) -> int | None:
    """Monday is 0. `mon`, `Tues` and `Thursday` are names; None for what is none."""
    return _numbered(word, WEEKDAYS)


def month_named(word: str) -> int | None:
    """January is 1. `jan`, `Sept` and `December` are names; None for what is none."""
    number = _numbered(word, MONTHS)
    return None if number is None else number + 1


def _numbered(word: str, names: tuple[str, ...]) -> int | None:
    typed = word.lower().rstrip(".")
    if len(typed) < _LEAST:
        return None
    return next((number for number, name in enumerate(names) if name.startswith(typed)), None)
