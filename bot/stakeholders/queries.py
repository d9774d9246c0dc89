"""Queries of whom to tell: incidents without news for too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN
from bot.incidents.tables import IncidentRow
from bot.severity.rules import Severity


def claim_untold(
    session: Session, every: Mapping[Severity, timedelta], now: datetime, limit: int = 50
) -> Sequence[IncidentRow]:
    """Open incidents whose stakeholders have had no news for too long, locked and marked as reminded just now."""
    if not every:
        return []
    last = func.greatest(IncidentRow.declared_at, IncidentRow.told_at, IncidentRow.reminded_at)
    promised = func.coalesce(IncidentRow.next_update_at, now) > now  # until then nobody waits for news
    due = case({severity.value: now - span for severity, span in every.items()}, value=IncidentRow.severity)
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status.in_(OPEN), last <= due, ~promised)
        .order_by(IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    rows = session.scalars(statement).all()
    for row in rows:
        row.reminded_at = now
    return rows


def claim_promised(session: Session, now: datetime, limit: int = 50) -> Sequence[IncidentRow]:
    """Open incidents whose promised update has fallen due, locked."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status.in_(OPEN), IncidentRow.next_update_at <= now)
        .order_by(IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return session.scalars(statement).all()
