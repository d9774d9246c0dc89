"""What reads like a key moment, and what only speaks of one."""

from __future__ import annotations

import pytest

from bot.incidents.rules.key_moments import reads_like_key


@pytest.mark.parametrize(
    "text",
    [
        "found it: the pool is full",
        "Found the cause, build 212 leaks connections",
        "the root cause was an expired certificate",
        "rolled back to build 211",
        "we have reverted the flag",
        "checkout recovered at 14:20",
        "latency is back to normal",
        "failed over to the replica",
        "the fix is live",
        "errors have stopped",
    ],
)
def test_decisive_words_are_candidates(text: str) -> None:
    assert reads_like_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "looking at the logs",
        "not recovered yet",
        "it hasn't recovered",
        "should we have it rolled back?",
        "rolled back?",
        "if it is not fixed now we call the vendor",
        "when it recovered last time",
        "the backend is slow",
        "",
    ],
)
def test_hopes_questions_and_denials_are_none(text: str) -> None:
    assert not reads_like_key(text)
