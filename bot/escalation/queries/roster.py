"""Queries of the roster: overrides made in Slack, imported shifts, and hand-overs of command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.escalation.tables import OverrideRow, ShiftRow


def lock_roster(session: Session) -> None:
    """Have other changes of the roster wait until this transaction ends, so that two never overlap."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("roster", 0))))


def list_overrides(session: Session, now: datetime) -> Sequence[OverrideRow]:
    """Those that hold now or will, by their beginning."""
    statement = select(OverrideRow).where(OverrideRow.removed_at.is_(None), OverrideRow.until_at > now)
    return session.scalars(statement.order_by(OverrideRow.from_at, OverrideRow.override_id)).all()


def find_override_by_request(session: Session, request_key: str) -> OverrideRow | None:
    return session.scalar(select(OverrideRow).where(OverrideRow.request_key == request_key))


def get_override(session: Session, override_id: int) -> OverrideRow:
    return session.get_one(OverrideRow, override_id)


def add_override(session: Session, **values: Any) -> OverrideRow:
    row = OverrideRow(**values)
    session.add(row)
    session.flush()
    return row


def end_overrides_of(session: Session, user_id: str, now: datetime) -> None:
    """Nobody is on call by an override in the name of somebody who was erased."""
    mine = update(OverrideRow).where(OverrideRow.user_id == user_id, OverrideRow.removed_at.is_(None))
    session.execute(mine.where(OverrideRow.until_at > now).values(removed_at=now, removed_by=user_id))


def list_shifts(session: Session, now: datetime) -> Sequence[ShiftRow]:
    """Imported shifts that hold now or will, by role and time."""
    statement = select(ShiftRow).where(ShiftRow.until_at > now)
    return session.scalars(statement.order_by(ShiftRow.role, ShiftRow.from_at)).all()


def replace_shifts(session: Session, role: str, shifts: Iterable[ShiftRow]) -> None:
    """Put these in place of the role's earlier ones."""
    session.execute(delete(ShiftRow).where(ShiftRow.role == role))
    session.add_all(list(shifts))
    session.flush()
