"""Past instants are read as people mean them; what is to come, or could be anything, is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadRequest
from bot.text.past_instants import leading_past, parse_past

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
ZONE = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("typed", "at", "rest"),
    [
        ("at 11:20 rolled back", "2026-11-20 11:20", "rolled back"),
        ("11:20 it broke", "2026-11-20 11:20", "it broke"),
        ("11:20 UTC: it broke", "2026-11-20 11:20", "it broke"),
        ("11:20Z go", "2026-11-20 11:20", "go"),
        ("11:20 +02:00 hello", "2026-11-20 09:20", "hello"),
        ("at 9 things broke", "2026-11-20 09:00", "things broke"),
        ("9am things broke", "2026-11-20 09:00", "things broke"),
        ("10 min ago the alarm fired", "2026-11-20 11:50", "the alarm fired"),
        ("2 h 5 min ago: the alarm fired", "2026-11-20 09:55", "the alarm fired"),
        ("yesterday 23:50 CET it began", "2026-11-19 22:50", "it began"),
        ("yesterday at 23:50, it began", "2026-11-19 23:50", "it began"),
        ("Friday 11:00 it began", "2026-11-20 11:00", "it began"),
        ("Friday 13:00 it began", "2026-11-13 13:00", "it began"),
        ("2026-11-19 23:50 it began", "2026-11-19 23:50", "it began"),
    ],
)
def test_a_leading_time_is_read_and_the_rest_left(typed: str, at: str, rest: str) -> None:
    found, left = leading_past(typed, NOON, ZONE)
    assert found is not None and f"{found:%Y-%m-%d %H:%M}" == at
    assert left == rest


@pytest.mark.parametrize("typed", ["5 pods restarted", "rolled back at 11:20", "502 for a third", "", "ago", "at once"])
def test_words_that_begin_with_no_time_are_left_alone(typed: str) -> None:
    assert leading_past(typed, NOON, ZONE) == (None, typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("at 14:20 x", "still to come"),
        ("at 14:20 x", "yesterday 14:20"),
        ("2027-01-01 10:00 x", "still to come"),
        ("at 25:00 x", "no time that I can read"),
        ("at 99 x", "no time that I can read"),
        ("at 2026-13-45 10:00 x", "no time that I can read"),
        ("13pm x", "no time that I can read"),
    ],
)
def test_what_cannot_be_is_refused(typed: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        leading_past(typed, NOON, ZONE)


def test_the_wall_clock_of_the_zone_counts() -> None:
    at, _ = leading_past("at 11:20 x", NOON, ZoneInfo("Europe/Berlin"))
    assert at == datetime(2026, 11, 20, 10, 20, tzinfo=UTC)


def test_a_field_must_hold_a_time_and_nothing_else() -> None:
    assert parse_past("2026-11-20 11:20", NOON, ZONE) == datetime(2026, 11, 20, 11, 20, tzinfo=UTC)
    for typed in ("", "tomorrow", "11:20 and more"):
        with pytest.raises(BadRequest):
            parse_past(typed, NOON, ZONE)


@given(st.text(st.sampled_from("at 0123456789:-+zpmCETyesrdayago.,h\n")))
def test_whatever_is_typed_gives_a_past_instant_or_a_sentence(typed: str) -> None:
    try:
        at, _ = leading_past(typed, NOON, ZONE)
    except BadRequest:
        return
    assert at is None or at <= NOON
