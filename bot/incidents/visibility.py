"""Queries: who may see which incident, reminders to tell, channels to read back, offers to mark."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, column, exists, func, literal, or_, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN
from bot.incidents.rules.incident import SECURITY, is_private
from bot.incidents.tables import HandoverRow, IncidentRow, RoleRow, TimelineEntry

# Of the pings, which belong to escalation above, only what says whom they reached.
_PINGS = table("pings", column("incident_id"), column("user_ids", ARRAY(Text)), column("state"), column("kind"))


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
            _PINGS.c.incident_id == incident_id,
            literal(viewer) == func.any(_PINGS.c.user_ids),
            _PINGS.c.state == "sent",
            _PINGS.c.kind != "digest",
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


def for_everybody(row: IncidentRow) -> bool:
    """False for security incidents, which are shown to nobody outside their channel."""
    return not is_private(row.ref)
