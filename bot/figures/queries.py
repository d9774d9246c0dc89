"""Queries of judged reports, for measuring the judge and for judging again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.figures.rules import Verdict
from bot.incidents.tables import IncidentRow
from bot.reports.tables import ReportRow
from bot.severity.rules import Severity


def list_verdicts(session: Session, since: datetime | None = None, until: datetime | None = None) -> list[Verdict]:
    """Reports judged in the period, the oldest first, with what people made of them.

    A message that was declared by hand, past the judge's answer or its silence, counts as declared.
    """
    return [verdict_of(report, severity) for report, severity in _reports(session, since, until)]


def list_reports(session: Session, since: datetime | None = None) -> list[tuple[ReportRow, Verdict]]:
    """The same with the reports themselves, as long as their words are kept."""
    found = _reports(session, since, None)
    return [(report, verdict_of(report, severity)) for report, severity in found if report.text]


def verdict_of(report: ReportRow, declared_as: str | None) -> Verdict:
    """The report as figures see it; `declared_as` is the severity of the incident that began with its message."""
    decision, chosen = report.decision, report.chosen_severity
    if decision is None and declared_as is not None:
        decision, chosen = "declared", declared_as
    return Verdict(
        row=report.row_name or report.row,
        judged=Severity(report.severity) if report.severity else None,
        answered=report.answered and not report.asked,
        decision=decision,
        chosen=Severity(chosen) if chosen else None,
        reason=report.reason,
        asked=report.asked,
    )


def _reports(
    session: Session, since: datetime | None, until: datetime | None
) -> Sequence[tuple[ReportRow, str | None]]:
    # One message may have been declared twice: the first incident is the one that it was.
    declared_as = (
        select(IncidentRow.severity)
        .where(IncidentRow.report_channel_id == ReportRow.channel_id, IncidentRow.report_ts == ReportRow.ts)
        .order_by(IncidentRow.incident_id)
        .limit(1)
        .scalar_subquery()
    )
    statement = select(ReportRow, declared_as).order_by(ReportRow.judged_at, ReportRow.report_id)
    if since is not None:
        statement = statement.where(ReportRow.judged_at >= since)
    if until is not None:
        statement = statement.where(ReportRow.judged_at < until)
    return [(report, severity) for report, severity in session.execute(statement)]
