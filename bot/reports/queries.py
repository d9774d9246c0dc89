"""Queries of judged reports, for measuring the judge and for judging again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN, real
from bot.incidents.rules.incident import SECURITY
from bot.incidents.tables import IncidentRow
from bot.reports.tables import AlertRow, ReportRow


def find_declared(session: Session, channel_id: str, ts: str) -> IncidentRow | None:
    """The incident that began with this message."""
    statement = select(IncidentRow).where(IncidentRow.report_channel_id == channel_id, IncidentRow.report_ts == ts)
    return session.scalar(statement.order_by(IncidentRow.incident_id).limit(1))


def add_report(session: Session, **values: Any) -> ReportRow | None:
    """The new report, or None when that message was judged before."""
    statement = insert(ReportRow).values(**values).on_conflict_do_nothing(index_elements=["channel_id", "ts"])
    report_id = session.execute(statement.returning(ReportRow.report_id)).scalar_one_or_none()
    return None if report_id is None else session.get_one(ReportRow, report_id)


def get_report_for_change(session: Session, report_id: int) -> ReportRow | None:
    return session.get(ReportRow, report_id, with_for_update=True, populate_existing=True)


def find_report(session: Session, report_id: int) -> ReportRow | None:
    return session.get(ReportRow, report_id)


def find_report_of_message(session: Session, channel_id: str, ts: str) -> ReportRow | None:
    return session.scalar(select(ReportRow).where(ReportRow.channel_id == channel_id, ReportRow.ts == ts))


def find_private_since(session: Session, since: datetime) -> IncidentRow | None:
    """The latest open security incident that a report began since then; a drill is none."""
    statement = (
        select(IncidentRow)
        .where(IncidentRow.status.in_(OPEN), real(), IncidentRow.declared_at >= since)
        .where(IncidentRow.ref.startswith(f"{SECURITY}-"))
        .where(IncidentRow.report_ts.is_not(None))
        .order_by(IncidentRow.incident_id.desc())
    )
    return session.scalars(statement.limit(1)).first()


def list_of_incident(session: Session, row: IncidentRow) -> Sequence[ReportRow]:
    """The report that it was declared from, and those that were added to it."""
    began = and_(ReportRow.channel_id == row.report_channel_id, ReportRow.ts == row.report_ts)
    statement = select(ReportRow).where(or_(ReportRow.incident_id == row.incident_id, began))
    return session.scalars(statement.order_by(ReportRow.report_id)).all()


def find_alert(session: Session, channel_id: str, key: str, since: datetime) -> AlertRow | None:
    """The latest alert that says the same and was last heard since then, locked."""
    statement = (
        select(AlertRow)
        .where(AlertRow.channel_id == channel_id, AlertRow.key == key, AlertRow.last_at >= since)
        .order_by(AlertRow.last_at.desc(), AlertRow.alert_id.desc())
        .limit(1)
        .with_for_update()
    )
    return session.scalar(statement)


def add_alert(session: Session, **values: Any) -> AlertRow:
    row = AlertRow(**values)
    session.add(row)
    session.flush()
    return row


def find_alert_of_report(session: Session, report_id: int) -> AlertRow | None:
    return session.scalar(select(AlertRow).where(AlertRow.report_id == report_id))
