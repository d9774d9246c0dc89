"""Queries of judged reports, for measuring the judge and for judging again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.reports.tables import ReportRow


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
