"""What the runs say of the end of their incident: the resolution that is offered, and which step ended it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.playbooks.flows import runs as flow
from bot.playbooks.messages import results
from bot.playbooks.queries import runs
from bot.playbooks.rules.steps import Outcome, RunState, from_document
from bot.playbooks.tables import PlaybookRun, PlaybookStep

NONE = "none"  # the choice that no step of a playbook ended it


def _done(session: Session, row: IncidentRow) -> list[tuple[PlaybookRun, PlaybookStep]]:
    """The steps that were marked done in this opening of the incident, the last one first."""
    done = [
        (step.decided_at, run.run_id, step.number, run, step)
        for run in runs.list_of_incident(session, row.incident_id, row.episode)
        for step in runs.list_steps(session, run.run_id)
        if step.outcome == Outcome.DONE and step.decided_at is not None
    ]
    return [(run, step) for _, _, _, run, step in sorted(done, key=lambda one: one[:3], reverse=True)]


def offered(session: Session, row: IncidentRow) -> tuple[str, str]:
    """Resolution and cause that the forms offer: the last step's result, and the cause that a guide confirmed."""
    done = _done(session, row)
    if not done:
        return "", ""
    run, step = done[0]
    text = from_document(run.document)
    said = results.result(text, step.number, step.line or "")
    return ("", said) if text.is_guide else (said, "")


def choices(session: Session, row: IncidentRow) -> tuple[list[tuple[str, str]], str]:
    """What the Resolve form asks about: (value, label) of each step that was done, the last first, then of those that
    people are at; and the value of the likeliest. That is the step that was decided last, where it was done.
    """
    done = _done(session, row)
    places = [(run, step.number) for run, step in done]
    places += [
        (run, run.current)
        for run in runs.list_of_incident(session, row.incident_id, row.episode)
        if run.state == RunState.RUNNING
    ]
    found = [(f"{run.run_id}:{number}", results.choice(from_document(run.document), number)) for run, number in places]
    return found, found[0][0] if done and done[0][1].decided_at == _last_decision(session, row) else NONE


def _last_decision(session: Session, row: IncidentRow) -> datetime | None:
    """When a step of this opening was decided last, whatever became of it."""
    under_way = runs.list_of_incident(session, row.incident_id, row.episode)
    decided = [step.decided_at for run in under_way for step in runs.list_steps(session, run.run_id)]
    return max(filter(None, decided), default=None)


def credit(session: Session, row: IncidentRow, value: str, by: str, now: datetime) -> None:
    """Note which step ended the incident (`run:step`), or that none did. The incident must be locked.

    A step that people were at counts as done. What no longer fits, a run of an earlier opening, changes nothing.
    """
    wanted, number = (int(part) for part in value.split(":")) if value != NONE else (0, 0)
    under_way = runs.list_of_incident(session, row.incident_id, row.episode)
    chosen = next((run for run in under_way if run.run_id == wanted), None)
    if chosen is None and value != NONE:
        return
    if chosen is not None and chosen.state == RunState.RUNNING and chosen.current == number:
        flow.decide(session, chosen.run_id, number, Outcome.DONE, by, now)
    _note(row, under_way, chosen, number)


def _note(row: IncidentRow, under_way: list[PlaybookRun], chosen: PlaybookRun | None, number: int) -> None:
    for run in under_way:
        run.ended_it, run.ended_step = run is chosen, number if run is chosen else None
    if under_way:
        row.playbook_helped = chosen is not None


def credit_last(session: Session, row: IncidentRow, helped: bool) -> None:
    """From the form that closes: whether the playbook fixed it. Which step did is kept where it was said before."""
    under_way = runs.list_of_incident(session, row.incident_id, row.episode)
    if helped and any(run.ended_it for run in under_way):
        return
    done = _done(session, row)
    chosen, number = (done[0][0], done[0][1].number) if helped and done else (None, 0)
    if chosen is None and helped and len(under_way) == 1:
        chosen, number = under_way[0], min(under_way[0].current, len(from_document(under_way[0].document).steps))
    _note(row, under_way, chosen, number)


def withdraw(session: Session, row: IncidentRow) -> None:
    """The incident was reopened: what was thought to have ended it did not."""
    for run in runs.list_of_incident(session, row.incident_id):
        if run.ended_it:
            run.ended_it, run.ended_step, row.playbook_helped = False, None, None


def was_used(session: Session, row: IncidentRow) -> tuple[bool, bool | None]:
    """Whether a playbook was worked through in this opening, and whether it ended it; None where nobody has said."""
    said = [run.ended_it for run in runs.list_of_incident(session, row.incident_id, row.episode)]
    if not said:
        return False, None
    return True, True if True in said else False if False in said else None
