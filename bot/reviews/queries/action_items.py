"""Queries of action items. Numbers run within an incident, whose row must be locked while one is added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.escalation.tables import PingRow
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to
from bot.reviews.tables import ActionRow

PROPOSED, OPEN, DONE, DROPPED = "proposed", "open", "done", "dropped"


def find_by_request(session: Session, request_key: str) -> ActionRow | None:
    return session.scalar(select(ActionRow).where(ActionRow.request_key == request_key))


def find_for_change(session: Session, incident_id: int, number: int) -> ActionRow | None:
    statement = select(ActionRow).where(ActionRow.incident_id == incident_id, ActionRow.number == number)
    return session.scalar(statement.with_for_update().execution_options(populate_existing=True))


def get(session: Session, action_id: int) -> ActionRow:
    return session.get_one(ActionRow, action_id)


def add(session: Session, incident_id: int, **values: Any) -> ActionRow:
    """With the next number of the incident."""
    return add_many(session, incident_id, [values])[0]


def add_many(session: Session, incident_id: int, values: Sequence[dict[str, Any]]) -> list[ActionRow]:
    """With the next numbers of the incident, in one statement."""
    if not values:
        return []
    last = session.scalar(select(func.max(ActionRow.number)).where(ActionRow.incident_id == incident_id)) or 0
    rows = [ActionRow(incident_id=incident_id, number=last + n, **each) for n, each in enumerate(values, start=1)]
    session.add_all(rows)
    session.flush()
    return rows


def known_requests(session: Session, request_keys: Iterable[str]) -> set[str]:
    """Those of these requests that made an item before."""
    wanted = list(request_keys)
    if not wanted:
        return set()
    return set(session.scalars(select(ActionRow.request_key).where(ActionRow.request_key.in_(wanted))))


def list_of_incident(
    session: Session, incident_id: int, states: Collection[str] = (PROPOSED, OPEN, DONE)
) -> Sequence[ActionRow]:
    """By number."""
    statement = select(ActionRow).where(ActionRow.incident_id == incident_id, ActionRow.state.in_(states))
    return session.scalars(statement.order_by(ActionRow.number)).all()


def list_paged_and_owners(session: Session, incident_id: int) -> set[str]:
    """Who was paged for the incident, and who owns its action items, by id or as they were named."""
    paged = select(func.unnest(PingRow.user_ids)).where(PingRow.incident_id == incident_id)
    owners = select(ActionRow.owner).where(
        ActionRow.incident_id == incident_id,
        ActionRow.state.in_((PROPOSED, OPEN, DONE)),
        ActionRow.owner.is_not(None),
    )
    return set(session.scalars(paged.union(owners)))


def list_open(session: Session, viewer: str | None, limit: int = 200) -> Sequence[tuple[ActionRow, IncidentRow]]:
    """Open ones of all incidents that this person may see: what is due first, then what has no date."""
    statement = (
        select(ActionRow, IncidentRow)
        .join(IncidentRow)
        .where(ActionRow.state == OPEN, visible_to(viewer))
        .order_by(ActionRow.due_on.nulls_last(), ActionRow.action_id)
    )
    return [(action, row) for action, row in session.execute(statement.limit(limit))]


def list_of_owner(session: Session, user_id: str, limit: int = 50) -> Sequence[tuple[ActionRow, IncidentRow]]:
    """Open ones of one person: what is due first, then what has no date."""
    statement = (
        select(ActionRow, IncidentRow)
        .join(IncidentRow)
        .where(ActionRow.state == OPEN, ActionRow.owner == user_id)
        .order_by(ActionRow.due_on.nulls_last(), ActionRow.action_id)
    )
    return [(action, row) for action, row in session.execute(statement.limit(limit))]


def claim_to_remind(session: Session, now: datetime, limit: int) -> Sequence[ActionRow]:
    """Items that have become overdue, locked; those that another replica holds are passed over."""
    statement = (
        select(ActionRow)
        .where(ActionRow.remind_at <= now)
        .order_by(ActionRow.remind_at, ActionRow.action_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()
