"""Queries of pings: what is planned, sent, cancelled. One row a rung and incident, whoever asks how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bot.escalation.rules.plan import PingKind
from bot.escalation.tables import PingRow
from bot.incidents.queries.incidents import OPEN
from bot.incidents.tables import IncidentRow

PLANNED, SENDING, SENT, CANCELLED, FAILED = "planned", "sending", "sent", "cancelled", "failed"


def list_of_incident(session: Session, incident_id: int) -> Sequence[PingRow]:
    statement = select(PingRow).where(PingRow.incident_id == incident_id)
    return session.scalars(statement.order_by(PingRow.due_at, PingRow.ping_id)).all()


def list_of_incidents(session: Session, incident_ids: Sequence[int]) -> dict[int, list[PingRow]]:
    """The pings of many incidents in one query, by incident."""
    found: dict[int, list[PingRow]] = {incident_id: [] for incident_id in incident_ids}
    statement = select(PingRow).where(PingRow.incident_id.in_(incident_ids))
    for ping in session.scalars(statement.order_by(PingRow.due_at, PingRow.ping_id)):
        found[ping.incident_id].append(ping)
    return found


def list_paged(session: Session, incident_id: int) -> list[str]:
    """Everybody to whom a page about the incident went out."""
    statement = select(func.unnest(PingRow.user_ids)).where(
        PingRow.incident_id == incident_id, PingRow.state == SENT, PingRow.kind != PingKind.DIGEST
    )
    return list(dict.fromkeys(session.scalars(statement.order_by(PingRow.ping_id))))


def find_by_key(session: Session, incident_id: int, key: str) -> PingRow | None:
    return session.scalar(select(PingRow).where(PingRow.incident_id == incident_id, PingRow.key == key))


def list_digest_for_change(session: Session, role: str, due_at: datetime) -> Sequence[tuple[PingRow, IncidentRow]]:
    """What one digest lists: pings that are due or sent, with their incidents, the worst and oldest first.

    The pings are locked in the order of their ids, as everybody locks them.
    """
    statement = (
        select(PingRow, IncidentRow)
        .join(IncidentRow)
        .where(PingRow.kind == "digest", PingRow.role == role, PingRow.due_at == due_at)
        .where(PingRow.state.in_((PLANNED, SENDING, SENT)))
        .order_by(PingRow.ping_id)
        .with_for_update(of=PingRow)
    )
    found = [(ping, row) for ping, row in session.execute(statement)]
    return sorted(found, key=lambda each: (each[1].severity, each[1].declared_at, each[1].incident_id))


def get(session: Session, ping_id: int) -> PingRow:
    return session.get_one(PingRow, ping_id)


def get_for_change(session: Session, ping_id: int) -> PingRow:
    return session.get_one(PingRow, ping_id, with_for_update=True, populate_existing=True)


def list_for_change(session: Session, ping_ids: Sequence[int]) -> Sequence[PingRow]:
    """The pings, locked, in the order of their ids."""
    statement = select(PingRow).where(PingRow.ping_id.in_(ping_ids)).order_by(PingRow.ping_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def list_with_incidents(
    session: Session, ping_ids: Sequence[int], *, for_change: bool = False
) -> Sequence[tuple[PingRow, IncidentRow]]:
    """The pings, each with its incident; the pings locked with `for_change`."""
    statement = select(PingRow, IncidentRow).join(IncidentRow).where(PingRow.ping_id.in_(ping_ids))
    statement = statement.order_by(PingRow.ping_id)
    if for_change:
        statement = statement.with_for_update(of=PingRow)
    return [(ping, row) for ping, row in session.execute(statement)]


def claim_awake(session: Session, now: datetime, limit: int) -> Sequence[IncidentRow]:
    """Incidents on whose plan something has fallen due, locked; those that another replica holds are passed over."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.wake_at <= now)
        .order_by(IncidentRow.wake_at, IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return session.scalars(statement).all()


def find_next_wake(session: Session) -> datetime | None:
    return session.scalar(select(func.min(IncidentRow.wake_at)))


def list_overdue(session: Session, before: datetime, limit: int) -> Sequence[str]:
    """The refs of incidents whose plan should have been woken before an instant, the longest waiting first."""
    statement = select(IncidentRow.ref).where(IncidentRow.wake_at < before).order_by(IncidentRow.wake_at).limit(limit)
    return session.scalars(statement).all()


def list_of_pings_shared(session: Session, ping_ids: Sequence[int]) -> Sequence[IncidentRow]:
    """The incidents of these pings, as they stand, locked against changes until the transaction ends."""
    of = select(PingRow.incident_id).where(PingRow.ping_id.in_(ping_ids))
    statement = select(IncidentRow).where(IncidentRow.incident_id.in_(of)).order_by(IncidentRow.incident_id)
    return session.scalars(statement.with_for_update(read=True).execution_options(populate_existing=True)).all()


def list_asked_pings(session: Session, user_id: str, limit: int) -> Sequence[tuple[PingRow, IncidentRow]]:
    """The latest page to this person about each open incident that nobody acknowledged, the newest first."""
    statement = _unanswered(user_id).where(IncidentRow.acknowledged_at.is_(None))
    latest = statement.order_by(None).ext(distinct_on(IncidentRow.incident_id))
    found = session.execute(latest.order_by(IncidentRow.incident_id, PingRow.sent_at.desc())).all()
    return sorted(((ping, row) for ping, row in found), key=lambda one: one[0].sent_at or one[0].due_at, reverse=True)[
        :limit
    ]


def list_unanswered_pages(session: Session, user_id: str, limit: int) -> Sequence[tuple[PingRow, IncidentRow]]:
    """Pages that went to this person about open incidents and that they did not answer, the newest first."""
    return [(ping, row) for ping, row in session.execute(_unanswered(user_id).limit(limit))]


def _unanswered(user_id: str) -> Select[PingRow, IncidentRow]:
    return (
        select(PingRow, IncidentRow)
        .join(IncidentRow)
        .where(PingRow.state == SENT, PingRow.kind != PingKind.DIGEST, PingRow.acknowledged_by.is_(None))
        .where(literal(user_id) == func.any(PingRow.user_ids), IncidentRow.status.in_(OPEN))
        .order_by(PingRow.sent_at.desc())
    )
