"""Queries of runs and their steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.queries.incidents import real
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.playbooks.rules.steps import Outcome, RunState
from bot.playbooks.tables import PlaybookNotice, PlaybookRun, PlaybookStep

_GONE = "This playbook run isn't known here. Type `/incident playbook` for those of this incident."


@dataclass(frozen=True, slots=True)
class FailedStep:
    """One time that a step did not help: in which incident, and when (aware UTC)."""

    incident_id: int
    at: datetime


def add(session: Session, run: PlaybookRun, titles: Sequence[str]) -> PlaybookRun:
    """Keep a new run and a row for each of its steps, numbered from 1."""
    session.add(run)
    session.flush()
    session.add_all(PlaybookStep(run_id=run.run_id, number=place, title=title) for place, title in enumerate(titles, 1))
    session.flush()
    return run


def get(session: Session, run_id: int) -> PlaybookRun:
    """Raises BadRequest where there is none."""
    run = session.get(PlaybookRun, run_id)
    if run is None:
        raise BadRequest(_GONE)
    return run


def get_for_change(session: Session, run_id: int) -> PlaybookRun:
    """The run, locked until the transaction ends: of two who press at once, the second sees what the first did."""
    run = session.get(PlaybookRun, run_id, with_for_update={"key_share": True}, populate_existing=True)
    if run is None:
        raise BadRequest(_GONE)
    return run


def find_running(session: Session, incident_id: int, ref: str) -> PlaybookRun | None:
    statement = select(PlaybookRun).where(
        PlaybookRun.incident_id == incident_id, PlaybookRun.ref == ref, PlaybookRun.state == RunState.RUNNING.value
    )
    return session.scalar(statement)


def list_of_incident(session: Session, incident_id: int, episode: int | None = None) -> list[PlaybookRun]:
    """The runs of an incident, or of one of its openings, in the order in which they began."""
    statement = select(PlaybookRun).where(PlaybookRun.incident_id == incident_id)
    if episode is not None:
        statement = statement.where(PlaybookRun.episode == episode)
    return list(session.scalars(statement.order_by(PlaybookRun.started_at, PlaybookRun.run_id)))


def list_running_for_change(session: Session, incident_id: int) -> Sequence[PlaybookRun]:
    """The runs of an incident that are under way, locked in the order of their ids."""
    statement = (
        select(PlaybookRun)
        .where(PlaybookRun.incident_id == incident_id, PlaybookRun.state == RunState.RUNNING.value)
        .order_by(PlaybookRun.run_id)
        .with_for_update(key_share=True)
    )
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def list_steps(session: Session, run_id: int) -> Sequence[PlaybookStep]:
    """The rows of a run's steps, in order."""
    statement = select(PlaybookStep).where(PlaybookStep.run_id == run_id).order_by(PlaybookStep.number)
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def claim_due(session: Session, now: datetime, limit: int) -> Sequence[PlaybookRun]:
    """Runs whose message has to be looked at, locked; those that another replica holds are passed over."""
    statement = (
        select(PlaybookRun)
        .where(PlaybookRun.due_at <= now)
        .order_by(PlaybookRun.due_at, PlaybookRun.run_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return session.scalars(statement).all()


def list_last_outcomes(session: Session, ref: str, title: str, limit: int) -> Sequence[tuple[str, FailedStep]]:
    """What became of a step of that title when it was tried last, the newest first; skipped ones aside."""
    statement = (
        select(PlaybookStep.outcome, IncidentRow.incident_id, PlaybookStep.decided_at)
        .join(PlaybookRun, PlaybookRun.run_id == PlaybookStep.run_id)
        .join(IncidentRow, IncidentRow.incident_id == PlaybookRun.incident_id)
        .where(PlaybookRun.ref == ref, PlaybookStep.title == title, real())
        .where(PlaybookStep.outcome.in_((Outcome.DONE.value, Outcome.NOT_HELPED.value)))
        .order_by(PlaybookStep.decided_at.desc(), PlaybookStep.run_id.desc())
        .limit(limit)
    )
    rows = session.execute(statement).all()
    return [(outcome or "", FailedStep(number, at)) for outcome, number, at in rows if at is not None]


def list_naming(session: Session, incident_id: int, pattern: str, limit: int) -> list[str]:
    """The latest messages of an incident that match a regular expression of PostgreSQL's, as they are recorded."""
    statement = (
        select(TimelineEntry.text)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind == Kind.MESSAGE_POSTED.value)
        .where(TimelineEntry.text.op("~*")(pattern))
        .order_by(TimelineEntry.at.desc(), TimelineEntry.entry_id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def note_once(session: Session, key: str, now: datetime) -> bool:
    """Note that something is said under this key; False where it was said before."""
    statement = insert(PlaybookNotice).values(key=key, said_at=now).on_conflict_do_nothing(index_elements=["key"])
    return session.execute(statement.returning(PlaybookNotice.key)).first() is not None
