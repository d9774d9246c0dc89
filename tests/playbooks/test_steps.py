"""Time windows, and finding the playbook that somebody names."""

from __future__ import annotations

import pytest

from bot.playbooks.rules import naming
from bot.playbooks.rules.naming import Named
from bot.playbooks.rules.records import TrackRecord
from bot.playbooks.rules.steps import RunStep, RunText, from_document, minute, next_look
from tests.support.rows import NOON, minutes

STEP = RunStep(2, "Examine the role", (5, 10), "p", True, (("bash", "ls"),), ("this",), "n")
KNOWN = [
    Named("PB-lambda", "playbook", "Lambda function fails with permission errors or timeouts"),
    Named("PB-cache", "playbook", "Cache misses after a failover"),
    Named("GUIDE-cors", "guide", "CORS errors in the browser"),
    Named("GUIDE-cache", "guide", "Cold cache"),
    Named("GUIDE-function-errors", "guide", "Lambda function returns errors"),
]


def test_a_step_is_over_at_the_end_of_its_window() -> None:
    assert STEP.over_at(NOON, NOON + minutes(5)) == NOON + minutes(10)


def test_a_step_that_begins_late_keeps_the_length_of_its_window() -> None:
    assert STEP.over_at(NOON, NOON + minutes(14)) == NOON + minutes(19)


def test_a_step_without_a_window_is_never_over() -> None:
    assert RunStep(1, "Look").over_at(NOON, NOON) is None


def test_a_window_that_ends_before_it_begins_ends_at_once() -> None:
    assert RunStep(1, "Look", (10, 5)).over_at(NOON, NOON + minutes(20)) == NOON + minutes(20)


def test_the_message_is_looked_at_each_minute_until_the_window_ends_and_never_after() -> None:
    over = NOON + minutes(10)
    assert next_look(NOON, over, NOON) == NOON + minutes(1)
    assert next_look(NOON, over, NOON + minutes(7.5)) == NOON + minutes(8)
    assert next_look(NOON, NOON + minutes(7.8), NOON + minutes(7.5)) == NOON + minutes(7.8)
    assert next_look(NOON, over, over) is None
    assert next_look(NOON, None, NOON) is None


def test_minutes_are_whole_and_never_negative() -> None:
    assert [minute(NOON, NOON + minutes(m)) for m in (0, 0.9, 7.5, -3)] == [0, 0, 7, 0]


def test_a_text_survives_being_kept_as_json() -> None:
    text = RunText("PB-x", "playbook", "Title", (STEP, RunStep(1, "Plain")), "78 %", "Platform", "fix")
    assert from_document(text.as_document()) == text


@pytest.mark.parametrize(
    ("typed", "refs"),
    [
        ("PB-lambda", ["PB-lambda"]),
        ("pb lambda", ["PB-lambda"]),
        ("lambda", ["PB-lambda"]),
        ("LAMBDA", ["PB-lambda"]),
        ("cache", ["PB-cache"]),  # rather than the guide of that name
        ("guide-cache", ["GUIDE-cache"]),
        ("cors", ["GUIDE-cors"]),
        ("failover", ["PB-cache"]),
        ("lambda function", ["PB-lambda"]),  # the only playbook with these words
        ("errors", ["PB-lambda"]),
        ("errors browser", ["GUIDE-cors"]),
        ("banana", []),
        ("", []),
        ("…", []),
    ],
)
def test_a_playbook_is_found_by_ref_name_or_words_of_its_title(typed: str, refs: list[str]) -> None:
    assert [entry.ref for entry in naming.find(typed, KNOWN)] == refs


def test_words_that_several_guides_have_name_all_of_them() -> None:
    guides = [entry for entry in KNOWN if entry.kind == "guide"]
    assert [entry.ref for entry in naming.find("errors", guides)] == ["GUIDE-cors", "GUIDE-function-errors"]


def test_a_slip_of_the_hand_names_what_is_spelled_like_it() -> None:
    assert naming.near("lamda", KNOWN) == ["PB-lambda"]
    assert naming.near("banana", KNOWN) == []


def test_a_record_moves_a_playbook_up_or_down_and_none_leaves_it_where_it_is() -> None:
    assert TrackRecord().weight == 1.0
    assert TrackRecord(12, 9).weight > 1.0 > TrackRecord(12, 1).weight
    assert 0.75 < TrackRecord(1000, 0).weight < TrackRecord(1000, 1000).weight < 1.25
