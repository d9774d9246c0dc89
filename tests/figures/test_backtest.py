"""Backtesting: what an edited matrix would have said of the same words, beside what people had decided."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, InvalidPolicy
from bot.figures.flows.backtest import backtest, cases_of
from bot.figures.messages import backtest_lines
from bot.figures.queries import verdicts as figures_queries
from bot.figures.rules.backtest import Case
from bot.reports.flows import reports as suggest
from bot.reports.flows.reports import Heard
from bot.settings import REPOSITORY, Settings
from bot.severity.judge.judge import Judge, load_judge
from bot.severity.policy import load_severity
from bot.severity.rules import Severity
from bot.wiring.backtest import run_backtest
from tests.support.rows import NOON

MATRIX = REPOSITORY / "knowledge" / "policy" / "severity.yaml"
SLOW = "search is slow, answers take 9 seconds"


def alone(path: Path) -> Judge:
    """The matrix without examples, which is enough to see an edit."""
    return load_judge(load_severity(path), None, None)


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matrix in which slowness is P1."""
    folder = tmp_path_factory.mktemp("policy")
    text = MATRIX.read_text(encoding="utf-8")
    assert "{id: slow, verdict: P2" in text
    (folder / "severity.yaml").write_text(text.replace("{id: slow, verdict: P2", "{id: slow, verdict: P1"))
    return folder


def test_an_edit_shows_from_to_words_and_what_people_said(edited: Path) -> None:
    cases = [
        Case("report 1", SLOW, "P1"),
        Case("report 2", "the website is down", "P0"),
        Case("report 3", "lunch", None),
    ]
    found = backtest(cases, alone(MATRIX), alone(edited / "severity.yaml"))
    (change,) = found.changes
    assert (change.before, change.after, change.case.people_say) == ("P2", "P1", "P1")
    assert "slow" in change.words
    assert (found.cases, found.labelled, found.right_before, found.right_after) == (3, 2, 1, 2)
    text = "\n".join(backtest_lines(found))
    assert "P2 → P1" in text and "people said P1" in text
    assert "1 of 2 before, 2 of 2 after" in text


def test_without_an_edit_what_was_recorded_is_compared() -> None:
    cases = [Case("report 1", "the website is down", None, recorded="P3"), Case("NFI-2023-0010", "x", "P1")]
    found = backtest(cases, None, alone(MATRIX))
    assert [(change.before, change.after) for change in found.changes] == [("P3", "P0")]
    assert found.cases == 1
    assert "No reports yet" in "\n".join(backtest_lines(backtest([], None, alone(MATRIX))))


def test_reports_come_with_what_people_pressed(session: Session, policy: Policy) -> None:
    judged = alone(MATRIX).judge(SLOW)
    row = suggest.judge_report(
        session, Heard("C0INCIDENTS", "1795179000.000100", "U0SUPPORT", SLOW), judged, (), policy, NOON
    )
    assert row is not None
    suggest.declare_report(session, row.report_id, Severity.P1, "U0RESPONDER", policy, NOON)
    found = [
        case for case in cases_of(figures_queries.list_reports(session), []) if case.source == f"report {row.report_id}"
    ]
    assert found == [Case(f"report {row.report_id}", SLOW, "P1", "P2")]


def test_the_known_incidents_are_judged_and_nothing_is_written(
    edited: Path, little_knowledge: Path, tmp_path: Path
) -> None:
    settings = Settings(knowledge_folder=little_knowledge, data_folder=tmp_path / "data")
    found = run_backtest(settings, edited)
    assert found.cases >= 30
    assert all(change.after == "P1" or change.before_row != change.after_row for change in found.changes)
    kept = {path.name for path in (tmp_path / "data" / "cache").glob("judge-*.npz")}
    assert len(kept) == 1, "the edited matrix leaves nothing behind"


def test_a_folder_without_a_matrix_and_a_broken_one_are_refused(
    tmp_path: Path, edited: Path, little_knowledge: Path
) -> None:
    settings = Settings(knowledge_folder=little_knowledge, data_folder=tmp_path / "data")
    with pytest.raises(BadRequest, match=r"severity\.yaml"):
        run_backtest(settings, tmp_path)
    broken = tmp_path / "policy"
    shutil.copytree(edited, broken)
    text = (broken / "severity.yaml").read_text()
    (broken / "severity.yaml").write_text(text.replace("verdict: P1", "verdict: P9", 1))
    with pytest.raises(InvalidPolicy, match=r"severity\.yaml:\d+"):
        run_backtest(settings, tmp_path)
