"""Fifty runs at once under two replicas, one of which is killed: no step is done twice, and none is lost."""

from __future__ import annotations

import subprocess
import sys

from sqlalchemy import func, select

from bot.context import Policy
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from bot.lifecycle.flows.declare import Declaration, declare
from bot.playbooks.flows import runs
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.playbooks.replica import STEPS, press_all
from tests.playbooks.run_facts import text
from tests.support.rows import NOON

RUNS = 50
KILLED_AFTER = 40  # presses


def replica(database: Database, name: str, run_ids: list[int]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.playbooks.replica", database.url, name, *map(str, run_ids)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_fifty_runs_under_two_replicas_and_sigkill_double_and_lose_no_step(database: Database, policy: Policy) -> None:
    with database.transaction() as session:
        row, _ = declare(session, Declaration("fifty", "it is down", Severity.P2, "U0RESPONDER"), policy, NOON)
        texts = [text(ref=f"PB-{number}") for number in range(RUNS)]
        run_ids = [runs.start(session, row, one, "U0A", NOON)[0].run_id for one in texts]
    killed = replica(database, "U0A", run_ids)
    assert killed.stdout is not None
    assert killed.stdout.readline().strip() == "1"  # it has had its part before the other begins
    other = replica(database, "U0B", run_ids[::-1])
    for line in killed.stdout:
        if int(line) == KILLED_AFTER:
            killed.kill()
    assert killed.wait(60) == -9
    other.communicate(timeout=60)
    assert other.returncode == 0
    press_all(database.url, "U0A", run_ids)  # started anew: what it was told before comes once more
    with database.transaction() as session:
        steps = session.scalars(select(PlaybookStep).where(PlaybookStep.run_id.in_(run_ids))).all()
        assert len(steps) == RUNS * STEPS and {step.outcome for step in steps} == {"done"}
        assert {step.decided_by for step in steps} == {"U0A", "U0B"}, "both had their part"
        states = session.scalars(select(PlaybookRun.state).where(PlaybookRun.run_id.in_(run_ids))).all()
        assert set(states) == {"finished"}
        said = select(func.count(), func.count(TimelineEntry.source_key.distinct())).where(
            TimelineEntry.kind == Kind.PLAYBOOK_STEP.value,
            TimelineEntry.data["run"].as_integer().in_(run_ids),
        )
        assert tuple(session.execute(said).one()) == (RUNS * STEPS, RUNS * STEPS)
