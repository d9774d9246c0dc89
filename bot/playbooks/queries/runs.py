"""Queries of runs and their steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.playbooks.rules.steps import RunState
from bot.playbooks.tables import PlaybookRun, PlaybookStep

_GONE = "This playbook run isn't known here. Type `/incident playbook` for those of this incident."


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


def list_of_incident(session: Session, incident_id: int, episode: int | None = None) -> Sequence[PlaybookRun]:
    """The runs of an incident, or of one of its openings, in the order in which they began."""
    statement = select(PlaybookRun).where(PlaybookRun.incident_id == incident_id)
    if episode is not None:
        statement = statement.where(PlaybookRun.episode == episode)
    return session.scalars(statement.order_by(PlaybookRun.started_at, PlaybookRun.run_id)).all()


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
