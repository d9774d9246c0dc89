"""Queries of what owners are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.queries.incidents import real
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.playbooks.rules.upkeep import RequestKind
from bot.playbooks.tables import UpkeepRequest

_GONE = "That question is gone."


def add(
    session: Session,
    key: str,
    kind: RequestKind,
    ref: str,
    now: datetime,
    data: dict[str, Any] | None = None,
    incident_id: int | None = None,
) -> bool:
    """Have it asked from `now` on; False where it was before, by any replica."""
    values = {"key": key, "kind": kind.value, "ref": ref, "incident_id": incident_id, "data": data or {}}
    statement = insert(UpkeepRequest).values(created_at=now, ask_at=now, **values)
    statement = statement.on_conflict_do_nothing(index_elements=["key"])
    return session.execute(statement.returning(UpkeepRequest.request_id)).first() is not None


def get(session: Session, request_id: int) -> UpkeepRequest:
    row = session.get(UpkeepRequest, request_id)
    if row is None:
        raise BadRequest(_GONE)
    return row


def get_for_change(session: Session, request_id: int) -> UpkeepRequest:
    """Locked: of two who answer at once, the second sees what the first said."""
    row = session.get(UpkeepRequest, request_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise BadRequest(_GONE)
    return row


def claim_due(session: Session, now: datetime, limit: int) -> Sequence[UpkeepRequest]:
    """Those to be asked now, locked; what another replica holds is passed over."""
    statement = select(UpkeepRequest).where(UpkeepRequest.ask_at <= now).order_by(UpkeepRequest.ask_at)
    return session.scalars(statement.limit(limit).with_for_update(skip_locked=True)).all()


def count_since(session: Session, since: datetime) -> int:
    statement = select(func.count()).select_from(UpkeepRequest)
    return session.scalar(statement.where(UpkeepRequest.created_at >= since)) or 0


def list_open(session: Session, kind: RequestKind) -> set[str]:
    """The refs about which a question of that kind waits for its answer."""
    statement = select(UpkeepRequest.ref).where(
        UpkeepRequest.kind == kind.value, UpkeepRequest.answered_at.is_(None), UpkeepRequest.ask_at.is_not(None)
    )
    return set(session.scalars(statement))


def last_answers(session: Session, kind: RequestKind) -> dict[str, datetime]:
    """When a question of that kind was last answered, by ref."""
    statement = (
        select(UpkeepRequest.ref, func.max(UpkeepRequest.answered_at))
        .where(UpkeepRequest.kind == kind.value, UpkeepRequest.answered_at.is_not(None))
        .group_by(UpkeepRequest.ref)
    )
    return {ref: at for ref, at in session.execute(statement) if at is not None}


def list_closed(session: Session, severities: Sequence[str], since: datetime, limit: int) -> Sequence[IncidentRow]:
    """Incidents of these severities that were closed since then, and that no question was asked about yet."""
    asked = select(UpkeepRequest.request_id).where(
        UpkeepRequest.incident_id == IncidentRow.incident_id, UpkeepRequest.kind == RequestKind.LESSON.value
    )
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status == Status.CLOSED.value, IncidentRow.closed_at >= since)
        .where(IncidentRow.severity.in_(severities), IncidentRow.false_alarm.is_not(True))
        .where(IncidentRow.merged_into.is_(None), ~asked.exists(), real())
        .order_by(IncidentRow.closed_at)
        .limit(limit)
    )
    return session.scalars(statement).all()
