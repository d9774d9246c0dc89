"""Words after `/incident escalate` that were meant as a role and are none, and those that are a reason."""

from __future__ import annotations

import pytest

from bot.escalation.rules.roster import find_unknown_role


@pytest.mark.parametrize(
    ("typed", "unknown"),
    [
        ("pope", "pope"),
        ("POPE now", "POPE"),
        ("boss please asap!", "boss"),
        ("managr payments are down", "managr"),
        ("teem lead nobody answers", "teem lead"),
        ("secondery: call me", "secondery"),
    ],
)
def test_what_was_meant_as_a_role_is_named(typed: str, unknown: str) -> None:
    assert find_unknown_role(typed) == unknown


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "payments are down",
        "nobody answers",
        "the board asks",
        "backups are failing",
        "leads complain",
        "it is down again",
        '"down"',
        "'down now'",
        "DB is down",
        "need more people now",
    ],
)
def test_a_reason_is_left_alone(typed: str) -> None:
    assert find_unknown_role(typed) == ""
