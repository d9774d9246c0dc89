"""`tocsin demo --play`: the whole P1, as anybody would run it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo.play import run_play
from bot.demo.stage import LEARNED, Failed, Stage
from bot.settings import REPOSITORY


@pytest.fixture(scope="module")
def played(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """As where a demo has run before, which has learned to judge."""
    here = tmp_path_factory.mktemp("play")
    (here / LEARNED).parent.mkdir(parents=True)
    (here / LEARNED).symlink_to(fitted)
    program = [sys.executable, "-m", "bot", "demo", "--play", "--rate", "300"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(program, cwd=here, env=environment, capture_output=True, text=True, timeout=600, check=False)


def test_the_play_goes_through_and_every_step_is_told(played: subprocess.CompletedProcess[str]) -> None:
    assert played.returncode == 0, played.stderr
    told = played.stderr.splitlines()
    assert "✗" not in played.stderr
    assert sum(" ✓ " in line and line.endswith(" ms") for line in told) >= 20
    assert "the team lead is paged" in played.stderr
    for told_of_aws in ("AWS is asked about orders-db", "an alarm of CloudWatch comes in", "Both alarms are over"):
        assert told_of_aws in played.stderr


@pytest.mark.parametrize(
    "fact",
    [
        "# Post-incident review: INC-",
        "**Checkout answers 502 for about a third of customers**",
        "**Severity**: P1",
        "480 of the 500 connections",
        "2,300 orders",
        "**Services affected**: orders-api, orders-db, checkout",
        "**Contributing factor**: release 212 changed a column type",
        "Release 213",
        "📌 **secondary**: orders-db is at 500 of 500 connections",
        "Paged team-lead as team lead (2 h)",
        "1. **HIGH**: alarm at 80 % of orders-db's connections (owner: secondary, due: ",
        "2. **MEDIUM**: releases that change a column type need a way back (owner: responder, due: ",
        "**Time to acknowledge**: ",
        " by responder; target 1 h for P1 ✓ met",
        ": it was acknowledged or over before their pages were due",
    ],
)
def test_the_review_on_stdout_has_the_facts(played: subprocess.CompletedProcess[str], fact: str) -> None:
    assert fact in played.stdout


def test_nothing_but_the_review_is_on_stdout(played: subprocess.CompletedProcess[str]) -> None:
    assert played.stdout.startswith("# Post-incident review")
    assert "✓ Tocsin starts" not in played.stdout


def test_a_step_that_fails_says_what_was_seen_instead(tmp_path: Path) -> None:
    told = io.StringIO()
    play = Stage(tmp_path, 60.0, Console(file=told, width=200))
    with pytest.raises(Failed), play.step("The sun rises"):
        raise AssertionError("it rained")
    assert "✗ The sun rises" in told.getvalue()
    assert "it rained" in told.getvalue()


def test_a_play_that_fails_ends_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def begin(play: Stage, stack: object) -> None:
        with play.step("The curtain rises"):
            raise AssertionError("it is stuck")

    monkeypatch.setattr(Stage, "begin", begin)
    monkeypatch.setattr(signal, "signal", lambda number, action: None)
    assert run_play(60.0, sys.stdout) == 1
    told = capsys.readouterr()
    assert "it is stuck" in told.err
    assert told.out == ""
