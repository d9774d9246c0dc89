"""Queries: who may see which incident, and the lists of what somebody may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Text, and_, column, exists, func, literal, or_, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.incidents.queries.incidents import OPEN, real
from bot.incidents.rules.incident import COUNTED, SECURITY, is_private
from bot.incidents.tables import HandoverRow, IncidentRow, MemberRow, RoleRow

# Of the pings, which belong to escalation above, only what says whom they reached.
_PINGS = table(
    "pings",
    column("incident_id"),
    column("user_ids", ARRAY(Text)),
    column("state"),
    column("kind"),
    column("sent_at", DateTime(timezone=True)),
)


def visible_to(viewer: str | None) -> ColumnElement[bool]:
    """The condition that an incident may be shown to this person; None stands for everybody.

    The only rule there is. A security incident is seen by who is in its channel now, its commander, and whoever holds a
    role in it. Whom it asked in sees it until they have come and left: who declared or acknowledged it, whom a page
    reached, and who is offered its command. Whoever left is asked in anew by what comes later.
    """
    public = ~IncidentRow.ref.startswith(f"{SECURITY}-")
    if viewer is None:
        return public
    incident_id = IncidentRow.incident_id
    held = exists().where(RoleRow.incident_id == incident_id, RoleRow.user_id == viewer, RoleRow.ended_at.is_(None))
    return or_(public, _member(viewer, present=True), IncidentRow.commander == viewer, held, *_asked_in(viewer))


def _member(
    viewer: str, present: bool, since: ColumnElement[Any] | InstrumentedAttribute[Any] | None = None
) -> ColumnElement[bool]:
    """That they are in the channel, or that they left it and, where `since` is an instant, not before that."""
    found = exists().where(
        MemberRow.incident_id == IncidentRow.incident_id, MemberRow.user_id == viewer, MemberRow.present.is_(present)
    )
    return found if since is None else found.where(MemberRow.as_of >= since)


def _asked_in(viewer: str) -> tuple[ColumnElement[bool], ...]:
    """The ways in which an incident asks somebody in, each until they leave."""
    return (
        (IncidentRow.declared_by == viewer) & ~_member(viewer, False),
        (IncidentRow.acknowledged_by == viewer) & ~_member(viewer, False, IncidentRow.acknowledged_at),
        exists().where(
            HandoverRow.incident_id == IncidentRow.incident_id,
            HandoverRow.to_user == viewer,
            HandoverRow.state == "offered",
            ~_member(viewer, False, HandoverRow.asked_at),
        ),
        exists().where(
            _PINGS.c.incident_id == IncidentRow.incident_id,
            literal(viewer) == func.any(_PINGS.c.user_ids),
            _PINGS.c.state == "sent",
            _PINGS.c.kind != "digest",
            ~_member(viewer, False, _PINGS.c.sent_at),
        ),
    )


def may_see(session: Session, row: IncidentRow, viewer: str | None) -> bool:
    """Whether this person may be shown the incident; of one that everybody may see, the database need not be asked."""
    if not is_private(row.ref):
        return True
    statement = select(IncidentRow.incident_id).where(IncidentRow.incident_id == row.incident_id, visible_to(viewer))
    return session.scalar(statement) is not None


def which_visible(session: Session, incident_ids: Sequence[int], viewer: str | None) -> set[int]:
    """Those of the incidents that this person may be shown."""
    asked = IncidentRow.incident_id.in_(incident_ids)
    return set(session.scalars(select(IncidentRow.incident_id).where(asked, visible_to(viewer))))


def list_page(
    session: Session,
    viewer: str | None,
    *,
    offset: int = 0,
    limit: int = 20,
    closed: bool = False,
    mine: bool = False,
    where: Sequence[ColumnElement[bool]] = (),
) -> tuple[Sequence[IncidentRow], int]:
    """As `list_rows`, and how many there are in all, of which at most COUNTED after `offset` are counted, and one more:
    of a hundred thousand closed ones nobody waits for the last.
    """
    rows = list_rows(session, viewer, offset=offset, limit=limit, closed=closed, mine=mine, where=where)
    some = select(IncidentRow.incident_id).where(_listed(viewer, closed, mine, where)).limit(offset + COUNTED + 1)
    return rows, session.scalar(select(func.count()).select_from(some.subquery())) or 0


def list_rows(
    session: Session,
    viewer: str | None,
    *,
    offset: int = 0,
    limit: int = 20,
    closed: bool = False,
    mine: bool = False,
    where: Sequence[ColumnElement[bool]] = (),
) -> Sequence[IncidentRow]:
    """One page of the incidents that this person may see.

    `mine`: those that they declared, command or have a role in, and those about which they were paged. `where` narrows.
    Open ones come the worst and then the oldest first, drills last, `closed` ones (resolved ones too) the newest first.
    """
    order = (
        (IncidentRow.declared_at.desc(), IncidentRow.incident_id.desc())
        if closed
        else (~real(), IncidentRow.severity, IncidentRow.declared_at, IncidentRow.incident_id)
    )
    statement = select(IncidentRow).where(_listed(viewer, closed, mine, where)).order_by(*order)
    return session.scalars(statement.offset(offset).limit(limit)).all()


def _listed(viewer: str | None, closed: bool, mine: bool, where: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    status = IncidentRow.status.not_in(OPEN) if closed else IncidentRow.status.in_(OPEN)
    condition: ColumnElement[bool] = and_(visible_to(viewer), status, *where)
    if not mine:
        return condition
    held = exists().where(
        RoleRow.incident_id == IncidentRow.incident_id, RoleRow.user_id == viewer, RoleRow.ended_at.is_(None)
    )
    paged = exists().where(
        _PINGS.c.incident_id == IncidentRow.incident_id,
        literal(viewer) == func.any(_PINGS.c.user_ids),
        _PINGS.c.state == "sent",
        _PINGS.c.kind != "digest",
    )
    return condition & or_(IncidentRow.declared_by == viewer, IncidentRow.commander == viewer, held, paged)


def for_everybody(row: IncidentRow) -> bool:
    """False for security incidents, which are shown to nobody outside their channel."""
    return not is_private(row.ref)
