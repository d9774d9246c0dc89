"""Instants as people type them, by the wall clock of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.errors import BadRequest
from bot.text.instants import parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 16, 50, tzinfo=UTC)  # a Friday, 17:50 in Berlin


def read(text: str, now: datetime = NOW) -> str:
    return f"{parse_instant(text, now, BERLIN, time(9)).astimezone(BERLIN):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("18:00", "Fri 2026-11-20 18:00"),
        ("at 18:00", "Fri 2026-11-20 18:00"),
        ("6pm", "Fri 2026-11-20 18:00"),
        ("12 am", "Sat 2026-11-21 00:00"),
        ("17:50", "Sat 2026-11-21 17:50"),
        ("9", "Sat 2026-11-21 09:00"),
        ("noon", "Sat 2026-11-21 12:00"),
        ("today 20:00", "Fri 2026-11-20 20:00"),
        ("tomorrow", "Sat 2026-11-21 09:00"),
        ("yesterday", "Thu 2026-11-19 09:00"),  # over, as well
        ("Tomorrow  at 9:30", "Sat 2026-11-21 09:30"),
        ("Monday 9:00", "Mon 2026-11-23 09:00"),
        ("next mon", "Mon 2026-11-23 09:00"),
        ("friday", "Fri 2026-11-27 09:00"),
        ("friday 18:00", "Fri 2026-11-20 18:00"),
        ("2 h", "Fri 2026-11-20 19:50"),
        ("1 h 30 min", "Fri 2026-11-20 19:20"),
        ("3 days", "Mon 2026-11-23 17:50"),
        ("2026-12-24 12:00", "Thu 2026-12-24 12:00"),
        ("2026-12-24", "Thu 2026-12-24 09:00"),
        ("24.12.2026 12:00", "Thu 2026-12-24 12:00"),
        ("24 Dec 12:00", "Thu 2026-12-24 12:00"),
        ("Jan 5 9:00", "Tue 2027-01-05 09:00"),
        ("2026-11-21T09:00Z", "Sat 2026-11-21 10:00"),
        ("today 9:00", "Fri 2026-11-20 09:00"),  # over: whoever asks refuses it
        ("2026-11-19 9:00", "Thu 2026-11-19 09:00"),
    ],
)
def test_times_mean_what_people_mean(typed: str, meant: str) -> None:
    assert read(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "banana",
        "until",
        "25:00",
        "13pm",
        "11/12",
        "18:00 CET",
        "30 Feb",
        "tomorrow banana",
        "1 fortnight",
        "<@U1>",
        "9" * 40,
    ],
)
def test_what_is_no_time_is_refused_with_what_to_type(typed: str) -> None:
    with pytest.raises(BadRequest, match="Write for example `18:00`, `tomorrow 9:00`"):
        read(typed)


@pytest.mark.parametrize("typed", ["2030-01-01", "400 days", "99 weeks"])
def test_more_than_a_year_ahead_is_refused(typed: str) -> None:
    with pytest.raises(BadRequest, match="more than a year ahead"):
        read(typed)


def test_a_change_of_clocks_keeps_the_wall_clock() -> None:
    before = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # the night in which Berlin puts its clocks back
    assert parse_instant("tomorrow 9:00", before, BERLIN, time(9)) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
    assert parse_instant("12 h", before, BERLIN, time(9)) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)
