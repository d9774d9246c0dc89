"""Queries of alarms, their deliveries and their threads."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from bot.alarms.rules.alarm import State
from bot.alarms.rules.verdicts import Verdicts
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmStormRow, AlarmThreadRow
from bot.incidents.queries.incidents import OPEN
from bot.incidents.rules.incident import SECURITY
from bot.incidents.tables import IncidentRow
from bot.reports.tables import ReportRow


def take_delivery(session: Session, delivery: str, now: datetime, again_after: timedelta | None) -> bool:
    """False where it was taken in before; where `again_after` is given, less long ago than that."""
    statement = insert(AlarmDeliveryRow).values(delivery=delivery, taken_at=now)
    if again_after is None:
        taken = statement.on_conflict_do_nothing()
    else:
        taken = statement.on_conflict_do_update(
            index_elements=["delivery"],
            set_={"taken_at": now},
            where=AlarmDeliveryRow.taken_at < now - again_after,
        )
    return session.scalar(taken.returning(AlarmDeliveryRow.delivery)) is not None


def forget_deliveries(session: Session, before: datetime, most: int) -> int:
    """Deliveries that no sender repeats any more. How many went, `most` at once."""
    old = select(AlarmDeliveryRow.delivery).where(AlarmDeliveryRow.taken_at < before)
    some = old.order_by(AlarmDeliveryRow.taken_at).limit(most)
    gone = delete(AlarmDeliveryRow).where(AlarmDeliveryRow.delivery.in_(some)).returning(AlarmDeliveryRow.delivery)
    return len(session.scalars(gone).all())


def forget_alarms(session: Session, before: datetime, most: int) -> int:
    """Alarms that were last heard of before an instant, with their threads; of open incidents none. How many went."""
    open_now = select(AlarmThreadRow.alarm_id).join(IncidentRow, IncidentRow.incident_id == AlarmThreadRow.incident_id)
    old = (
        select(AlarmRow.alarm_id)
        .where(AlarmRow.last_at < before, AlarmRow.alarm_id.not_in(open_now.where(IncidentRow.status.in_(OPEN))))
        .order_by(AlarmRow.last_at)
        .limit(most)
    )
    return len(session.scalars(delete(AlarmRow).where(AlarmRow.alarm_id.in_(old)).returning(AlarmRow.alarm_id)).all())


@dataclass(frozen=True, slots=True)
class LastThread:
    """The last thread of an alarm, and whether the incident that it is about is open, or over (`settled`)."""

    row: AlarmThreadRow
    worked_on: bool = False
    settled: bool = False


def find_alarms(session: Session, identities: Collection[str]) -> dict[str, AlarmRow]:
    """Those that are known, by identity."""
    rows = session.scalars(select(AlarmRow).where(AlarmRow.identity.in_(identities)))
    return {row.identity: row for row in rows}


def find_last_threads(session: Session, alarm_ids: Collection[int]) -> dict[int, LastThread]:
    """The last thread of each that has one."""
    last = (
        select(func.max(AlarmThreadRow.thread_id))
        .where(AlarmThreadRow.alarm_id.in_(alarm_ids))
        .group_by(AlarmThreadRow.alarm_id)
    )
    statement = _about().where(AlarmThreadRow.thread_id.in_(last))
    return {
        row.alarm_id: LastThread(
            row, *(() if incident is None else (incident.status in OPEN, incident.status not in OPEN))
        )
        for row, incident in session.execute(statement)
    }


def find_incident_id(session: Session, thread_id: int) -> int | None:
    """The incident that a thread is about; None where nobody declared one."""
    statement = _about().with_only_columns(IncidentRow.incident_id, maintain_column_froms=True)
    return session.scalar(statement.where(AlarmThreadRow.thread_id == thread_id))


def _about() -> Select[AlarmThreadRow, IncidentRow]:
    """Threads with the incident that they are about, None or that of their own, their report's or their storm's."""
    stormy = aliased(ReportRow)
    incident_id = func.coalesce(AlarmThreadRow.incident_id, ReportRow.incident_id, stormy.incident_id)
    return (
        select(AlarmThreadRow, IncidentRow)
        .outerjoin(ReportRow, ReportRow.report_id == AlarmThreadRow.report_id)
        .outerjoin(AlarmStormRow, AlarmStormRow.storm_id == AlarmThreadRow.storm_id)
        .outerjoin(stormy, stormy.report_id == AlarmStormRow.report_id)
        .outerjoin(IncidentRow, IncidentRow.incident_id == incident_id)
    )


def count_threads_since(session: Session, after: datetime) -> int:
    """How many threads began after an instant."""
    counted = select(func.count()).select_from(AlarmThreadRow).where(AlarmThreadRow.began_at > after)
    return session.scalar(counted) or 0


def find_storm(session: Session, since: datetime) -> AlarmStormRow | None:
    """The storm that an alarm joined since then."""
    statement = select(AlarmStormRow).where(AlarmStormRow.last_at >= since).order_by(AlarmStormRow.storm_id.desc())
    return session.scalar(statement.limit(1))


def find_declared(session: Session, alarm: AlarmRow, since: datetime | None) -> IncidentRow | None:
    """The latest open incident that an alarm declared by itself which belongs with this one; None where there is none.

    That is the alarm itself, one of the same service, of the same account where both are about security, and any that
    fired after `since`.
    """
    private = IncidentRow.ref.like(f"{SECURITY}-%")
    belongs = [AlarmRow.alarm_id == alarm.alarm_id]
    if alarm.service:
        belongs.append(AlarmRow.service == alarm.service)
    if alarm.security:
        belongs.append(AlarmRow.account == alarm.account)
    if since is not None:
        belongs.append(AlarmThreadRow.began_at > since)
    statement = (
        select(IncidentRow)
        .join(AlarmThreadRow, AlarmThreadRow.incident_id == IncidentRow.incident_id)
        .join(AlarmRow, AlarmRow.alarm_id == AlarmThreadRow.alarm_id)
        .where(AlarmThreadRow.declared, IncidentRow.status.in_(OPEN), or_(*belongs))
        .where(private if alarm.security else ~private)
        .order_by(IncidentRow.incident_id.desc())
        .limit(1)
    )
    return session.scalar(statement)


def find_thread(session: Session, thread_id: int) -> tuple[AlarmRow, AlarmThreadRow] | None:
    """A thread and its alarm."""
    found = session.execute(_threads().where(AlarmThreadRow.thread_id == thread_id)).first()
    return (found[0], found[1]) if found is not None else None


def _threads() -> Select[AlarmRow, AlarmThreadRow]:
    return select(AlarmRow, AlarmThreadRow).join(AlarmThreadRow, AlarmThreadRow.alarm_id == AlarmRow.alarm_id)


def list_of_storm(session: Session, storm_id: int) -> list[tuple[AlarmRow, AlarmThreadRow]]:
    """The alarms of a storm, in the order in which they came."""
    found = session.execute(_threads().where(AlarmThreadRow.storm_id == storm_id).order_by(AlarmThreadRow.thread_id))
    return [(alarm, thread) for alarm, thread in found]


def list_of_incident(session: Session, incident_id: int) -> list[tuple[AlarmRow, AlarmThreadRow]]:
    """The alarms that an incident is about, each with its thread, in the order in which they came."""
    about = _about().with_only_columns(AlarmThreadRow.thread_id, maintain_column_froms=True)
    ids = about.where(IncidentRow.incident_id == incident_id)
    found = session.execute(_threads().where(AlarmThreadRow.thread_id.in_(ids)).order_by(AlarmThreadRow.thread_id))
    return [(alarm, thread) for alarm, thread in found]


def list_held(session: Session, until: datetime, most: int) -> list[tuple[AlarmRow, AlarmThreadRow]]:
    """Threads that were to be posted by then at the latest, locked, the oldest first."""
    waiting = _threads().where(AlarmThreadRow.held_until <= until).order_by(AlarmThreadRow.thread_id).limit(most)
    return [(alarm, thread) for alarm, thread in session.execute(waiting.with_for_update(of=AlarmThreadRow))]


def find_verdicts(session: Session, alarm_id: int, last: int) -> Verdicts:
    """What people decided on an alarm, the last times. An incident that was closed as a false alarm was none."""
    none = or_(ReportRow.decision == "not_incident", IncidentRow.false_alarm.is_(True))
    latest = (
        select(func.coalesce(none, False).label("none"))
        .select_from(AlarmThreadRow)
        .join(ReportRow, ReportRow.report_id == AlarmThreadRow.report_id)
        .outerjoin(IncidentRow, IncidentRow.incident_id == ReportRow.incident_id)
        .where(AlarmThreadRow.alarm_id == alarm_id, ReportRow.decision.is_not(None))
        .order_by(AlarmThreadRow.thread_id.desc())
        .limit(last)
        .subquery()
    )
    counted = select(func.count().filter(latest.c.none), func.count()).select_from(latest)
    not_incident, decided = session.execute(counted).one()
    return Verdicts(not_incident, decided)


def list_verdicts(session: Session, since: datetime, last: int) -> list[tuple[AlarmRow, Verdicts]]:
    """The same of each alarm that came since then and that somebody decided on, by name."""
    none = or_(ReportRow.decision == "not_incident", IncidentRow.false_alarm.is_(True))
    place = func.row_number().over(partition_by=AlarmThreadRow.alarm_id, order_by=AlarmThreadRow.thread_id.desc())
    recent = select(AlarmThreadRow.alarm_id).where(AlarmThreadRow.began_at >= since)
    decided = (
        select(AlarmThreadRow.alarm_id, func.coalesce(none, False).label("none"), place.label("place"))
        .join(ReportRow, ReportRow.report_id == AlarmThreadRow.report_id)
        .outerjoin(IncidentRow, IncidentRow.incident_id == ReportRow.incident_id)
        .where(AlarmThreadRow.alarm_id.in_(recent), ReportRow.decision.is_not(None))
        .subquery()
    )
    counted = (
        select(AlarmRow, func.count().filter(decided.c.none), func.count())
        .join(decided, decided.c.alarm_id == AlarmRow.alarm_id)
        .where(decided.c.place <= last)
        .group_by(AlarmRow.alarm_id)
        .order_by(AlarmRow.name, AlarmRow.alarm_id)
    )
    return [(alarm, Verdicts(not_incident, number)) for alarm, not_incident, number in session.execute(counted)]


def list_latest(session: Session, limit: int, firing: bool) -> list[tuple[AlarmRow, AlarmThreadRow | None, str | None]]:
    """Alarms with their last thread and the reference of the incident that it is about, the latest delivery first.

    With `firing`, only those that fire or have no data.
    """
    last = (
        select(AlarmThreadRow.alarm_id, func.max(AlarmThreadRow.thread_id).label("thread_id"))
        .group_by(AlarmThreadRow.alarm_id)
        .subquery()
    )
    about = _about().with_only_columns(AlarmThreadRow.thread_id, IncidentRow.ref, maintain_column_froms=True).subquery()
    statement = (
        select(AlarmRow, AlarmThreadRow, about.c.ref)
        .outerjoin(last, last.c.alarm_id == AlarmRow.alarm_id)
        .outerjoin(AlarmThreadRow, AlarmThreadRow.thread_id == last.c.thread_id)
        .outerjoin(about, about.c.thread_id == AlarmThreadRow.thread_id)
        .order_by(AlarmRow.last_at.desc(), AlarmRow.alarm_id.desc())
        .limit(limit)
    )
    if firing:
        statement = statement.where(AlarmRow.state.in_((State.FIRING, State.NO_DATA)))
    return [(alarm, thread, ref) for alarm, thread, ref in session.execute(statement)]
