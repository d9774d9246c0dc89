"""Queries of suggested severities. At most one is open an incident, which the database itself sees to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.lifecycle.tables import SeveritySuggestion

OPEN, TAKEN, KEPT, OVERTAKEN = "open", "taken", "kept", "overtaken"


def add(session: Session, **values: Any) -> int | None:
    """The new suggestion's id; None where one is open for that incident, or that message made one before."""
    statement = insert(SeveritySuggestion).values(state=OPEN, **values).on_conflict_do_nothing()
    return session.execute(statement.returning(SeveritySuggestion.suggestion_id)).scalar_one_or_none()


def find(session: Session, suggestion_id: int) -> SeveritySuggestion | None:
    return session.get(SeveritySuggestion, suggestion_id)


def get_for_change(session: Session, suggestion_id: int) -> SeveritySuggestion | None:
    return session.get(SeveritySuggestion, suggestion_id, with_for_update=True, populate_existing=True)


def find_open(session: Session, incident_id: int) -> SeveritySuggestion | None:
    """The open one, locked."""
    statement = select(SeveritySuggestion).where(
        SeveritySuggestion.incident_id == incident_id, SeveritySuggestion.state == OPEN
    )
    return session.scalar(statement.with_for_update())


def was_kept(session: Session, incident_id: int, suggested: str) -> bool:
    """Whether people said no to that level for this incident."""
    statement = select(SeveritySuggestion.suggestion_id).where(
        SeveritySuggestion.incident_id == incident_id,
        SeveritySuggestion.suggested == suggested,
        SeveritySuggestion.state == KEPT,
    )
    return session.scalar(statement.limit(1)) is not None
