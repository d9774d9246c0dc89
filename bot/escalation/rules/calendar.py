"""When people are at work: business hours, business days and the two digests. Which days and hours those are is policy.

Instants go in and come out as aware UTC. Wall-clock times are those of the calendar's own zone: where a clock change
skips one, it happens as much later as the clock jumped; where a clock change repeats one, opening and digests take the
first and closing the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import InvalidPolicy

_DAY = timedelta(days=1)
_WEEK = 7
# How far ahead an opening is looked for before the calendar counts as never open.
_HORIZON = 800


class NeverOpen(InvalidPolicy):
    """The calendar has no business day within two years."""


def no_holidays(day: date) -> bool:
    """For a calendar without public holidays."""
    return False


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Business hours in one time zone. `closes` at 00:00 means midnight at the end of the day.

    `weekdays` and `digest_weekday` count from 0 = Monday. Every method takes an aware instant and raises ValueError for
    a naive one.
    """

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]
    digest_weekday: int
    weekly_digest_at: time
    monthly_digest_at: time
    is_holiday: Callable[[date], bool] = no_holidays

    def is_business_day(self, day: date) -> bool:
        """True for a working weekday that is no public holiday."""
        return day.weekday() in self.weekdays and not self.is_holiday(day)

    def is_open(self, at: datetime) -> bool:
        """True from the moment of opening up to, not including, the moment of closing."""
        day = self._local(at).date()
        return self.is_business_day(day) and self._opening(day) <= at < self._closing(day)

    def next_opening(self, at: datetime) -> datetime:
        """The first opening after `at`; an opening at the very instant does not count. Raises NeverOpen."""
        return next(opening for opening in self._openings(self._local(at).date()) if opening > at)

    def open_moment(self, at: datetime) -> datetime:
        """`at` itself inside business hours, else the next opening. Raises NeverOpen."""
        return at.astimezone(UTC) if self.is_open(at) else self.next_opening(at)

    def next_business_day(self, at: datetime) -> datetime:
        """Opening of the first business day after the day of `at`, by the calendar's own zone. Raises NeverOpen."""
        return next(self._openings(self._local(at).date() + _DAY))

    def next_weekly_digest(self, at: datetime) -> datetime:
        """The first weekly digest after `at`. One that falls on a public holiday moves to the next business day."""
        today = self._local(at).date()
        # A run of holidays may have moved digests of weeks gone by to after `at`.
        first = today - timedelta(days=(today.weekday() - self.digest_weekday) % _WEEK)
        back = 0
        while self.is_holiday(first - _DAY * back) and back < _HORIZON:
            back += _WEEK
        for week in range(-back, _HORIZON, _WEEK):
            day = first + _DAY * week
            if self.is_holiday(day):
                day = next(self._business_days(day))
            digest = self._instant(day, self.weekly_digest_at)
            if digest > at:
                return digest
        raise NeverOpen("The calendar has no day for a weekly digest within two years.")

    def next_monthly_digest(self, at: datetime) -> datetime:
        """The first monthly digest after `at`: on the first business day of a month. Raises NeverOpen."""
        month = self._local(at).date().replace(day=1)
        for day in self._business_days(month):
            if day < month:
                continue
            digest = self._instant(day, self.monthly_digest_at)
            month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            if digest > at:
                return digest
        raise NeverOpen("The calendar has no day for a monthly digest within two years.")

    def _local(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return at.astimezone(self.zone)

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)

    def _opening(self, day: date) -> datetime:
        return self._instant(day, self.opens)

    def _closing(self, day: date) -> datetime:
        if self.closes == time():
            return self._instant(day + _DAY, self.closes)
        first = self._instant(day, self.closes)
        return max(first, self._instant(day, self.closes.replace(fold=1)))

    def _business_days(self, start: date) -> Iterator[date]:
        for ahead in range(_HORIZON):
            day = start + _DAY * ahead
            if self.is_business_day(day):
                yield day
        raise NeverOpen("The calendar has no business day within two years.")

    def _openings(self, start: date) -> Iterator[datetime]:
        for day in self._business_days(start):
            # A clock change can swallow the whole of a short day.
            if self._opening(day) < self._closing(day):
                yield self._opening(day)
