"""Days as people type them: `today`, `next Monday`, `24 Dec`, `2026-12-24`, `the day before yesterday`."""

from __future__ import annotations

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from bot.errors import BadRequest
from bot.text.calendar_words import MONTHS, WEEKDAYS, month_named, weekday_named

DAY = timedelta(days=1)
_YEARS = range(1970, 2200)
_MONTH = rf"(?P<{{0}}>{'|'.join(rf'{name[:3]}(?:{name[3:]})?' for name in MONTHS)}|sept)\b\.?"
_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"
    r"|(?P<day2>\d{1,2})\.(?P<month2>\d{1,2})\.(?:\s?(?P<year2>\d{4})\b)?"
    rf"|(?P<day3>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{_MONTH.format('name3')}(?:,?[ -](?P<year3>\d{{4}})\b)?"
    rf"|{_MONTH.format('name4')} (?P<day4>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d)(?:,? (?P<year4>\d{{4}})\b)?",
    re.IGNORECASE,
)
_NAMED_DAY = re.compile(
    r"(?P<relative>today|tonight|(?:the\s+)?day\s+(?:after\s+tomorrow|before\s+yesterday)|tomorrow|yesterday)\b"
    rf"|(?:(?P<which>last|next|this)\s+)?(?P<weekday>{'|'.join(rf'{d[:3]}(?:{d[3:-3]}(?:day)?)?' for d in WEEKDAYS)}"
    r"|tues|thurs?)\b\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as typed: relative to today, a weekday (Monday is 0), or a date whose year may be missing."""

    typed: str
    shift: int | None = None
    weekday: int | None = None
    which: str = ""  # last, next, this
    month: int = 0
    number: int = 0
    year: int | None = None


def leading_day(text: str, at: int) -> tuple[Day | None, int]:
    """The day that stands in `text` at index `at`, and the index after it."""
    named = _NAMED_DAY.match(text, at)
    if named:
        if named["relative"]:
            *further, name = named["relative"].lower().split()
            shift = {"tomorrow": 1, "yesterday": -1}.get(name, 0) * (2 if further else 1)
            return Day(named[0], shift=shift), named.end()
        which, weekday = (named["which"] or "").lower(), weekday_named(named["weekday"])
        comma = re.compile(r",?\s+").match(text, named.end())
        exactly = _date(text, comma.end(), weekday) if comma and not which else None
        return exactly or (Day(named[0], weekday=weekday, which=which), named.end())
    return _date(text, at, None) or (None, at)


def _date(text: str, at: int, weekday: int | None) -> tuple[Day, int] | None:
    """The written-out date that stands in `text` at index `at`, and the index after it."""
    found = _DATE.match(text, at)
    if found is None:
        return None
    part = found.groupdict()
    number = next(part[name] for name in ("day", "day2", "day3", "day4") if part[name])
    name = part["name3"] or part["name4"]
    month = (month_named(name) or 0) if name else int(part["month"] or part["month2"])
    year = part["year"] or part["year2"] or part["year3"] or part["year4"]
    typed = Day(found[0], None, weekday, "", month, int(number), int(year) if year else None)
    return typed, found.end()


def weekday_of(day: Day, today: date) -> date:
    """The next day of that name, today included; with `last` or `next` before it, never today."""
    assert day.weekday is not None
    ahead = (day.weekday - today.weekday()) % 7
    if day.which == "last":
        return today + (ahead - 7) * DAY
    return today + (ahead or 7 * (day.which == "next")) * DAY


def year_of(day: Day, year: int) -> int:
    """The first year from `year` on that has such a day: 29 February is not in each."""
    if (day.month, day.number) == (2, 29):
        while not isleap(year):
            year += 1
    return year


def dated(day: Day, year: int) -> date:
    """The date in that year. Raises BadRequest for one that no calendar has, or that is another day of the week."""
    typed = day.typed.strip() + ("" if day.year else f" {year}")
    try:
        found = date(year, day.month, day.number)
    except ValueError:
        raise BadRequest(f"{typed} isn't a valid date.") from None
    if year not in _YEARS:
        raise BadRequest(f"{typed} is too far away.")
    if day.weekday not in (None, found.weekday()):
        names = WEEKDAYS[found.weekday()].capitalize(), WEEKDAYS[day.weekday or 0].capitalize()
        raise BadRequest(f"{typed} is a {names[0]}, not a {names[1]}.")
    return found
