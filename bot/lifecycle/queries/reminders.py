"""Queries of reminders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.lifecycle.tables import ReminderRow

WAITING, DUE = "waiting", "due"


def add(
    session: Session, key: str, incident_id: int, user_id: str, text: str, *, due_at: datetime, now: datetime
) -> None:
    """Nothing where one of that key was there."""
    values = {"request_key": key, "incident_id": incident_id, "user_id": user_id, "text": text}
    session.execute(
        insert(ReminderRow).values(**values, due_at=due_at, made_at=now, state=WAITING).on_conflict_do_nothing()
    )


def find(session: Session, reminder_id: int) -> ReminderRow | None:
    return session.get(ReminderRow, reminder_id)


def remove(session: Session, reminder: ReminderRow) -> None:
    session.delete(reminder)


def list_waiting(session: Session, incident_id: int) -> Sequence[ReminderRow]:
    """Those of an incident that are still to come, the next one first."""
    statement = select(ReminderRow).where(ReminderRow.incident_id == incident_id, ReminderRow.state == WAITING)
    return session.scalars(statement.order_by(ReminderRow.due_at, ReminderRow.reminder_id)).all()


def count_waiting(session: Session, incident_id: int) -> int:
    statement = select(func.count()).where(ReminderRow.incident_id == incident_id, ReminderRow.state == WAITING)
    return session.scalar(statement) or 0


def claim_due(session: Session, now: datetime, limit: int) -> Sequence[ReminderRow]:
    """Those whose time has come, locked; another replica passes over them."""
    statement = (
        select(ReminderRow)
        .where(ReminderRow.state == WAITING, ReminderRow.due_at <= now)
        .order_by(ReminderRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()
