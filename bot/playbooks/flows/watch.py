"""Runs whose time has come: their message shows the minute, and a step that is over its window says so once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.escalation.queries import pings
from bot.incidents.flows.record import record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.playbooks.flows.runs import draw_later
from bot.playbooks.messages import entries
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import RunState, from_document, minute, next_look
from bot.playbooks.tables import PlaybookRun, PlaybookStep


def sweep(session: Session, now: datetime, limit: int = 100) -> int:
    """Look at the runs that are due at `now`; how many. Call again at `limit`. Two replicas never take the same run."""
    due = runs.claim_due(session, now, limit)
    for run in due:
        step = session.get(PlaybookStep, (run.run_id, run.current))
        if run.state != RunState.RUNNING or step is None:
            run.due_at = None
            continue
        if step.over_at is not None and now >= step.over_at and step.late_at is None:
            step.late_at = now
            _say_late(session, run, now)
        run.due_at = next_look(run.started_at, step.over_at, now)
        draw_later(session, run)
    return len(due)


def _say_late(session: Session, run: PlaybookRun, now: datetime) -> None:
    """One line in the channel: which step, and what the escalation matrix says next."""
    row = incidents.get(session, run.incident_id)
    planned = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.PLANNED]
    first = min(planned, key=lambda ping: ping.due_at, default=None)
    following = entries.next_page(first.role, first.due_at) if first else entries.NO_NEXT_PAGE
    text = entries.late(from_document(run.document), run.current, minute(run.started_at, now), following)
    key = f"playbook-late:{run.run_id}:{run.current}"
    record(session, row, Kind.PLAYBOOK_LATE, text, now, source_key=key, announce=True, data={"run": run.run_id})
