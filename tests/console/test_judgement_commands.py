"""`tocsin metrics` and `tocsin classify --backtest` as a shell sees them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.reports.flows import corrections, reports
from bot.reports.flows.reports import Heard
from bot.settings import REPOSITORY
from bot.severity.rules import Evidence, Judgement, Severity
from bot.store.engine import Database
from bot.wiring.policy import load_policy
from tests.support.commands import Run, run_command
from tests.support.rows import minutes

MATRIX = REPOSITORY / "knowledge" / "policy" / "severity.yaml"
SLOW = Judgement(Severity.P2, 0.9, (Evidence("slow", "how.slow"),), None, "It works slowly", "slow")


@pytest.fixture(scope="module")
def shell(database: Database, data_folder: Path) -> dict[str, str]:
    """The environment, with two reports on which people disagreed with the judge."""
    policy = load_policy(REPOSITORY / "knowledge" / "policy")
    now = datetime.now(UTC) - minutes(1)
    with database.transaction() as session:
        for number, text in enumerate(("search is slow", "search is slow, answers take 9 seconds"), 1):
            heard = Heard("C0INCIDENTS", f"1795190000.00000{number}", "U0SUPPORT", text)
            row = reports.judge_report(session, heard, SLOW, (), policy, now)
            assert row is not None
            if number == 1:
                reports.dismiss_report(session, row.report_id, "U0RESPONDER", now)
                corrections.explain(session, row.report_id, "test")
            else:
                reports.declare_report(session, row.report_id, Severity.P1, "U0RESPONDER", policy, now)
    return {"DATABASE_URL": database.url, "TOCSIN_DATA": str(data_folder), "PATH": "/usr/bin:/bin"}


def tocsin(shell: dict[str, str], *arguments: str) -> Run:
    return run_command(arguments, shell)


def test_metrics_tell_what_people_made_of_the_judgement(shell: dict[str, str], tmp_path: Path) -> None:
    text = tocsin(shell, "metrics", "--picture", str(tmp_path / "judgement.png"))
    assert text.returncode == 0, text.stderr
    assert "Same severity: 0% (0 of 2)" in text.stdout
    assert (tmp_path / "judgement.png").read_bytes().startswith(b"\x89PNG")
    figures = json.loads(tocsin(shell, "metrics", "--json").stdout)["judgement"]
    assert figures["rows"] == [{"row": "slow", "judged": 2, "decided": 2, "overridden": 2}]
    assert figures["confusion"]["P2"]["P1"] == figures["confusion"]["P2"]["none"] == 1
    assert figures["reasons"] == {"test": 1}
    lines = list(csv.reader(io.StringIO(tocsin(shell, "metrics", "--csv").stdout)))
    assert lines[0] == ["section", "figure", "value"]
    assert ["judgement", "rows.slow.overridden", "2"] in lines
    assert tocsin(shell, "metrics", "--csv", "--json").returncode == 2


def test_a_backtest_shows_what_an_edit_changes_and_writes_nothing(
    shell: dict[str, str], little_knowledge: Path, tmp_path: Path
) -> None:
    shell = shell | {"TOCSIN_KNOWLEDGE": str(little_knowledge), "TOCSIN_DATA": str(tmp_path / "data")}
    source = MATRIX.read_text(encoding="utf-8")
    edited = tmp_path / "severity.yaml"
    edited.write_text(source.replace("{id: slow, verdict: P2", "{id: slow, verdict: P1, overrule: true"))
    before = MATRIX.stat().st_mtime_ns
    ended = tocsin(shell, "classify", "--backtest", "--policy", str(edited), "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    changes = {change["text"]: change for change in found["changes"]}
    changed = changes["search is slow, answers take 9 seconds"]
    assert (changed["from"], changed["to"], changed["people_say"]) == ("P2", "P1", "P1")
    assert MATRIX.stat().st_mtime_ns == before
    text = tocsin(shell, "classify", "--backtest", "--policy", str(edited)).stdout
    assert "P2 → P1" in text and "Nothing was changed." in text


def test_a_broken_matrix_is_named_by_file_and_line(shell: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "severity.yaml"
    path.write_text(MATRIX.read_text(encoding="utf-8").replace("{id: slow, verdict: P2", "{id: slow, verdict: P8"))
    ended = tocsin(shell, "classify", "--backtest", "--policy", str(path))
    assert ended.returncode == 1
    assert "severity.yaml:" in ended.stderr and "P8" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert tocsin(shell, "classify", "--policy", str(path), "x").returncode == 2
