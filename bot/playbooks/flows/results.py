"""What a run says of the end of its incident: the resolution that is offered, and which step ended it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.playbooks.messages import results
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import Outcome, from_document
from bot.playbooks.tables import PlaybookRun, PlaybookStep


def last_done(session: Session, row: IncidentRow) -> tuple[PlaybookRun, PlaybookStep] | None:
    """The step that was marked done last in this opening of the incident; a guide's cause counts, too."""
    done = [
        (step.decided_at, run, step)
        for run in runs.list_of_incident(session, row.incident_id, row.episode)
        for step in runs.list_steps(session, run.run_id)
        if step.outcome == Outcome.DONE and step.decided_at is not None
    ]
    if not done:
        return None
    _, run, step = max(done, key=lambda one: (one[0], one[2].run_id, one[2].number))
    return run, step


def offered(session: Session, row: IncidentRow) -> tuple[str, str]:
    """Resolution and cause that the forms offer: the last step's result, and the cause that a guide confirmed."""
    found = last_done(session, row)
    if found is None:
        return "", ""
    run, step = found
    text = from_document(run.document)
    said = results.result(text, step.number, step.line or "")
    return ("", said) if text.is_guide else (said, "")
