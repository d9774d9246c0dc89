"""Queries of who saw and did what on security incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.incidents.tables import AccessRow


def add(session: Session, incident_id: int, who: str, what: str, now: datetime) -> None:
    """Keep one line."""
    session.add(AccessRow(incident_id=incident_id, at=now, who=who, what=what))


def list_latest(session: Session, incident_id: int, limit: int) -> Sequence[AccessRow]:
    """The latest lines, the newest first."""
    statement = select(AccessRow).where(AccessRow.incident_id == incident_id)
    return session.scalars(statement.order_by(AccessRow.access_id.desc()).limit(limit)).all()


def count(session: Session, incident_id: int) -> int:
    """How many lines there are."""
    statement = select(func.count()).select_from(AccessRow).where(AccessRow.incident_id == incident_id)
    return session.scalar(statement) or 0


def forget(session: Session, before: datetime, most: int) -> int:
    """Remove lines from before an instant, `most` at once; how many."""
    old = select(AccessRow.access_id).where(AccessRow.at < before).order_by(AccessRow.at).limit(most)
    gone = delete(AccessRow).where(AccessRow.access_id.in_(old)).returning(AccessRow.access_id)
    return len(session.scalars(gone).all())
