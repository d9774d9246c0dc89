"""Periods as people type them, by the clocks of the policy's zone, and what they are compared with."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadRequest
from bot.figures.rules.periods import last_months, parse_period
from bot.figures.rules.requests import DEFAULT, MetricsRequest, parse_request

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 10, 30, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "word", "since", "until", "before"),
    [
        ("month", "2026-11", "2026-10-31T23:00", "2026-11-28T10:30", "2026-09-30T22:00/2026-10-28T09:30"),
        ("This Month", "2026-11", "2026-10-31T23:00", "2026-11-28T10:30", "2026-09-30T22:00/2026-10-28T09:30"),
        ("last month", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00", "2026-08-31T22:00/2026-09-30T22:00"),
        ("october", "2026-10", "2026-09-30T22:00", "2026-10-31T23:00", "2026-08-31T22:00/2026-09-30T22:00"),
        ("Oct 2025", "2025-10", "2025-09-30T22:00", "2025-10-31T23:00", "2025-08-31T22:00/2025-09-30T22:00"),
        ("december", "2025-12", "2025-11-30T23:00", "2025-12-31T23:00", "2025-10-31T23:00/2025-11-30T23:00"),
        ("2026-3", "2026-03", "2026-02-28T23:00", "2026-03-31T22:00", "2026-01-31T23:00/2026-02-28T23:00"),
        ("last quarter", "2026-Q3", "2026-06-30T22:00", "2026-09-30T22:00", "2026-03-31T22:00/2026-06-30T22:00"),
        ("q3", "2026-Q3", "2026-06-30T22:00", "2026-09-30T22:00", "2026-03-31T22:00/2026-06-30T22:00"),
        ("Q1 2025", "2025-Q1", "2024-12-31T23:00", "2025-03-31T22:00", "2024-09-30T22:00/2024-12-31T23:00"),
        ("2025", "2025", "2024-12-31T23:00", "2025-12-31T23:00", "2023-12-31T23:00/2024-12-31T23:00"),
        ("last 90 days", "last 90 days", "2026-08-30T10:30", "2026-11-28T10:30", "2026-06-01T10:30/2026-08-30T10:30"),
        ("2 weeks", "last 14 days", "2026-11-14T10:30", "2026-11-28T10:30", "2026-10-31T10:30/2026-11-14T10:30"),
    ],
)
def test_a_period_begins_and_ends_by_local_clocks(typed: str, word: str, since: str, until: str, before: str) -> None:
    found = parse_period(typed, NOW, BERLIN)
    earlier = tuple(utc(part) for part in before.split("/"))
    assert (found.word, found.since, found.until, found.earlier) == (word, utc(since), utc(until), earlier)
    again = parse_period(found.word, NOW, BERLIN)
    assert again == found, "its word means the same"


def test_a_period_that_runs_is_compared_with_as_much_of_the_one_before() -> None:
    march = parse_period("month", datetime(2026, 3, 31, 12, tzinfo=UTC), ZoneInfo("UTC"))
    assert march.title == "March 2026 so far" and march.earlier_title == "the same days of February 2026"
    assert march.earlier == (utc("2026-02-01T00:00"), utc("2026-03-01T00:00")), "never more than there is"


def test_all_time_has_nothing_before_it() -> None:
    assert parse_period("all", NOW, BERLIN).earlier is None


@pytest.mark.parametrize(
    "typed", ["banana", "13 months", "2026-13", "2026-00", "Q5", "0 days", "9999 days", "0000", "9999", "ma", "oct 26"]
)
def test_what_is_no_period_is_answered_with_the_ways_to_say_one(typed: str) -> None:
    with pytest.raises(BadRequest, match="`last 90 days`"):
        parse_period(typed, NOW, BERLIN)


def test_a_period_to_come_is_refused() -> None:
    with pytest.raises(BadRequest, match="has not begun yet"):
        parse_period("2026-12", NOW, BERLIN)


def test_the_months_before_this_one() -> None:
    found = last_months(12, NOW, BERLIN)
    assert (found.since, found.until) == (utc("2025-11-30T23:00"), NOW)
    assert found.earlier is not None and found.earlier[0] == utc("2024-11-30T23:00")


@pytest.mark.parametrize(
    ("typed", "request_"),
    [
        ("", MetricsRequest(DEFAULT)),
        ("p1", MetricsRequest(DEFAULT, "P1")),
        ("last month P1", MetricsRequest("last month", "P1")),
        ("severity P0 quarter", MetricsRequest("quarter", "P0")),
        ("2026-10 service checkout", MetricsRequest("2026-10", None, "checkout")),
        ('service "card payments" P2 october', MetricsRequest("october", "P2", "card payments")),
        ("month type:third-party P1", MetricsRequest("month", "P1", None, "third-party")),
        ('type "third party"', MetricsRequest(DEFAULT, None, None, "third party")),
        ("P7", MetricsRequest("P7")),
    ],
)
def test_period_severity_and_service_are_read_in_any_order(typed: str, request_: MetricsRequest) -> None:
    assert parse_request(typed) == request_
