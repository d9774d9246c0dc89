"""Queries of pings: what is planned, sent, cancelled. One row a rung and incident, whoever asks how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.tables import IncidentRow, PingRow

PLANNED, SENDING, SENT, CANCELLED, FAILED = "planned", "sending", "sent", "cancelled", "failed"


def list_of_incident(session: Session, incident_id: int) -> Sequence[PingRow]:
    statement = select(PingRow).where(PingRow.incident_id == incident_id)
    return session.scalars(statement.order_by(PingRow.due_at, PingRow.ping_id)).all()


def get(session: Session, ping_id: int) -> PingRow:
    return session.get_one(PingRow, ping_id)


def get_for_change(session: Session, ping_id: int) -> PingRow:
    return session.get_one(PingRow, ping_id, with_for_update=True, populate_existing=True)


def claim_awake(session: Session, now: datetime, limit: int) -> Sequence[IncidentRow]:
    """Incidents on whose plan something has fallen due, locked; those that another replica holds are passed over."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.wake_at <= now)
        .order_by(IncidentRow.wake_at, IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


def find_next_wake(session: Session) -> datetime | None:
    return session.scalar(select(func.min(IncidentRow.wake_at)))
