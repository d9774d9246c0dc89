"""Runs: start one, decide a step, assign it, fill placeholders, stop. Each locks the run, so a step is decided once.

Who and when goes on the timeline in the same transaction; the message is drawn by a job that is enqueued in it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import lock_of, record, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.playbooks.flows import owners
from bot.playbooks.messages import entries
from bot.playbooks.queries import runs
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.steps import Outcome, RunState, RunText, from_document, next_look
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.store.outbox import enqueue
from bot.text.masking import mask

CROSSED = timedelta(seconds=1.5)  # nobody reads the next step in less
OFFER_AT = 2  # steps that did not help, after which another playbook and a role to escalate to are offered


def draw_later(session: Session, run: PlaybookRun) -> None:
    """Have the run's one message show how it stands; changes that come close together are shown once."""
    once = f"playbook-run-{run.run_id}"
    lock = lock_of(run.incident_id)
    enqueue(session, "slack.playbook_run", lock=lock, once=once, priority=2, run_id=run.run_id)


def start(session: Session, row: IncidentRow, text: RunText, by: str, now: datetime) -> tuple[PlaybookRun, bool]:
    """Begin a run; the run, and whether it is new: a playbook that is under way is not begun a second time.

    Raises TransitionRefused where the incident is over. The incident must be locked.
    """
    refuse_when_over(row)
    running = runs.find_running(session, row.incident_id, text.ref)
    if running is not None:
        return running, False
    run = _new_run(row, text, by, now)
    try:
        with session.begin_nested():
            runs.add(session, run, [step.title for step in text.steps])
    except IntegrityError:  # somebody began it in the same moment
        running = runs.find_running(session, row.incident_id, text.ref)
        if running is None:
            raise
        return running, False
    _begin_step(session, run, text, now)
    record(
        session,
        row,
        Kind.PLAYBOOK_STARTED,
        entries.started(text, by),
        now,
        author=by,
        source_key=f"playbook:{run.run_id}",
        data={"run": run.run_id},
    )
    draw_later(session, run)
    return run, True


def _new_run(row: IncidentRow, text: RunText, by: str, now: datetime) -> PlaybookRun:
    return PlaybookRun(
        incident_id=row.incident_id,
        episode=row.episode,
        ref=text.ref,
        kind=text.kind,
        document=text.as_document(),
        state=RunState.RUNNING.value,
        started_at=now,
        started_by=by,
        current=1,
        answers={},
    )


def _begin_step(session: Session, run: PlaybookRun, text: RunText, now: datetime) -> None:
    """Stamp the current step, and say when the message has to be looked at again."""
    row = _step(session, run, run.current)
    row.began_at = now
    row.over_at = text.step(run.current).over_at(run.started_at, now)
    run.due_at = next_look(run.started_at, row.over_at, now)


def _step(session: Session, run: PlaybookRun, number: int) -> PlaybookStep:
    row = session.get(PlaybookStep, (run.run_id, number))
    if row is None:
        raise BadRequest(entries.no_such_step(run.ref, number))
    return row


def decide(
    session: Session, run_id: int, number: int, outcome: Outcome, by: str, now: datetime, line: str = ""
) -> PlaybookRun:
    """Mark the current step, with an optional line in the person's own words, and go on to the next one.

    Raises BadRequest for a step that is decided (with who did it and when), is not the current one, or whose run ended.
    """
    run = runs.get_for_change(session, run_id)
    text = from_document(run.document)
    step = _step(session, run, number)
    if step.outcome is not None and step.decided_at is not None:
        raise BadRequest(entries.decided_before(text, number, Outcome(step.outcome), step.decided_by, step.decided_at))
    _refuse_ended(run, text)
    if number != run.current:
        raise BadRequest(entries.not_current(text, number, run.current))
    _refuse_crossed(session, run, text, by, now)
    row = incidents.get(session, run.incident_id)
    refuse_when_over(row)
    step.outcome, step.decided_by, step.decided_at = outcome.value, by, now
    step.line = line.strip() or None
    record(
        session,
        row,
        Kind.PLAYBOOK_STEP,
        entries.decided(text, number, outcome, by, step.line or ""),
        now,
        author=by,
        source_key=f"playbook:{run.run_id}:{number}",
        data={"run": run.run_id, "step": number, "outcome": outcome.value},
    )
    _go_on(session, run, text, by, now)
    if outcome is Outcome.NOT_HELPED and not text.is_guide:
        _after_failure(session, run, step, now)
    draw_later(session, run)
    return run


def _refuse_crossed(session: Session, run: PlaybookRun, text: RunText, by: str, now: datetime) -> None:
    """Raise BadRequest where somebody else decided the step before at once: that was what this press meant."""
    before = session.get(PlaybookStep, (run.run_id, run.current - 1))
    if before is None or before.decided_at is None or before.decided_by == by:
        return
    if abs(now - before.decided_at) < CROSSED:
        raise BadRequest(entries.crossed(text, run.current, before.decided_by))


def _go_on(session: Session, run: PlaybookRun, text: RunText, by: str, now: datetime) -> None:
    """To the next step, or to the end of the run."""
    run.current += 1
    if run.current <= len(text.steps):
        _begin_step(session, run, text, now)
        return
    run.state, run.ended_at, run.ended_by, run.due_at = RunState.FINISHED.value, now, by, None


def _after_failure(session: Session, run: PlaybookRun, step: PlaybookStep, now: datetime) -> None:
    session.flush()
    failed = sum(row.outcome == Outcome.NOT_HELPED for row in runs.list_steps(session, run.run_id))
    if failed == OFFER_AT:
        enqueue(session, "slack.playbook_offer", lock=lock_of(run.incident_id), run_id=run.run_id)
    owners.notice_failures(session, run.ref, step.number, step.title, now)


def _refuse_ended(run: PlaybookRun, text: RunText) -> None:
    if run.state != RunState.RUNNING:
        raise BadRequest(entries.ended_before(text, RunState(run.state), run.ended_by, run.ended_at))


def assign(session: Session, run_id: int, number: int, user_id: str, by: str, now: datetime) -> PlaybookRun:
    """Say who does a step. Raises BadRequest for a step that is decided or whose run ended."""
    run = runs.get_for_change(session, run_id)
    text, step = from_document(run.document), _step(session, run, number)
    if step.outcome is not None and step.decided_at is not None:
        raise BadRequest(entries.decided_before(text, number, Outcome(step.outcome), step.decided_by, step.decided_at))
    _refuse_ended(run, text)
    if step.assignee != user_id:
        step.assignee = user_id
        row = incidents.get(session, run.incident_id)
        said = entries.assigned(text, number, user_id, by)
        record(session, row, Kind.PLAYBOOK_ASSIGNED, said, now, author=by, announce=by != user_id)
        draw_later(session, run)
    return run


def answer(session: Session, run_id: int, values: Mapping[str, str]) -> PlaybookRun:
    """Keep what people typed for placeholders, by key: for this step and all that follow. An empty value is forgotten.

    Raises BadRequest for a value that does not belong in a command, and where the run ended.
    """
    checked = {key: mask(placeholders.check(key, value)) for key, value in values.items()}
    run = runs.get_for_change(session, run_id)
    _refuse_ended(run, from_document(run.document))
    run.answers = {key: value for key, value in {**run.answers, **checked}.items() if value}
    draw_later(session, run)
    return run


def stop(session: Session, run_id: int, by: str, now: datetime) -> PlaybookRun:
    """End a run before its last step. Raises BadRequest where it ended before."""
    run = runs.get_for_change(session, run_id)
    text = from_document(run.document)
    _refuse_ended(run, text)
    _stop(run, by, now)
    row = incidents.get(session, run.incident_id)
    said = entries.stopped(text, run.current, by)
    record(session, row, Kind.PLAYBOOK_STOPPED, said, now, author=by, source_key=f"playbook-stop:{run.run_id}")
    draw_later(session, run)
    return run


def stop_with_incident(session: Session, row: IncidentRow, now: datetime) -> None:
    """The incident is over: its runs end where they are, and their messages lose their buttons."""
    for run in runs.list_running_for_change(session, row.incident_id):
        _stop(run, None, now)
        draw_later(session, run)


def _stop(run: PlaybookRun, by: str | None, now: datetime) -> None:
    run.state, run.ended_at, run.ended_by, run.due_at = RunState.STOPPED.value, now, by, None
