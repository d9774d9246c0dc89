"""What reads like talk and smells of trouble is asked about; what says that it is none is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import REPOSITORY
from bot.severity.judge.judge import Judge, judge_of
from bot.severity.policy import SeverityPolicy
from bot.severity.rules import Outcome

Judged = tuple[Judge, SeverityPolicy]


@pytest.fixture(scope="module")
def judged(data_folder: Path) -> Judged:
    return judge_of(REPOSITORY / "knowledge", data_folder / "cache")


@pytest.mark.parametrize(
    "words",
    [
        "we got hacked i think",
        "hacked",
        "are we hacked?",
        "i think there is an intruder",
        "our site was defaced",
        "customer data leaked?",
        "database on fire",
        "nothing works",
    ],
)
def test_what_smells_of_trouble_is_never_passed_over(judged: Judged, words: str) -> None:
    judge, policy = judged
    assert policy.outcome(judge.judge(words)) is not Outcome.SILENCE


@pytest.mark.parametrize("words", ["", "🔥", "x", "\x00\x01\x02" * 50, "a" * 40_000, "lunch at 12?", "all good"])
def test_silly_input_and_talk_are_left_alone(judged: Judged, words: str) -> None:
    judge, policy = judged
    assert policy.outcome(judge.judge(words)) is Outcome.SILENCE
