"""Lengths of time, as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.text.durations import span
from bot.text.wording import ordinal

SPANS = {
    timedelta(seconds=-5): "0 s",
    timedelta(0): "0 s",
    timedelta(seconds=29.6): "30 s",
    timedelta(seconds=59.6): "1 min",
    timedelta(minutes=59, seconds=29): "59 min",
    timedelta(minutes=59, seconds=59): "1 h",
    timedelta(hours=1, minutes=5): "1 h 5 min",
    timedelta(days=1, minutes=1): "24 h 1 min",
    timedelta(hours=47, minutes=59): "47 h 59 min",
    timedelta(days=2): "2 days",
    timedelta(days=2, hours=5, minutes=10): "2 days 5 h",
}


@pytest.mark.parametrize(("length", "said"), SPANS.items())
def test_a_span_is_said_as_people_say_it(length: timedelta, said: str) -> None:
    assert span(length) == said


@pytest.mark.parametrize(
    ("number", "said"), {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 22: "22nd", 113: "113th"}.items()
)
def test_an_ordinal_has_its_ending(number: int, said: str) -> None:
    assert ordinal(number) == said
