"""Queries of who is in the channel of a security incident."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.rules.incident import SECURITY
from bot.incidents.tables import IncidentRow, MemberRow


def take_event(session: Session, incident_id: int, user_id: str, present: bool, event_ts: str, now: datetime) -> bool:
    """Keep what an event said; False where a later one is known already."""
    values = {"present": present, "as_of": now, "event_ts": event_ts}
    statement = insert(MemberRow).values(incident_id=incident_id, user_id=user_id, **values)
    older = or_(MemberRow.event_ts.is_(None), MemberRow.event_ts < event_ts)
    kept = statement.on_conflict_do_update(
        index_elements=["incident_id", "user_id"], set_=values, where=older
    ).returning(MemberRow.user_id)
    return session.scalar(kept) is not None


def take_list(session: Session, incident_id: int, user_ids: Collection[str], asked_at: datetime) -> frozenset[str]:
    """Keep who Slack said is there when it was asked, unless an event said more since. Who came or left by that."""
    known = {row.user_id: row for row in session.scalars(select(MemberRow).where(MemberRow.incident_id == incident_id))}
    changed = set()
    for user_id in {*known, *user_ids}:
        row, present = known.get(user_id), user_id in user_ids
        if row is None:
            session.add(MemberRow(incident_id=incident_id, user_id=user_id, present=True, as_of=asked_at))
        elif row.present is present or row.as_of > asked_at:
            continue
        else:
            row.present, row.as_of = present, asked_at
        changed.add(user_id)
    session.flush()
    return frozenset(changed)


def claim_unread(session: Session, before: datetime, now: datetime, limit: int) -> Sequence[IncidentRow]:
    """Security incidents with a channel whose members were last asked for before an instant, marked as asked now."""
    statement = (
        select(IncidentRow)
        .where(
            IncidentRow.ref.startswith(f"{SECURITY}-"),
            IncidentRow.channel_id.is_not(None),
            ~IncidentRow.channel_archived,
            or_(IncidentRow.members_read_at.is_(None), IncidentRow.members_read_at < before),
        )
        .order_by(IncidentRow.members_read_at.nulls_first(), IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    rows = session.scalars(statement).all()
    for row in rows:
        row.members_read_at = now
    session.flush()
    return rows


def forget_all(session: Session, incident_id: int, now: datetime) -> frozenset[str]:
    """Take nobody for present any more; who was."""
    statement = (
        update(MemberRow)
        .where(MemberRow.incident_id == incident_id, MemberRow.present)
        .values(present=False, as_of=now)
        .returning(MemberRow.user_id)
    )
    return frozenset(session.scalars(statement))
