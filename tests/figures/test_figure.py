"""Figures in words: medians from five on, below that each value; targets, and the period before."""

from __future__ import annotations

import pytest

from bot.figures.rules import definitions
from bot.figures.rules.definitions import DECLARED, FALSE_ALARMS, RESOLVE, RESPONSES
from bot.figures.rules.figure import EACH, Definition, Figure, spread

ALL = [each for each in vars(definitions).values() if isinstance(each, Definition)]


def disc(values: list[float]) -> list[float]:
    """What PostgreSQL's percentile_disc gives at EACH."""
    return [values[next(i for i in range(len(values)) if (i + 1) / len(values) >= share)] for share in EACH]


@pytest.mark.parametrize("values", [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [7, 7, 7]])
def test_fewer_than_five_are_listed_and_have_no_mean(values: list[float]) -> None:
    found = spread(len(values), 9.0, [5.0, 6.0], disc(values) if values else [], None)
    assert found.values == tuple(values)
    assert (found.median, found.p90, found.mean) == (None, None, None)


def test_five_have_median_and_p90() -> None:
    found = spread(5, 9.0, [5.0, 6.0], [1, 2, 3, 4, 5, 6], 3)
    assert (found.median, found.p90, found.mean, found.values, found.met) == (5.0, 6.0, 9.0, (), 3)


def test_a_length_of_time_says_its_spread_its_target_and_the_period_before() -> None:
    before = Figure(RESOLVE, "P1", count=2, values=(1200.0, 3600.0))
    many = Figure(RESOLVE, "P1", count=9, median=1500.0, p90=7200.0, target=1800.0, met=6).with_before(before)
    assert many.text == "median 25 min, p90 2 h, of 9"
    assert many.target_text == "target under 30 min, met by 6 of 9"
    assert (many.on_target, many.change, many.better) == (True, "was 20 min, 1 h", None)
    assert before.text == "20 min, 1 h"
    assert many.with_before(many).change == "was 25 min of 9"


def test_a_share_says_of_how_many_and_which_way_is_better() -> None:
    was, now = Figure(RESPONSES, count=10, part=5), Figure(RESPONSES, count=8, part=6)
    assert (now.text, now.with_before(was).change, now.with_before(was).better) == (
        "75% (6 of 8)",
        "was 50% of 10",
        True,
    )
    assert Figure(FALSE_ALARMS, count=5, part=3).with_before(Figure(FALSE_ALARMS, count=5, part=1)).better is False
    assert Figure(FALSE_ALARMS, count=4, part=3).with_before(Figure(FALSE_ALARMS, count=9, part=1)).better is None, (
        "few"
    )
    assert Figure(FALSE_ALARMS, part=0).text == "none"
    assert Figure(DECLARED, count=1204).with_before(Figure(DECLARED)).change == "was 0"


def test_few_are_on_target_when_each_of_them_is() -> None:
    assert Figure(RESOLVE, count=2, values=(60.0, 1799.0), target=1800.0).on_target is True
    assert Figure(RESOLVE, count=2, values=(60.0, 1800.0), target=1800.0).on_target is False


def test_every_definition_is_a_sentence_with_a_name_of_its_own() -> None:
    assert len({each.name for each in ALL}) == len(ALL) > 20
    assert all(each.sentence.endswith(".") and each.title for each in ALL)
