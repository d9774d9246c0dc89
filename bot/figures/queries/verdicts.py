"""Queries of judged reports, for measuring the judge and for judging again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ScalarSelect, case, func, select
from sqlalchemy.orm import Session

from bot.alarms.rules.verdicts import BY_RULE
from bot.figures.rules.agreement import Verdict
from bot.incidents.tables import IncidentRow
from bot.reports.tables import ReportRow
from bot.severity.rules import Severity

# Where a rule of alarms.yaml gave the severity, the judge said nothing that people could agree with or teach it by.
_JUDGED = ReportRow.row_name != BY_RULE


def list_verdicts(session: Session, since: datetime | None = None, until: datetime | None = None) -> list[Verdict]:
    """Reports judged in the period, the oldest first, with what people made of them.

    A message that was declared by hand, past the judge's answer or its silence, counts as declared.
    """
    return [verdict_of(report, severity) for report, severity in _reports(session, since, until)]


def count_verdicts(session: Session, since: datetime, until: datetime) -> Counter[Verdict]:
    """The same as `list_verdicts`, each with how many reports had it: however many reports there are, few rows."""
    declared_as = _declared_as()
    columns = (
        func.coalesce(func.nullif(ReportRow.row_name, ""), ReportRow.row),
        ReportRow.severity,
        ReportRow.answered,
        ReportRow.asked,
        ReportRow.decision,
        ReportRow.chosen_severity,
        ReportRow.reason,
        case((ReportRow.decision.is_(None), declared_as)).label("declared_as"),
    )
    each = select(*columns).where(_JUDGED, ReportRow.judged_at >= since, ReportRow.judged_at < until).subquery()
    found: Counter[Verdict] = Counter()
    for row in session.execute(select(*each.c.values(), func.count()).group_by(*each.c.values())):
        *judged, count = row
        found[_verdict(*judged)] += count
    return found


def list_reports(session: Session, since: datetime | None = None) -> list[tuple[ReportRow, Verdict]]:
    """The same with the reports themselves, as long as their words are kept."""
    found = _reports(session, since, None)
    return [(report, verdict_of(report, severity)) for report, severity in found if report.text]


def verdict_of(report: ReportRow, declared_as: str | None) -> Verdict:
    """The report as figures see it; `declared_as` is the severity of the incident that began with its message."""
    return _verdict(
        report.row_name or report.row,
        report.severity,
        report.answered,
        report.asked,
        report.decision,
        report.chosen_severity,
        report.reason,
        declared_as,
    )


def _verdict(
    row: str,
    severity: str | None,
    answered: bool,
    asked: bool,
    decision: str | None,
    chosen: str | None,
    reason: str | None,
    declared_as: str | None,
) -> Verdict:
    if decision is None and declared_as is not None:
        decision, chosen = "declared", declared_as
    return Verdict(
        row=row,
        judged=Severity(severity) if severity else None,
        answered=answered and not asked,
        decision=decision,
        chosen=Severity(chosen) if chosen else None,
        reason=reason,
        asked=asked,
    )


def _declared_as() -> ScalarSelect[str]:
    """The severity of the incident that began with a report. Of two declared of one message, it was the first."""
    return (
        select(IncidentRow.severity)
        .where(IncidentRow.report_channel_id == ReportRow.channel_id, IncidentRow.report_ts == ReportRow.ts)
        .order_by(IncidentRow.incident_id)
        .limit(1)
        .scalar_subquery()
    )


def _reports(
    session: Session, since: datetime | None, until: datetime | None
) -> Sequence[tuple[ReportRow, str | None]]:
    statement = select(ReportRow, _declared_as()).where(_JUDGED).order_by(ReportRow.judged_at, ReportRow.report_id)
    if since is not None:
        statement = statement.where(ReportRow.judged_at >= since)
    if until is not None:
        statement = statement.where(ReportRow.judged_at < until)
    return [(report, severity) for report, severity in session.execute(statement)]
