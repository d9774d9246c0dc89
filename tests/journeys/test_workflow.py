"""Workflow Builder's step "Declare incident": what it declares, what the workflow is handed, and why it fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.troubles import control, fail, sent_events
from tests.journeys.story import failed_jobs, kinds, row, rows, settle
from tests.support.stage import Stage

STEP = "declare_incident"
FILLED = {"title": "label printers in Halle 3 print nothing", "declared_by": "U0SUPPORT"}


def run(stage: Stage, **inputs: str) -> str:
    """Run the step as a workflow does; the run."""
    return str(control(stage.playground, "step", callback_id=STEP, inputs=inputs)["id"])


def ended(stage: Stage, run_id: str) -> dict[str, Any]:
    """The run, once it has ended."""

    def look() -> dict[str, Any] | None:
        found = control(stage.playground, "step", run=run_id)
        return found if found["state"] != "running" else None

    return stage.responder.wait_for(look, what=f"the end of {run_id}")


def test_a_workflow_declares_in_somebodys_name_and_is_handed_the_incident_and_its_channel(stage: Stage) -> None:
    run_id = run(stage, **FILLED, severity="p1", impact="nothing leaves the warehouse")
    done = ended(stage, run_id)
    kept = rows(stage)[-1]
    assert done["state"] == "completed", done["error"]
    assert done["outputs"] == {"incident": kept.ref, "severity": "P1", "channel": kept.channel_id}
    assert (kept.declared_by, kept.impact) == ("U0SUPPORT", "nothing leaves the warehouse")
    settle(stage.database)
    assert kinds(stage, kept.ref)[0] == "declared"
    assert "U0SUPPORT" in stage.playground.workspace.channels[done["outputs"]["channel"]].members
    assert failed_jobs(stage.database) == []


def test_an_event_that_comes_twice_declares_once_and_a_step_that_ended_is_left_alone(stage: Stage) -> None:
    before = len(rows(stage))
    run_id = run(stage, **FILLED)
    assert ended(stage, run_id)["state"] == "completed"
    executed = [event for event in sent_events(stage.playground) if event["type"] == "function_executed"]
    control(stage.playground, "redeliver", event_id=executed[-1]["event_id"])
    settle(stage.database)
    assert len(rows(stage)) == before + 1
    # Slack took the end of the step, and its answer was lost.
    fail(stage.playground, "functions.completeSuccess", "drop_after")
    assert ended(stage, run(stage, **FILLED))["state"] == "completed"
    settle(stage.database)
    assert failed_jobs(stage.database) == []


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"title": "   ", "declared_by": "U0SUPPORT"}, "“Title” says nothing"),
        ({**FILLED, "severity": "sev one"}, "sev one isn't a severity. Use P0–P3"),
        ({**FILLED, "declared_by": "U0NOBODY"}, "can't declare incidents"),
    ],
)
def test_what_cannot_be_declared_fails_the_step_with_a_sentence(
    stage: Stage, inputs: dict[str, str], sentence: str
) -> None:
    before = len(rows(stage))
    done = ended(stage, run(stage, **inputs))
    assert done["state"] == "failed"
    assert sentence in done["error"]
    assert len(rows(stage)) == before


@pytest.mark.parametrize(
    "told",
    [
        {"title": "we got hacked, somebody is in our aws account"},
        {"title": "customer table", "impact": "a stranger in Romania downloads it with Jonas's login since noon"},
    ],
)
def test_a_workflow_learns_nothing_of_a_security_incident(stage: Stage, told: dict[str, str]) -> None:
    done = ended(stage, run(stage, **told, declared_by="U0RESPONDER"))
    kept = rows(stage)[-1]
    assert (done["state"], done["outputs"]) == ("completed", {})
    assert kept.ref.startswith("SEC-")
    assert row(stage, kept.ref).channel_id
