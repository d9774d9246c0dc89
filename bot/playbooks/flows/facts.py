"""A run as its messages and forms show it, read from its rows and the record of its incident."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.playbooks.messages.run import RunFacts, StepFacts, names_in
from bot.playbooks.queries import runs
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.placeholders import Known
from bot.playbooks.rules.steps import Outcome, RunState, RunText, from_document
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.text.markup import plain_text

_MESSAGES = 50  # in which values are looked for
_SAID = (Kind.NOTED, Kind.IMPACT_RECORDED, Kind.CAUSE_RECORDED)


def facts_of(session: Session, run: PlaybookRun, row: IncidentRow) -> RunFacts:
    """The run with what became of each step, and the values of its placeholders as far as they are known."""
    text = from_document(run.document)
    return RunFacts(
        run_id=run.run_id,
        incident_id=run.incident_id,
        text=text,
        state=RunState(run.state),
        started_at=run.started_at,
        started_by=run.started_by,
        ended_at=run.ended_at,
        ended_by=run.ended_by,
        current=run.current,
        steps=tuple(_step_facts(step) for step in runs.list_steps(session, run.run_id)),
        known=_known(session, row, run, text),
    )


def _step_facts(step: PlaybookStep) -> StepFacts:
    return StepFacts(
        began_at=step.began_at,
        over_at=step.over_at,
        assignee=step.assignee,
        outcome=Outcome(step.outcome) if step.outcome else None,
        decided_at=step.decided_at,
        decided_by=step.decided_by,
        line=step.line or "",
    )


def _known(session: Session, row: IncidentRow, run: PlaybookRun, text: RunText) -> dict[str, Known]:
    """The values of all placeholders of the run: what people answered, and what the incident's record names."""
    keys = {placeholders.key_of(name) for step in text.steps for name in names_in(text, step)}
    if not keys:
        return {}
    entries = timeline.list_rows(session, row.incident_id, _SAID)
    notes = [plain_text(entry.text) for entry in entries if entry.kind == Kind.NOTED]
    messages = runs.list_naming(session, row.incident_id, placeholders.NAMES_A_VALUE, _MESSAGES)
    said = [
        *map(plain_text, messages),
        row.title,
        row.impact or "",
        row.cause or "",
        *(plain_text(entry.text) for entry in entries),
    ]
    return placeholders.known_values(sorted(keys), run.answers, said, notes)
