"""What reads like talk and smells of trouble is asked about; what says that it is none is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import REPOSITORY
from bot.severity.judge.destruction import destruction_in
from bot.severity.judge.judge import Judge, judge_of
from bot.severity.policy import SeverityPolicy
from bot.severity.rules import Outcome, Severity

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


@pytest.mark.parametrize("words", ["database on fire", "Prod DB gone!!", "checkout toast", "our payments got nuked"])
def test_a_thing_of_ours_and_its_destruction_in_two_to_four_words_is_answered(judged: Judged, words: str) -> None:
    judge, policy = judged
    judgement = judge.judge(words)
    assert policy.outcome(judgement) is Outcome.ANSWER
    assert judgement.severity in {Severity.P0, Severity.P1}


@pytest.mark.parametrize(
    "words",
    [
        "my card is toast",
        "toast for lunch",
        "test db gone",
        "old cluster deleted",
        "demo database gone",
        "orders are gone?",
        "office printer on fire",
        "the meeting is dead",
        "warning gone, cert renewed",
    ],
)
def test_what_is_as_short_and_names_no_destruction_of_ours_is_not_read_so(judged: Judged, words: str) -> None:
    judge, _ = judged
    assert destruction_in(judge.read(words)) is None


@pytest.mark.parametrize("words", ["", "🔥", "x", "\x00\x01\x02" * 50, "a" * 40_000, "lunch at 12?", "all good"])
def test_silly_input_and_talk_are_left_alone(judged: Judged, words: str) -> None:
    judge, policy = judged
    assert policy.outcome(judge.judge(words)) is Outcome.SILENCE
