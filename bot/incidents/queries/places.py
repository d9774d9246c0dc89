"""Where an incident is spoken about: in its channel, or, while it has none to speak in, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack import queries as messages

MIRROR = "mirror:"  # the key of the incident's message in the announcement channel, before the incident's id


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, or a thread in one."""

    channel_id: str
    thread_ts: str | None = None


def place_of(session: Session, row: IncidentRow) -> Place | None:
    """Its channel; while there is none to speak in, the thread of its message in the announcement channel.

    None where there is neither. A security incident has no thread: everybody reads that channel.
    """
    if row.channel_id and not row.channel_archived and not row.channel_trouble:
        return Place(row.channel_id)
    if not row.channel_trouble or is_private(row.ref):
        return None
    mirror = messages.find_message(session, f"{MIRROR}{row.incident_id}")
    return Place(mirror.channel_id, mirror.ts) if mirror is not None and mirror.ts else None


def find_by_thread(session: Session, channel_id: str, thread_ts: str | None) -> IncidentRow | None:
    """The incident that is spoken about in this thread because it has no channel to speak in."""
    key = messages.find_key(session, channel_id, thread_ts, MIRROR) if thread_ts else None
    row = session.get(IncidentRow, int(key.removeprefix(MIRROR))) if key else None
    return row if row is not None and row.channel_trouble and not is_private(row.ref) else None


def claim_retries(session: Session, now: datetime, limit: int) -> Sequence[IncidentRow]:
    """Incidents whose channel is to be tried again by now, those that waited longest first; locked."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.channel_retry_at <= now, IncidentRow.status != Status.CLOSED.value)
        .order_by(IncidentRow.channel_retry_at, IncidentRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return session.scalars(statement).all()


def find_refused_creation(session: Session) -> str | None:
    """Slack's reason where it refuses to create the channel of an incident that is open; None where it does not."""
    statement = select(IncidentRow.channel_trouble).where(
        IncidentRow.channel_id.is_(None),
        IncidentRow.channel_retry_at.is_not(None),
        IncidentRow.status.not_in([Status.RESOLVED.value, Status.CLOSED.value]),
    )
    return session.scalar(statement.order_by(IncidentRow.declared_at.desc()).limit(1))


def list_refusals(session: Session, since: datetime) -> dict[tuple[str, str], list[str]]:
    """What Slack refused since then to incidents that are not closed: refs by method and Slack's name of the reason."""
    entry = TimelineEntry
    method, error = entry.data["method"].astext, entry.data["error"].astext
    statement = (
        select(method, error, func.array_agg(IncidentRow.ref.distinct()))
        .join(IncidentRow, IncidentRow.incident_id == entry.incident_id)
        .where(
            entry.kind == Kind.NOT_DONE.value,
            entry.at >= since,
            IncidentRow.status != Status.CLOSED.value,
            method.is_not(None),
        )
        .group_by(method, error)
        .order_by(method, error)
    )
    return {(row[0], row[1]): list(row[2]) for row in session.execute(statement)}
