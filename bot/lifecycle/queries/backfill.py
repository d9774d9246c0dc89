"""Queries of channels that are to be read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN as OPEN_STATUSES
from bot.incidents.tables import IncidentRow


def claim_unread(
    session: Session, before: datetime, now: datetime, ended_after: datetime, limit: int = 100
) -> Sequence[IncidentRow]:
    """Incidents whose channels were last read back before an instant, locked and marked as read now.

    Those that are open, the worst and then the newest first, and those that ended after `ended_after`: people go on
    speaking in them. Those that somebody
    else has locked are passed over.
    """
    statement = (
        select(IncidentRow)
        .where(_unread(before, ended_after))
        .order_by(IncidentRow.status.not_in(OPEN_STATUSES), IncidentRow.severity, IncidentRow.declared_at.desc())
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    rows = session.scalars(statement).all()
    for row in rows:
        row.read_back_at = now
    session.flush()
    return rows


def any_unread(session: Session, before: datetime, ended_after: datetime) -> bool:
    """Whether one of them was not claimed since."""
    return bool(session.scalar(select(exists().where(_unread(before, ended_after)))))


def _unread(before: datetime, ended_after: datetime) -> ColumnElement[bool]:
    ended_at = func.greatest(IncidentRow.resolved_at, IncidentRow.closed_at)
    return and_(
        or_(IncidentRow.status.in_(OPEN_STATUSES), ended_at > ended_after),
        IncidentRow.channel_id.is_not(None),
        ~IncidentRow.channel_archived,
        or_(IncidentRow.read_back_at.is_(None), IncidentRow.read_back_at < before),
    )


def list_archived(session: Session) -> Sequence[IncidentRow]:
    """Open incidents whose channel was archived when we last heard of it."""
    statement = select(IncidentRow).where(IncidentRow.channel_archived, IncidentRow.status.in_(OPEN_STATUSES))
    return session.scalars(statement.order_by(IncidentRow.incident_id)).all()
