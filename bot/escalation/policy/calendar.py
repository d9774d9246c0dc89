"""knowledge/policy/calendar.yaml → BusinessCalendar. The public holidays come from the `holidays` library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from pathlib import Path

import holidays

from bot.escalation.rules.calendar import BusinessCalendar
from bot.policy.reading import Node, did_you_mean, read

_MIDNIGHT_AFTER = "24:00"


def load_calendar(path: Path) -> BusinessCalendar:
    """The business calendar that the file describes. Raises InvalidPolicy with file, line and reason."""
    top = read(path)
    fields = top.fields("time_zone", "hours", "weekdays", "weekly_digest", "monthly_digest", optional=("holidays",))
    opens, closes = _hours(fields["hours"])
    weekly = fields["weekly_digest"].fields("day", "at")
    return BusinessCalendar(
        zone=fields["time_zone"].zone(),
        opens=opens,
        closes=closes,
        weekdays=_weekdays(fields["weekdays"]),
        digest_weekday=weekly["day"].weekday(),
        weekly_digest_at=weekly["at"].time_of_day(),
        monthly_digest_at=fields["monthly_digest"].fields("at")["at"].time_of_day(),
        is_holiday=_holidays(fields.get("holidays")),
    )


def _hours(node: Node) -> tuple[time, time]:
    fields = node.fields("opens", "closes")
    opens = fields["opens"].time_of_day()
    if fields["closes"].text() == _MIDNIGHT_AFTER:
        return opens, time()
    closes = fields["closes"].time_of_day()
    if closes == opens:
        raise node.refuse(
            f"hours: they open and close at {opens:%H:%M}, which is no time at all. Round the clock is 00:00 to 24:00."
        )
    if closes < opens:
        raise node.refuse(
            f"hours: they close at {closes:%H:%M}, before they open at {opens:%H:%M}. Hours end by 24:00."
        )
    return opens, closes


def _weekdays(node: Node) -> frozenset[int]:
    days = [item.weekday() for item in node.items()]
    if not days:
        raise node.refuse("weekdays: no day is named, so nobody would ever be at work. Name at least one.")
    if len(set(days)) < len(days):
        raise node.refuse("weekdays: a day is named twice. Keep one.")
    return frozenset(days)


def _holidays(node: Node | None) -> Callable[[date], bool]:
    """A test for public holidays. Each year is worked out once, whole, so that threads may ask at the same time."""
    if node is None or node.is_empty:
        return lambda day: False
    fields = node.fields(optional=("country", "subdivision", "also", "not"))
    also = frozenset(item.day() for item in fields["also"].items()) if "also" in fields else frozenset()
    never = frozenset(item.day() for item in fields["not"].items()) if "not" in fields else frozenset()
    country, subdivision = _region(fields.get("country"), fields.get("subdivision"))

    @lru_cache(maxsize=64)
    def public(year: int) -> frozenset[date]:
        if country is None:
            return frozenset()
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False))

    return lambda day: day not in never and (day in also or day in public(day.year))


def _region(country: Node | None, subdivision: Node | None) -> tuple[str | None, str | None]:
    if country is None or country.is_empty:
        if subdivision is not None and not subdivision.is_empty:
            raise subdivision.refuse("holidays.subdivision: it needs a country above it, for example `country: DE`.")
        return None, None
    known = holidays.list_supported_countries(include_aliases=True)
    code = country.text()
    if code not in known:
        raise country.refuse(f'holidays.country: unknown country "{code}". Write its two letters, for example DE.')
    if subdivision is None or subdivision.is_empty:
        return code, None
    part = subdivision.text()
    if part not in known[code]:
        raise subdivision.refuse(f'holidays.subdivision: unknown "{part}" in {code}.{did_you_mean(part, known[code])}')
    return code, part
