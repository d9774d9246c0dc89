"""Queries of drafted reviews."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.reviews.rules.document import Review
from bot.reviews.tables import ReviewRow


def add(
    session: Session,
    incident_id: int,
    *,
    drafted_at: datetime,
    due_at: datetime,
    document: Review,
) -> ReviewRow:
    """Keep a draft as the next version of the incident's review."""
    last = select(func.coalesce(func.max(ReviewRow.version), 0)).where(ReviewRow.incident_id == incident_id)
    row = ReviewRow(
        incident_id=incident_id,
        version=last.scalar_subquery() + 1,
        drafted_at=drafted_at,
        due_at=due_at,
        document=document,
    )
    session.add(row)
    session.flush()
    return row


def last_drafted_at(session: Session, incident_id: int) -> datetime | None:
    """When it was last drafted, without the document, which is large; None before a draft."""
    return session.scalar(select(func.max(ReviewRow.drafted_at)).where(ReviewRow.incident_id == incident_id))


def find_last(session: Session, incident_id: int) -> ReviewRow | None:
    statement = select(ReviewRow).where(ReviewRow.incident_id == incident_id).order_by(ReviewRow.version.desc())
    return session.scalar(statement.limit(1))
