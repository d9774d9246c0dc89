"""Business hours, business days and digests, across weekends, holidays and both clock changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escalation.rules.calendar import BusinessCalendar, NeverOpen

MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


def calendar(
    zone: str = "UTC",
    opens: time = time(9),
    closes: time = time(17),
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY,
    holidays: Collection[date] = (),
    digest_weekday: int = 0,
    digest_at: time = time(9),
) -> BusinessCalendar:
    return BusinessCalendar(
        ZoneInfo(zone), opens, closes, weekdays, digest_weekday, digest_at, digest_at, lambda day: day in holidays
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-20T08:59:59.999999", False),
        ("2026-11-20T09:00", True),
        ("2026-11-20T16:59:59.999999", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T12:00", False),
        ("2026-11-22T12:00", False),
        ("2026-11-23T12:00", True),
    ],
)
def test_it_is_open_from_opening_up_to_but_not_at_closing_on_weekdays(at: str, is_open: bool) -> None:
    assert calendar().is_open(utc(at)) is is_open


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-20T03:00", "2026-11-20T09:00"),
        ("2026-11-20T09:00", "2026-11-23T09:00"),
        ("2026-11-20T18:00", "2026-11-23T09:00"),
        ("2026-11-22T23:59", "2026-11-23T09:00"),
        ("2026-12-31T18:00", "2027-01-01T09:00"),
    ],
)
def test_the_next_opening_lies_strictly_ahead(at: str, opening: str) -> None:
    assert calendar().next_opening(utc(at)) == utc(opening)


def test_inside_business_hours_the_open_moment_is_now() -> None:
    assert calendar().open_moment(utc("2026-11-20T10:31")) == utc("2026-11-20T10:31")
    assert calendar().open_moment(utc("2026-11-20T17:00")) == utc("2026-11-23T09:00")


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-19T03:00", "2026-11-20T09:00"),
        ("2026-11-19T23:59", "2026-11-20T09:00"),
        ("2026-11-20T03:00", "2026-11-23T09:00"),
        ("2026-11-22T03:00", "2026-11-23T09:00"),
    ],
)
def test_the_next_business_day_is_never_today(at: str, opening: str) -> None:
    assert calendar().next_business_day(utc(at)) == utc(opening)


def test_today_is_reckoned_in_the_calendars_own_zone() -> None:
    # 22:30 UTC on Thursday is Friday morning in Auckland, so the next business day there is Monday.
    auckland = calendar("Pacific/Auckland")
    assert auckland.next_business_day(utc("2026-11-19T22:30")) == utc("2026-11-22T20:00")


def test_a_public_holiday_is_closed_and_skipped() -> None:
    with_holidays = calendar(holidays={date(2026, 12, 25), date(2026, 12, 28)})
    assert not with_holidays.is_open(utc("2026-12-25T12:00"))
    assert with_holidays.next_opening(utc("2026-12-24T18:00")) == utc("2026-12-29T09:00")
    assert with_holidays.next_business_day(utc("2026-12-24T10:00")) == utc("2026-12-29T09:00")


@pytest.mark.parametrize(
    ("zone", "at", "opening"),
    [
        ("Europe/Berlin", "2026-03-27T18:00", "2026-03-30T07:00"),  # clocks go forward on the 29th
        ("Europe/Berlin", "2026-10-23T18:00", "2026-10-26T08:00"),  # clocks go back on the 25th
        ("America/New_York", "2026-03-06T23:00", "2026-03-09T13:00"),
        ("America/New_York", "2026-10-30T23:00", "2026-11-02T14:00"),
        ("Asia/Kolkata", "2026-11-20T18:00", "2026-11-23T03:30"),
    ],
)
def test_opening_follows_the_wall_clock_over_a_clock_change(zone: str, at: str, opening: str) -> None:
    assert calendar(zone).next_opening(utc(at)) == utc(opening)


def test_an_opening_that_the_clock_change_skips_happens_as_much_later_as_the_clock_jumped() -> None:
    # 02:30 does not exist in Berlin on 29 March 2026.
    early = calendar("Europe/Berlin", opens=time(2, 30), weekdays=EVERY_DAY)
    assert early.next_opening(utc("2026-03-28T20:00")) == utc("2026-03-29T01:30")
    assert not early.is_open(utc("2026-03-29T01:29"))
    assert early.is_open(utc("2026-03-29T01:30"))


def test_a_repeated_hour_opens_the_first_time_and_closes_the_second_time() -> None:
    # 02:30 happens twice in Berlin on 25 October 2026: at 00:30 and at 01:30 UTC.
    opens_in_it = calendar("Europe/Berlin", opens=time(2, 30), weekdays=EVERY_DAY)
    assert opens_in_it.next_opening(utc("2026-10-24T20:00")) == utc("2026-10-25T00:30")
    assert opens_in_it.is_open(utc("2026-10-25T01:10"))
    closes_in_it = calendar("Europe/Berlin", opens=time(0), closes=time(2, 30), weekdays=EVERY_DAY)
    assert closes_in_it.is_open(utc("2026-10-25T01:29"))
    assert not closes_in_it.is_open(utc("2026-10-25T01:30"))


def test_a_day_whose_hours_the_clock_change_swallows_is_skipped() -> None:
    # 02:30 is put off to 03:30, after closing at 03:00.
    short = calendar("Europe/Berlin", opens=time(2, 30), closes=time(3), weekdays=EVERY_DAY)
    assert short.next_opening(utc("2026-03-28T12:00")) == utc("2026-03-30T00:30")


def test_midnight_as_closing_means_the_end_of_the_day() -> None:
    round_the_clock = calendar(opens=time(0), closes=time(0), weekdays=EVERY_DAY)
    assert round_the_clock.is_open(utc("2026-11-22T00:00"))
    assert round_the_clock.is_open(utc("2026-11-22T23:59:59"))
    assert round_the_clock.next_business_day(utc("2026-11-22T23:30")) == utc("2026-11-23T00:00")


@pytest.mark.parametrize(
    ("at", "digest"),
    [
        ("2026-11-20T10:00", "2026-11-23T09:00"),
        ("2026-11-23T08:59", "2026-11-23T09:00"),
        ("2026-11-23T09:00", "2026-11-30T09:00"),
        ("2026-11-24T00:00", "2026-11-30T09:00"),
    ],
)
def test_the_weekly_digest_is_the_first_strictly_ahead(at: str, digest: str) -> None:
    assert calendar().next_weekly_digest(utc(at)) == utc(digest)


def test_a_weekly_digest_on_a_holiday_moves_to_the_next_business_day() -> None:
    easter = calendar(holidays={date(2026, 4, 6), date(2026, 4, 7)})
    assert easter.next_weekly_digest(utc("2026-04-03T12:00")) == utc("2026-04-08T09:00")
    assert easter.next_weekly_digest(utc("2026-04-07T12:00")) == utc("2026-04-08T09:00")
    assert easter.next_weekly_digest(utc("2026-04-08T09:00")) == utc("2026-04-13T09:00")


def test_a_run_of_holidays_over_several_digests_ends_in_one() -> None:
    closed = {date(2026, 7, 6) + timedelta(days=n) for n in range(18)}  # up to and with Thursday the 23rd
    summer = calendar(holidays=closed)
    for at in ("2026-07-05T12:00", "2026-07-14T12:00", "2026-07-23T12:00"):
        assert summer.next_weekly_digest(utc(at)) == utc("2026-07-24T09:00")


def test_a_digest_day_outside_the_working_week_is_kept() -> None:
    sunday = calendar(digest_weekday=6, digest_at=time(18))
    assert sunday.next_weekly_digest(utc("2026-11-20T10:00")) == utc("2026-11-22T18:00")


@pytest.mark.parametrize(
    ("at", "digest"),
    [
        ("2026-11-20T10:00", "2026-12-01T09:00"),
        ("2026-12-01T09:00", "2027-01-01T09:00"),
        ("2026-07-31T12:00", "2026-08-03T09:00"),  # the first is a Saturday
        ("2026-08-02T12:00", "2026-08-03T09:00"),
    ],
)
def test_the_monthly_digest_is_on_the_first_business_day(at: str, digest: str) -> None:
    assert calendar().next_monthly_digest(utc(at)) == utc(digest)


def test_the_monthly_digest_avoids_holidays() -> None:
    new_year = calendar(holidays={date(2027, 1, 1)})
    assert new_year.next_monthly_digest(utc("2026-12-20T10:00")) == utc("2027-01-04T09:00")


def test_digests_follow_the_wall_clock_over_a_clock_change() -> None:
    berlin = calendar("Europe/Berlin")
    assert berlin.next_weekly_digest(utc("2026-03-25T12:00")) == utc("2026-03-30T07:00")
    assert berlin.next_weekly_digest(utc("2026-10-21T12:00")) == utc("2026-10-26T08:00")
    assert berlin.next_monthly_digest(utc("2026-10-20T12:00")) == utc("2026-11-02T08:00")


def test_a_calendar_that_never_opens_says_so() -> None:
    never = BusinessCalendar(
        ZoneInfo("UTC"), time(9), time(17), MONDAY_TO_FRIDAY, 0, time(9), time(9), is_holiday=lambda day: True
    )
    for ask in (never.next_opening, never.next_business_day, never.next_weekly_digest, never.next_monthly_digest):
        with pytest.raises(NeverOpen):
            ask(utc("2026-11-20T10:00"))


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar().is_open(utc("2026-11-20T10:00").replace(tzinfo=None))


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
instants = st.datetimes(
    utc("2025-01-01").replace(tzinfo=None), utc("2028-01-01").replace(tzinfo=None), timezones=st.just(UTC)
)
hours = st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] < pair[1])


@given(zones, hours, st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 6), instants)
def test_whatever_is_next_is_ahead_and_in_utc(
    zone: str, span: tuple[time, time], weekdays: frozenset[int], digest_weekday: int, at: datetime
) -> None:
    some = calendar(zone, *span, weekdays=weekdays, digest_weekday=digest_weekday)
    local = at.astimezone(some.zone).date()
    opening = some.next_opening(at)
    assert opening > at
    assert some.is_open(opening)
    assert not some.is_open(opening - timedelta.resolution)
    day = some.next_business_day(at)
    assert day >= opening
    assert day.astimezone(some.zone).date() > local
    weekly, monthly = some.next_weekly_digest(at), some.next_monthly_digest(at)
    assert at < weekly <= at + timedelta(days=7, hours=2)
    assert at < monthly <= at + timedelta(days=45)
    assert {opening.tzinfo, day.tzinfo, weekly.tzinfo, monthly.tzinfo} == {UTC}
