"""Workflow Builder's step "Declare incident": a workflow declares in somebody's name, and is handed the incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents import authority
from bot.incidents.flows.record import lock_of
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import Declaration, declare, kind_of
from bot.lifecycle.messages import answers
from bot.memory.flows.recall import recall
from bot.severity.rules import Severity
from bot.slack.replies.reporting import reporting_errors
from bot.store.outbox import enqueue
from bot.text.markup import plain_text, says_something
from bot.text.masking import mask

STEP = "declare_incident"  # its callback id in the manifest


@dataclass(frozen=True, slots=True)
class Filled:
    """What the workflow filled into the step. `severity` is None where Tocsin is to judge it from the words."""

    title: str
    impact: str
    severity: Severity | None
    by: str


def step_ran(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Declare, and have the workflow hear of it. What Slack sends twice declares once, by the run's own id.

    A workflow cannot be asked anything: what only sounds like an open incident is declared, and the card says so.
    """
    if (event.get("function") or {}).get("callback_id") != STEP:
        return
    run_id = str(event["function_execution_id"])
    refused: list[str] = []
    with reporting_errors(refused.append, again=True, event=body["event_id"], run=run_id):
        filled = _read(event.get("inputs") or {})
        context.look_up(filled.by)
        _declare(context, run_id, filled)
    if refused:
        with context.database.transaction() as session:
            enqueue(session, "slack.fail_step", once=f"fail-step-{run_id}", run_id=run_id, error=plain_text(refused[0]))


def _read(inputs: dict[str, Any]) -> Filled:
    """Raises BadRequest."""
    said = str(inputs.get("severity") or "").strip()
    try:
        severity = Severity(said.upper()) if said else None
    except ValueError as unknown:
        raise BadRequest(answers.not_a_severity(said)) from unknown
    title = mask(plain_text(str(inputs.get("title") or "")))
    if not says_something(title):
        raise BadRequest(answers.NO_TITLE)
    by = str(inputs.get("declared_by") or "")
    if not by:
        raise BadRequest(answers.NOBODY_DECLARES)
    return Filled(title, mask(plain_text(str(inputs.get("impact") or ""))), severity, by)


def _declare(context: AppContext, run_id: str, filled: Filled) -> None:
    judged = context.judge.judge(filled.title)
    words = f"{filled.title}\n{filled.impact}"
    likely = context.judge.judge(words).break_in
    secrecy = kind_of(context.policy, words, judged.row_name, probability=likely)
    wanted = Declaration(
        request_key=f"workflow:{run_id}",
        title=filled.title,
        severity=filled.severity or judged.severity or Severity.P2,
        by=filled.by,
        impact=filled.impact,
        similar=recall(context.memory.current(), filled.title),
        security=secrecy.security,
        asks=secrecy.asks,
        urgent=secrecy.urgent,
        hasty=True,
    )
    now = context.now()
    with context.database.transaction() as session:
        authority.admit(session, context, Act.DECLARE, filled.by, now)
        row, is_new = declare(session, wanted, context.policy, now)
        if is_new:
            # In line behind the channel, which the workflow is handed, too.
            lock = lock_of(row.incident_id)
            enqueue(session, "slack.end_step", lock=lock, run_id=run_id, incident_id=row.incident_id)
