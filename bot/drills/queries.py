"""Queries of injects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.drills.tables import InjectRow
from bot.incidents.queries.incidents import OPEN, real
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to

WAITING, SAID, DROPPED = "waiting", "said", "dropped"


def claim_due(session: Session, now: datetime, limit: int) -> Sequence[InjectRow]:
    """Those whose time has come, locked, in their order; another replica passes over them."""
    statement = (
        select(InjectRow)
        .where(InjectRow.state == WAITING, InjectRow.due_at <= now)
        .order_by(InjectRow.due_at, InjectRow.incident_id, InjectRow.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


def list_replayable(session: Session, limit: int) -> Sequence[IncidentRow]:
    """The latest that are over and can be replayed."""
    statement = (
        select(IncidentRow)
        .where(visible_to(None), real(), IncidentRow.status.not_in(OPEN))
        .where(IncidentRow.merged_into.is_(None), IncidentRow.words_removed_at.is_(None))
        .order_by(IncidentRow.declared_at.desc(), IncidentRow.incident_id.desc())
        .limit(limit)
    )
    return session.scalars(statement).all()


def count_waiting(session: Session, incident_id: int) -> int:
    """How many are still to come."""
    statement = select(func.count()).where(InjectRow.incident_id == incident_id, InjectRow.state == WAITING)
    return session.scalar(statement) or 0
