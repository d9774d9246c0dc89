"""Which past incident a drill replays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow, ReplayRow


def add(session: Session, drill: IncidentRow, source: IncidentRow, speed: float, injects: int) -> None:
    """Note it, once for each drill."""
    ids = {"incident_id": drill.incident_id, "source_id": source.incident_id}
    session.add(ReplayRow(**ids, speed=speed, injects=injects))
    session.flush()


def find(session: Session, incident_id: int) -> ReplayRow | None:
    """None for real incidents and for drills that replay none."""
    return session.get(ReplayRow, incident_id)


def replayed_ref(session: Session, incident_id: int) -> str:
    """The reference of the incident that this one replays, as it is now; empty where it replays none."""
    replay = find(session, incident_id)
    return incidents.get(session, replay.source_id).ref if replay is not None else ""


def list_drills_of(session: Session, source_ids: list[int]) -> list[int]:
    """The drills that replay one of these."""
    return list(session.scalars(select(ReplayRow.incident_id).where(ReplayRow.source_id.in_(source_ids))))
