"""Queries of offers of command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN as OPEN_STATUSES
from bot.incidents.tables import HandoverRow, IncidentRow


def list_offered_handovers(session: Session, user_id: str) -> Sequence[tuple[HandoverRow, IncidentRow]]:
    """Commands that were offered to this person and not accepted yet."""
    statement = (
        select(HandoverRow, IncidentRow)
        .join(IncidentRow)
        .where(HandoverRow.to_user == user_id, HandoverRow.state == "offered", IncidentRow.status.in_(OPEN_STATUSES))
        .order_by(HandoverRow.asked_at)
    )
    return [(offer, row) for offer, row in session.execute(statement)]


def find_handover_by_request(session: Session, request_key: str) -> HandoverRow | None:
    return session.scalar(select(HandoverRow).where(HandoverRow.request_key == request_key))


def find_offered(session: Session, incident_id: int) -> HandoverRow | None:
    """The hand-over of this incident that waits for an answer."""
    return session.scalar(
        select(HandoverRow).where(HandoverRow.incident_id == incident_id, HandoverRow.state == OFFERED)
    )


def get_handover(session: Session, handover_id: int, for_change: bool = False) -> HandoverRow:
    return session.get_one(HandoverRow, handover_id, with_for_update=for_change, populate_existing=for_change)


def add_handover(session: Session, **values: Any) -> HandoverRow:
    row = HandoverRow(state=OFFERED, **values)
    session.add(row)
    session.flush()
    return row


OFFERED, ACCEPTED, WITHDRAWN = "offered", "accepted", "withdrawn"
