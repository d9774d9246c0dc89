"""knowledge/policy/calendar.yaml → BusinessCalendar. The public holidays come from the `holidays` library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import holidays
from pydantic import Field, ValidationInfo, field_validator

from bot.escalation.rules.calendar import BusinessCalendar, no_holidays
from bot.policy.loading import Keys, PolicyModel, load
from bot.policy.values import (
    TIME_PATTERN,
    Day,
    Many,
    Text,
    TimeOfDay,
    Typed,
    Weekday,
    Zone,
    did_you_mean,
    each_once,
    must,
    time_of_day,
)

_MIDNIGHT_AFTER = "24:00"


def _closing(typed: str) -> time | None:
    return None if typed == _MIDNIGHT_AFTER else time_of_day(typed)


def _country(typed: str) -> str:
    if typed not in holidays.list_supported_countries(include_aliases=True):
        raise ValueError(f'unknown country "{typed}". Write its two letters, for example DE.')
    return typed


class HoursModel(PolicyModel):
    """Business hours; `closes` None is midnight at the end of the day."""

    opens: TimeOfDay
    closes: Annotated[
        time | None, Typed(_closing, {"type": "string", "pattern": f"^({TIME_PATTERN}|{_MIDNIGHT_AFTER})$"})
    ]

    @field_validator("closes")
    @classmethod
    def _after_they_open(cls, closes: time | None, info: ValidationInfo) -> time | None:
        opens = info.data.get("opens")
        if closes is None or opens is None or closes > opens:
            return closes
        if closes == opens:
            raise ValueError(
                f"they open and close at {opens:%H:%M}, which is no time at all. Round the clock is 00:00 to 24:00."
            )
        raise ValueError(f"they close at {closes:%H:%M}, before they open at {opens:%H:%M}. Hours end by 24:00.")


class HolidaysModel(PolicyModel):
    """The public holidays of a country and part of it, and the company's own."""

    country: Annotated[str, Typed(_country, {"type": "string", "examples": ["DE", "US", "IN"]})] | None = None
    subdivision: Text | None = None
    also: Many[Day] = ()
    never: Many[Day] = Field((), alias="not")

    @field_validator("subdivision")
    @classmethod
    def _of_the_country(cls, part: str | None, info: ValidationInfo) -> str | None:
        if part is None or "country" not in info.data:
            return part
        country = info.data["country"]
        if country is None:
            raise ValueError("it needs a country above it, for example `country: DE`.")
        known = holidays.list_supported_countries(include_aliases=True)[country]
        if part not in known:
            raise ValueError(f'unknown "{part}" in {country}.{did_you_mean(part, known)}')
        return part

    def test(self) -> Callable[[date], bool]:
        """Whether a day is a holiday. Each year is worked out once, whole, so that threads may ask at the same time."""

        @lru_cache(maxsize=64)
        def public(year: int) -> frozenset[date]:
            if self.country is None:
                return frozenset()
            return frozenset(holidays.country_holidays(self.country, subdiv=self.subdivision, years=year, expand=False))

        also, never = frozenset(self.also), frozenset(self.never)
        return lambda day: day not in never and (day in also or day in public(day.year))


class WeeklyModel(PolicyModel):
    """When the weekly digest is sent."""

    day: Weekday
    at: TimeOfDay


class CalendarFile(PolicyModel):
    """When people are at work: hours, weekdays, public holidays, and when digests are sent."""

    time_zone: Zone
    hours: HoursModel
    weekdays: Annotated[
        Many[Weekday],
        must(bool, "no day is named, so nobody would ever be at work. Name at least one."),
        must(each_once, "a day is named twice. Keep one."),
    ]
    holidays: HolidaysModel | None = None
    weekly_digest: WeeklyModel
    monthly_digest: Annotated[dict[str, TimeOfDay], Keys("at")]  # on the first business day of the month


def load_calendar(path: Path) -> BusinessCalendar:
    """The business calendar that the file describes. Raises InvalidPolicy with file, line and reason."""
    file = load(path, CalendarFile)
    return BusinessCalendar(
        zone=file.time_zone,
        opens=file.hours.opens,
        closes=file.hours.closes or time(),
        weekdays=frozenset(file.weekdays),
        digest_weekday=file.weekly_digest.day,
        weekly_digest_at=file.weekly_digest.at,
        monthly_digest_at=file.monthly_digest["at"],
        is_holiday=file.holidays.test() if file.holidays else no_holidays,
    )
