"""calendar.yaml: the shipped default, public holidays of the library, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from bot.errors import InvalidPolicy
from bot.escalation.policy.calendar import load_calendar
from tests.fixtures.policy import SHIPPED, PolicyFolder

NO_REGION = "  country:\n  subdivision:\n  also: []\n  not: []\n"


def test_the_shipped_calendar_is_monday_to_friday_nine_to_five_utc_without_holidays() -> None:
    shipped = load_calendar(SHIPPED / "calendar.yaml")
    assert (shipped.zone.key, shipped.opens, shipped.closes) == ("UTC", time(9), time(17))
    assert shipped.weekdays == frozenset(range(5))
    assert (shipped.digest_weekday, shipped.weekly_digest_at, shipped.monthly_digest_at) == (0, time(9), time(9))
    assert shipped.is_business_day(date(2026, 12, 25))


def test_public_holidays_come_from_the_country_and_its_subdivision(policy_folder: PolicyFolder) -> None:
    file = policy_folder.edit("calendar.yaml", NO_REGION, "  country: DE\n  subdivision: BY\n")
    bavaria = load_calendar(file)
    assert bavaria.is_holiday(date(2026, 12, 25))
    assert bavaria.is_holiday(date(2027, 1, 6))  # Epiphany, in some parts only
    assert not bavaria.is_holiday(date(2026, 11, 20))
    assert bavaria.next_business_day(datetime(2026, 12, 24, 12, tzinfo=UTC)) == datetime(2026, 12, 28, 9, tzinfo=UTC)


def test_the_company_adds_days_and_takes_days_away(policy_folder: PolicyFolder) -> None:
    region = "  country: NO\n  also: [2026-12-24]\n  not: [2026-12-25]\n"
    company = load_calendar(policy_folder.edit("calendar.yaml", NO_REGION, region))
    assert company.is_holiday(date(2026, 12, 24))
    assert not company.is_holiday(date(2026, 12, 25))
    assert company.is_holiday(date(2026, 5, 17))  # Constitution Day: `NO` is Norway


def test_round_the_clock_is_midnight_to_twenty_four(policy_folder: PolicyFolder) -> None:
    hours = "{opens: 00:00, closes: 24:00}"
    always = load_calendar(policy_folder.edit("calendar.yaml", "{opens: 09:00, closes: 17:00}", hours))
    assert always.is_open(datetime(2026, 11, 20, 23, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("time_zone: UTC", "time_zone: Europe/Berln", 'Did you mean "Europe/Berlin"'),
        ("time_zone: UTC", "time_zon: UTC", 'Did you mean "time_zone"'),
        ("{opens: 09:00, closes: 17:00}", "{opens: 09:00, closes: 09:00}", "no time at all"),
        ("{opens: 09:00, closes: 17:00}", "{opens: 17:00, closes: 09:00}", "before they open"),
        ("{opens: 09:00, closes: 17:00}", "{opens: 09:00}", '"closes" is missing'),
        ("[Monday, Tuesday, Wednesday, Thursday, Friday]", "[]", "Name at least one"),
        ("[Monday, Tuesday, Wednesday, Thursday, Friday]", "[Monday, Mon]", "named twice"),
        ("[Monday, Tuesday, Wednesday, Thursday, Friday]", "[Caturday]", "not a day of the week"),
        ("  country:\n", "  country: XX\n", "unknown country"),
        ("  country:\n  subdivision:\n", "  country: DE\n  subdivision: CA\n", 'unknown "CA" in DE'),
        ("  subdivision:\n", "  subdivision: BY\n", "needs a country"),
        ("  also: []", "  also: [24.12.]", "not a date"),
        ("{day: Monday, at: 09:00}", "{day: Monday, at: 9 o'clock}", "not a time of day"),
    ],
)
def test_a_bad_calendar_is_refused_with_line_and_reason(
    policy_folder: PolicyFolder, old: str, new: str, reason: str
) -> None:
    file = policy_folder.edit("calendar.yaml", old, new)
    line = policy_folder.line_of("calendar.yaml", new.strip().splitlines()[-1])
    with pytest.raises(InvalidPolicy) as refused:
        load_calendar(file)
    assert str(refused.value).startswith(f"knowledge/policy/calendar.yaml:{line}: ")
    assert reason in str(refused.value)
