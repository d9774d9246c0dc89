"""Queries: the message of the announcement channel that an incident was declared from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, column, exists, select, table
from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.reviews.rules.document import Report
from bot.slack import queries as slack_queries
from bot.text.markup import at_of

# Reports belong to a feature above this one; only who wrote them, and whether they are alerts, is read here.
_REPORTS = table("reports", column("report_id"), column("channel_id"), column("ts"), column("user_id"), column("text"))
_ALERTS = table("alerts", column("report_id"))


def find(session: Session, row: IncidentRow, workspace_url: str | None) -> Report | None:
    """None for an incident that was declared by command or form."""
    if row.report_channel_id is None or row.report_ts is None:
        return None
    found = _find(session, row)
    link = slack_queries.permalink(workspace_url, row.report_channel_id, row.report_ts)
    by, alarm = (found.user_id, found.alarm) if found is not None else (row.declared_by, False)
    return Report(at_of(row.report_ts), by, alarm, link)


def authors(session: Session, row: IncidentRow) -> frozenset[str]:
    """The id of the person who wrote the report; empty where no person did."""
    found = _find(session, row) if row.report_ts is not None else None
    return frozenset({found.user_id}) if found is not None and found.user_id else frozenset()


def words_of(session: Session, row: IncidentRow) -> tuple[str, str | None]:
    """The words of the report in Slack's markup and who wrote them; empty where it was declared without one."""
    same = (_REPORTS.c.channel_id == row.report_channel_id) & (_REPORTS.c.ts == row.report_ts)
    found = session.execute(select(_REPORTS.c.text, _REPORTS.c.user_id).where(same)).first() if row.report_ts else None
    return (str(found.text), found.user_id) if found is not None else ("", None)


def _find(session: Session, row: IncidentRow) -> Row[Any] | None:
    alarm = exists().where(_ALERTS.c.report_id == _REPORTS.c.report_id).label("alarm")
    same = (_REPORTS.c.channel_id == row.report_channel_id) & (_REPORTS.c.ts == row.report_ts)
    return session.execute(select(_REPORTS.c.user_id, alarm).where(same)).first()
