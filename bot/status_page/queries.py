"""Queries of what was published. What belongs to a security incident is never among what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to
from bot.status_page.rules.published import Condition, Post, State, Update
from bot.status_page.tables import StatusPost, StatusUpdate


def list_shown(session: Session, since: datetime) -> tuple[Post, ...]:
    """What the page may show: all that is not over, and what was published or ended since; the newest first."""
    statement = (
        select(StatusPost)
        .outerjoin(IncidentRow, IncidentRow.incident_id == StatusPost.incident_id)
        .where(
            StatusPost.withdrawn_at.is_(None),
            or_(StatusPost.incident_id.is_(None), visible_to(None)),
            or_(StatusPost.over_at.is_(None), StatusPost.over_at >= since, StatusPost.began_at >= since),
            or_(StatusPost.ends_at.is_(None), StatusPost.ends_at >= since),
        )
        .order_by(StatusPost.began_at.desc(), StatusPost.post_id.desc())
    )
    rows = session.scalars(statement).all()
    updates = _updates(session, [row.post_id for row in rows])
    return tuple(_post(row, updates[row.post_id]) for row in rows if updates.get(row.post_id))


def _updates(session: Session, post_ids: Iterable[int]) -> dict[int, list[StatusUpdate]]:
    found: dict[int, list[StatusUpdate]] = {}
    wanted = StatusUpdate.post_id.in_(list(post_ids))
    for row in session.scalars(select(StatusUpdate).where(wanted).order_by(StatusUpdate.at, StatusUpdate.update_id)):
        found.setdefault(row.post_id, []).append(row)
    return found


def _post(row: StatusPost, updates: Sequence[StatusUpdate]) -> Post:
    shown = tuple(
        Update(
            f"{row.public_id[:8]}{number:04d}",
            State(one.state),
            one.text,
            one.at,
            one.corrected_at or one.at,
            {key: Condition(value) for key, value in one.components.items()},
        )
        for number, one in enumerate(updates, 1)
    )
    return Post(row.public_id, row.title, row.began_at, row.published_at, shown, row.ends_at)


def as_post(session: Session, row: StatusPost) -> Post:
    """The row with its updates."""
    return _post(row, _updates(session, [row.post_id])[row.post_id])


def find_open(session: Session, incident_id: int) -> StatusPost | None:
    """What is published of an incident, or of a duplicate that was merged into it, and not said to be over."""
    return session.scalar(_of_incident(incident_id).where(StatusPost.over_at.is_(None)).limit(1))


def find_last(session: Session, incident_id: int) -> StatusPost | None:
    """The same, be it over; the latest."""
    return session.scalar(_of_incident(incident_id).limit(1))


def _of_incident(incident_id: int) -> Select[StatusPost]:
    duplicates = select(IncidentRow.incident_id).where(IncidentRow.merged_into == incident_id)
    return (
        select(StatusPost)
        .where(
            or_(StatusPost.incident_id == incident_id, StatusPost.incident_id.in_(duplicates)),
            StatusPost.withdrawn_at.is_(None),
            StatusPost.ends_at.is_(None),
        )
        .order_by((StatusPost.incident_id == incident_id).desc(), StatusPost.post_id.desc())
    )


def list_of_incident(session: Session, incident_id: int) -> Sequence[StatusPost]:
    """All that is published of an incident and of its duplicates, withdrawn ones left out."""
    return session.scalars(_of_incident(incident_id)).all()


def list_maintenance(session: Session, now: datetime) -> Sequence[StatusPost]:
    """What is scheduled or under way, the next first."""
    statement = select(StatusPost).where(
        StatusPost.withdrawn_at.is_(None), StatusPost.over_at.is_(None), StatusPost.ends_at > now
    )
    return session.scalars(statement.order_by(StatusPost.began_at, StatusPost.post_id)).all()


def find_for_change(session: Session, post_id: int) -> StatusPost | None:
    return session.scalar(select(StatusPost).where(StatusPost.post_id == post_id).with_for_update())


def last_update(session: Session, post_id: int) -> StatusUpdate:
    """Raises NoResultFound."""
    statement = select(StatusUpdate).where(StatusUpdate.post_id == post_id)
    return session.scalars(statement.order_by(StatusUpdate.at.desc(), StatusUpdate.update_id.desc()).limit(1)).one()


def find_by_request(session: Session, request_key: str) -> StatusUpdate | None:
    return session.scalar(select(StatusUpdate).where(StatusUpdate.request_key == request_key))


def list_open_posts(session: Session, now: datetime) -> list[tuple[str, str, State]]:
    """(reference, title, state) of the incidents that the page shows as open, the newest first."""
    statement = (
        select(StatusPost, IncidentRow.ref)
        .join(IncidentRow, IncidentRow.incident_id == StatusPost.incident_id)
        .where(StatusPost.withdrawn_at.is_(None), StatusPost.over_at.is_(None), visible_to(None))
        .order_by(StatusPost.post_id.desc())
    )
    found = session.execute(statement).all()
    return [(ref, row.title, as_post(session, row).state(now)) for row, ref in found]
