"""Queries of the room: who may see which incident, reminders to tell, channels to read back, offers to mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN
from bot.incidents.rules.incident import SECURITY
from bot.severity.rules import Severity
from bot.store.tables import HandoverRow, IncidentRow, KeyOffer, PingRow, RoleRow, TimelineEntry


def visible_to(viewer: str | None) -> ColumnElement[bool]:
    """The condition that an incident may be shown to this person; None stands for everybody.

    The only rule there is. A security incident's people are those who declared it, command it, acknowledged it, hold or
    held a role in it, were offered its command, were paged about it, or did anything in its channel. Whom a digest
    merely listed it for is none of them.
    """
    public = ~IncidentRow.ref.startswith(f"{SECURITY}-")
    if viewer is None:
        return public
    incident_id = IncidentRow.incident_id
    return or_(
        public,
        IncidentRow.declared_by == viewer,
        IncidentRow.commander == viewer,
        IncidentRow.acknowledged_by == viewer,
        exists().where(RoleRow.incident_id == incident_id, RoleRow.user_id == viewer),
        exists().where(HandoverRow.incident_id == incident_id, HandoverRow.to_user == viewer),
        exists().where(
            PingRow.incident_id == incident_id,
            literal(viewer) == func.any(PingRow.user_ids),
            PingRow.state == "sent",
            PingRow.kind != "digest",
        ),
        exists().where(TimelineEntry.incident_id == incident_id, TimelineEntry.author == viewer),
    )


def may_see(session: Session, row: IncidentRow, viewer: str | None) -> bool:
    """Whether this person may be shown the incident."""
    statement = select(IncidentRow.incident_id).where(IncidentRow.incident_id == row.incident_id, visible_to(viewer))
    return session.scalar(statement) is not None


def list_page(
    session: Session, viewer: str | None, *, offset: int = 0, limit: int = 20, closed: bool = False, mine: bool = False
) -> tuple[Sequence[IncidentRow], int]:
    """One page of the incidents that this person may see, and how many there are in all.

    Open ones come the worst and then the oldest first, `closed` ones (resolved ones too) the newest first.
    """
    condition = visible_to(viewer) & (IncidentRow.status.not_in(OPEN) if closed else IncidentRow.status.in_(OPEN))
    if mine:
        held = exists().where(
            RoleRow.incident_id == IncidentRow.incident_id, RoleRow.user_id == viewer, RoleRow.ended_at.is_(None)
        )
        condition &= or_(IncidentRow.declared_by == viewer, IncidentRow.commander == viewer, held)
    order = (
        (IncidentRow.declared_at.desc(), IncidentRow.incident_id.desc())
        if closed
        else (IncidentRow.severity, IncidentRow.declared_at, IncidentRow.incident_id)
    )
    rows = session.scalars(select(IncidentRow).where(condition).order_by(*order).offset(offset).limit(limit)).all()
    return rows, session.scalar(select(func.count()).select_from(IncidentRow).where(condition)) or 0


def list_roles(session: Session, incident_id: int) -> dict[str, str]:
    """Who holds which role now, by role."""
    statement = select(RoleRow).where(RoleRow.incident_id == incident_id, RoleRow.ended_at.is_(None))
    return {row.role: row.user_id for row in session.scalars(statement)}


def list_asked_pings(session: Session, user_id: str, limit: int) -> Sequence[tuple[PingRow, IncidentRow]]:
    """Pages that went to this person about open incidents and wait for an answer, the newest first."""
    statement = (
        select(PingRow, IncidentRow)
        .join(IncidentRow)
        .where(PingRow.state == "sent", PingRow.kind != "digest", PingRow.acknowledged_at.is_(None))
        .where(
            literal(user_id) == func.any(PingRow.user_ids),
            IncidentRow.status.in_(OPEN),
            IncidentRow.acknowledged_at.is_(None),
        )
        .order_by(PingRow.sent_at.desc())
        .limit(limit)
    )
    return [(ping, row) for ping, row in session.execute(statement)]


def list_offered_handovers(session: Session, user_id: str) -> Sequence[tuple[HandoverRow, IncidentRow]]:
    """Commands that were offered to this person and not accepted yet."""
    statement = (
        select(HandoverRow, IncidentRow)
        .join(IncidentRow)
        .where(HandoverRow.to_user == user_id, HandoverRow.state == "offered", IncidentRow.status.in_(OPEN))
        .order_by(HandoverRow.asked_at)
    )
    return [(offer, row) for offer, row in session.execute(statement)]


def claim_untold(
    session: Session, every: Mapping[Severity, timedelta], now: datetime, limit: int = 50
) -> Sequence[IncidentRow]:
    """Open incidents whose stakeholders have had no news for too long, locked and marked as reminded just now."""
    if not every:
        return []
    last = func.greatest(IncidentRow.declared_at, IncidentRow.told_at, IncidentRow.reminded_at)
    due = case({severity.value: now - span for severity, span in every.items()}, value=IncidentRow.severity)
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status.in_(OPEN), last <= due)
        .order_by(IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    rows = session.scalars(statement).all()
    for row in rows:
        row.reminded_at = now
    return rows


def claim_unread(
    session: Session, before: datetime, now: datetime, ended_after: datetime, limit: int = 100
) -> Sequence[IncidentRow]:
    """Incidents whose channels were last read back before an instant, locked and marked as read now.

    Those that are open, and those that ended after `ended_after`: people go on speaking in them. Those that somebody
    else has locked are passed over.
    """
    statement = (
        select(IncidentRow)
        .where(_unread(before, ended_after))
        .order_by(IncidentRow.incident_id)
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
        or_(IncidentRow.status.in_(OPEN), ended_at > ended_after),
        IncidentRow.channel_id.is_not(None),
        ~IncidentRow.channel_archived,
        or_(IncidentRow.read_back_at.is_(None), IncidentRow.read_back_at < before),
    )


def offer_key(session: Session, incident_id: int, message_ts: str, now: datetime, most_an_hour: int) -> bool:
    """True when this message may be offered as a key one: not offered before, and few were within the last hour."""
    # Of messages taken in at the same moment, each sees the offers of those before it.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"key-offers:{incident_id}", 0))))
    recent = select(func.count()).where(
        KeyOffer.incident_id == incident_id, KeyOffer.offered_at > now - timedelta(hours=1)
    )
    if (session.scalar(recent) or 0) >= most_an_hour:
        return False
    values = {"incident_id": incident_id, "message_ts": message_ts, "offered_at": now}
    statement = insert(KeyOffer).values(**values).on_conflict_do_nothing().returning(KeyOffer.message_ts)
    return session.execute(statement).scalar_one_or_none() is not None
