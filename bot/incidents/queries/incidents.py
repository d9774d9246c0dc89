"""Queries of incidents and their roles. Rows are for the flows; `facts` makes the domain's Incident of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.errors import UnknownIncident
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.tables import IncidentNumber, IncidentRow, RoleRow
from bot.severity.rules import Severity

BY_ALARM = "alarm:"  # what the request keys of incidents begin with that an alarm declared by itself
BY_REPORT = "heard:"  # and of those that Tocsin declared for somebody who may report and not declare
BY_CONSOLE = "console:"  # and of drills that were started on the command line
NOBODY = "USLACKBOT"  # declares before Slack has said who we are
COMMANDER = "commander"  # the one role that the incident names itself, for lists and pages
OPEN = tuple(status.value for status in Status if status.is_open)


def real() -> ColumnElement[bool]:
    """The condition that an incident is no drill. The words of the index of drills, see tables.py."""
    return ~IncidentRow.ref.op("~", is_comparison=True)(literal_column("'DRILL-'"))


def next_ref(session: Session, prefix: str, year: int) -> str:
    """`INC-2026-0001`: the next reference of the year. Concurrent callers wait for each other and get neighbours."""
    statement = (
        insert(IncidentNumber)
        .values(prefix=prefix, year=year, last=1)
        .on_conflict_do_update(index_elements=["prefix", "year"], set_={"last": IncidentNumber.last + 1})
        .returning(IncidentNumber.last)
    )
    return f"{prefix}-{year}-{session.execute(statement).scalar_one():04d}"


def add_incident(session: Session, **values: Any) -> IncidentRow:
    row = IncidentRow(**values)
    session.add(row)
    session.flush()
    return row


def lock_request(session: Session, *request_keys: str) -> None:
    """Have a second request of one of these keys wait until this transaction ends, and then see what it did."""
    session.execute(select(*(func.pg_advisory_xact_lock(func.hashtextextended(key, 0)) for key in request_keys)))


def list_declared_since(session: Session, user_id: str, after: datetime) -> Sequence[IncidentRow]:
    """What somebody declared after an instant, the oldest first; drills aside."""
    statement = select(IncidentRow).where(IncidentRow.declared_by == user_id, IncidentRow.declared_at > after, real())
    return session.scalars(statement.order_by(IncidentRow.incident_id)).all()


def find_latest_by(session: Session, user_id: str, after: datetime) -> int:
    """The id of the latest incident that somebody declared after an instant; 0 for none."""
    found = select(func.max(IncidentRow.incident_id))
    return session.scalar(found.where(IncidentRow.declared_by == user_id, IncidentRow.declared_at > after)) or 0


def find_by_request(session: Session, request_key: str) -> IncidentRow | None:
    return session.scalar(select(IncidentRow).where(IncidentRow.request_key == request_key))


def find_by_ref(session: Session, ref: str, *, for_change: bool = False) -> IncidentRow | None:
    """By its reference, or the one that it had before somebody changed who may see it."""
    return _find(session, _named(ref), for_change)


def _named(ref: str) -> ColumnElement[bool]:
    return or_(IncidentRow.ref == ref.upper(), IncidentRow.former_ref == ref.upper())


def _find(session: Session, which: ColumnElement[bool], for_change: bool) -> IncidentRow | None:
    """As it stands; `for_change` locks it as `get_for_change` does."""
    statement = select(IncidentRow).where(which)
    if for_change:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(statement)


def get_by_ref(session: Session, ref: str) -> IncidentRow:
    row = find_by_ref(session, ref)
    if row is None:
        raise UnknownIncident(f"There is no incident {ref}. `tocsin incident list --all` shows those there are.")
    return row


def find_by_channel(session: Session, channel_id: str, *, for_change: bool = False) -> IncidentRow | None:
    return _find(session, IncidentRow.channel_id == channel_id, for_change)


def find_here_and_named(
    session: Session, channel_id: str, ref: str | None
) -> tuple[IncidentRow | None, IncidentRow | None]:
    """The incident of this channel and the one of that reference, which is None where there is no `ref`."""
    if ref is None:
        return find_by_channel(session, channel_id), None
    found = session.scalars(select(IncidentRow).where(or_(IncidentRow.channel_id == channel_id, _named(ref)))).all()
    here = next((row for row in found if row.channel_id == channel_id), None)
    return here, next((row for row in found if ref.upper() in (row.ref, row.former_ref)), None)


def get(session: Session, incident_id: int) -> IncidentRow:
    row = session.get(IncidentRow, incident_id)
    if row is None:
        raise UnknownIncident(f"There is no incident with id {incident_id}.")
    return row


def get_for_change(session: Session, incident_id: int) -> IncidentRow:
    """The row, locked until the transaction ends, so that two people's commands take effect one after the other."""
    # key_share: recording a message holds the row's key, and must not wait for commands nor they for it.
    statement = select(IncidentRow).where(IncidentRow.incident_id == incident_id).with_for_update(key_share=True)
    row = session.scalar(statement.execution_options(populate_existing=True))
    if row is None:
        raise UnknownIncident(f"There is no incident with id {incident_id}.")
    return row


def list_open(session: Session, limit: int = 50, drills: bool = False) -> Sequence[IncidentRow]:
    """Open incidents, the worst and then the oldest first; `drills` too, which no report is ever part of."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status.in_(OPEN), true() if drills else real())
        .order_by(IncidentRow.severity, IncidentRow.declared_at, IncidentRow.incident_id)
    )
    return session.scalars(statement.limit(limit)).all()


def list_open_drills(session: Session) -> list[str]:
    """The references of the drills that are open, the oldest first."""
    statement = select(IncidentRow.ref).where(~real(), IncidentRow.status.in_(OPEN))
    return list(session.scalars(statement.order_by(IncidentRow.incident_id)))


def known_refs(session: Session, refs: Collection[str]) -> frozenset[str]:
    """Those of `refs` that are incidents of our own."""
    return frozenset(session.scalars(select(IncidentRow.ref).where(IncidentRow.ref == func.any(list(refs)))))


def list_recent(session: Session, limit: int) -> Sequence[IncidentRow]:
    statement = select(IncidentRow).order_by(IncidentRow.declared_at.desc(), IncidentRow.incident_id.desc())
    return session.scalars(statement.limit(limit)).all()


def give_role(session: Session, incident_id: int, role: str, user_id: str, now: datetime) -> bool:
    """End the present holder's time and begin the new one's. False when that person holds it already.

    The only writer of `IncidentRow.commander`, so that it never says anything else than the role.
    """
    holder = find_role(session, incident_id, role)
    if holder is not None and holder.user_id == user_id:
        return False
    if holder is not None:
        holder.ended_at = now
        session.flush()
    session.add(RoleRow(incident_id=incident_id, role=role, user_id=user_id, taken_at=now))
    if role == COMMANDER:
        get(session, incident_id).commander = user_id
    session.flush()
    return True


def declarer(row: IncidentRow) -> str | None:
    """Who declared it, to be written to and brought in; None for an alarm or the command line, which declare in
    Tocsin's own name.
    """
    return None if row.request_key.startswith((BY_ALARM, BY_REPORT, BY_CONSOLE)) else row.declared_by


def list_role_holders(session: Session, incident_id: int) -> frozenset[str]:
    """Whoever holds or held a role in it."""
    return frozenset(session.scalars(select(RoleRow.user_id).where(RoleRow.incident_id == incident_id)))


def find_role(session: Session, incident_id: int, role: str) -> RoleRow | None:
    statement = select(RoleRow).where(
        RoleRow.incident_id == incident_id, RoleRow.role == role, RoleRow.ended_at.is_(None)
    )
    return session.scalar(statement)


def as_document(row: IncidentRow) -> dict[str, Any]:
    """The row for machines: names as in the database, instants in ISO 8601, None where nothing was recorded."""
    names = (
        "ref", "title", "type", "severity", "status", "declared_at", "declared_by", "commander", "channel_name",
        "channel_id", "acknowledged_at", "acknowledged_by", "identified_at", "mitigated_at", "resolved_at", "closed_at",
        "impact", "cause", "resolution", "false_alarm", "playbook_helped",
    )  # fmt: skip
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def facts(row: IncidentRow) -> Incident:
    """The row as the plain facts that the other storeys read."""
    return Incident(
        incident_id=row.incident_id,
        ref=row.ref,
        title=row.title,
        severity=Severity(row.severity),
        status=Status(row.status),
        declared_at=row.declared_at,
        declared_by=row.declared_by,
        commander=row.commander,
        channel_id=row.channel_id,
        channel_name=row.channel_name,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        identified_at=row.identified_at,
        mitigated_at=row.mitigated_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        impact=row.impact,
        cause=row.cause,
        resolution=row.resolution,
        reopened=row.episode - 1,
        false_alarm=bool(row.false_alarm),
        merged_into=row.goes_on_in.ref if row.merged_into is not None and row.goes_on_in else None,
        channel_trouble=row.channel_trouble,
    )


def described(row: IncidentRow) -> str:
    """What an incident says of its trouble, as far as it is known: words to search by."""
    return "\n".join(part for part in (row.title, row.impact, row.cause) if part)


def list_roles(session: Session, incident_id: int) -> dict[str, str]:
    """Who holds which role now, by role."""
    statement = select(RoleRow).where(RoleRow.incident_id == incident_id, RoleRow.ended_at.is_(None))
    return {row.role: row.user_id for row in session.scalars(statement)}


def as_open(rows: Iterable[IncidentRow]) -> dict[str, tuple[str, str]]:
    """By ref: the title, and everything that the incident says of its trouble."""
    return {row.ref: (row.title, described(row)) for row in rows}
