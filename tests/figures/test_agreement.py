"""Agreement of the judge with people: every figure from a handful of verdicts counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.figures.rules.agreement import NONE, Verdict, agree
from bot.reports.rules import WHY_DISMISSED, WHY_LOWERED, WHY_RAISED, why_choices
from bot.severity.rules import Severity

P0, P1, P2, P3 = Severity


def verdict(
    judged: Severity | None, decision: str | None = None, chosen: Severity | None = None, **more: str
) -> Verdict:
    return Verdict(
        row=more.get("row", "money-down"),
        judged=judged,
        answered=judged is not None,
        decision=decision,
        chosen=chosen,
        reason=more.get("reason"),
    )


HELD = [
    verdict(P1, "declared", P1),
    verdict(P1, "declared", P0, reason="more"),
    verdict(P2, "declared", P0, row="slow"),
    verdict(P2, "not_incident", reason="chatter", row="slow"),
    verdict(P2, "not_incident", row="slow"),
    verdict(P2, "not_incident", reason="known", row="slow"),
    verdict(P1, "part_of"),
    verdict(P3, row="minor"),
    verdict(None, row="chatter"),
    verdict(None, "declared", P1, row="chatter"),
]


def test_the_figures_are_those_that_one_counts_by_hand() -> None:
    found = agree(HELD)
    assert (found.reports, found.answered, found.decided) == (10, 8, 6)
    assert (found.same, found.near) == (1, 2)
    assert (found.false_alarms, found.answers_decided) == (2, 7)
    assert found.false_alarm_rate == pytest.approx(2 / 7)
    assert found.missed == 1
    assert found.reasons == {"chatter": 1, "known": 1, "more": 1}


def test_what_was_asked_about_is_neither_answered_nor_missed_nor_a_false_alarm() -> None:
    def asked(judged: Severity | None, decision: str) -> Verdict:
        return replace(verdict(judged, decision, P1 if decision == "declared" else None), answered=False, asked=True)

    found = agree([asked(None, "declared"), asked(P2, "not_incident"), asked(None, "not_incident"), verdict(P1)])
    assert (found.reports, found.answered, found.asked) == (4, 1, 3)
    assert (found.missed, found.false_alarms, found.answers_decided) == (0, 0, 0)
    assert "1 answered, 3 asked about" in "\n".join(found.lines())
    assert found.document()["asked"] == 3


def test_what_was_known_already_is_no_mistake_of_the_judge() -> None:
    for reason, label in (("known", None), ("duplicate", None), ("test", NONE), ("chatter", NONE)):
        assert verdict(P1, "not_incident", reason=reason).people_say == label


def test_rows_come_with_the_most_often_overridden_first() -> None:
    rows = {row.row: (row.judged, row.decided, row.overridden) for row in agree(HELD).rows}
    assert list(rows) == ["slow", "money-down", "chatter", "minor"]
    assert rows["slow"] == (4, 3, 3)
    assert rows["money-down"] == (3, 2, 1)
    assert [row.override_rate for row in agree(HELD).rows][:2] == [1.0, 0.5]
    assert agree(HELD).rows[-1].override_rate is None


def test_the_confusion_table_counts_judged_against_said() -> None:
    table = agree(HELD).table
    assert table["P1", "P0"] == table["P1", "P1"] == table["P2", "P0"] == table[NONE, "P1"] == 1
    assert table["P2", NONE] == 2
    assert sum(table.values()) == 6


def test_text_and_document_say_the_same() -> None:
    found = agree(HELD)
    text = "\n".join(found.lines())
    assert "Same severity: 17% (1 of 6)." in text
    assert "False positives: 29% (2 of 7)" in text
    assert "slow                           4        3           3  100%" in text
    assert found.document()["confusion"]["P2"]["P0"] == 1  # type: ignore[index]  # a plain document


def test_with_nothing_decided_no_rate_is_made_up() -> None:
    found = agree([verdict(P1)])
    assert (found.same_rate, found.near_rate, found.false_alarm_rate) == (None, None, None)
    assert "no decisions yet" in "\n".join(found.lines())
    assert found.document()["same_severity"] is None


def test_the_reasons_offered_go_with_what_was_decided() -> None:
    assert why_choices(P1, "not_incident", None) == WHY_DISMISSED
    assert why_choices(P2, "declared", P0) == WHY_RAISED
    assert why_choices(P1, "declared", P3) == WHY_LOWERED
    assert why_choices(P1, "declared", P1) == why_choices(P1, "part_of", None) == why_choices(P1, None, None) == {}
