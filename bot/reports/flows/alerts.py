"""Alerts that other bots post in the announcement channel: judged like reports, grouped while they repeat."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.flows.record import is_worked_on, record
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.memory.rules.similar import SimilarItem
from bot.reports import queries as reports
from bot.reports.flows.reports import Heard, judge_report, note_recovery
from bot.reports.messages import answer as messages
from bot.reports.rules import alert_recovered
from bot.reports.tables import AlertRow
from bot.severity.rules import Judgement
from bot.store.outbox import enqueue
from bot.text.markup import at_of

SAME_WITHIN = timedelta(hours=6)  # an alert that was silent for longer is a new one


def hear_alert(
    session: Session,
    heard: Heard,
    key: str,
    judgement: Judgement,
    similar: tuple[SimilarItem, ...],
    policy: Policy,
    now: datetime,
) -> None:
    """Judge a new alert; count one that repeats; note that one recovered, and say nothing else of that.

    Of an alert that recovered, the next one is new. A message that was heard before changes nothing.
    """
    incidents.lock_request(session, f"alert:{heard.channel_id}:{key}")
    at = at_of(heard.edit_ts or heard.ts)
    known = reports.find_alert(session, heard.channel_id, key, at - SAME_WITHIN)
    if alert_recovered(heard.text):
        if known is not None and known.recovered_at is None and at >= known.last_at:
            known.recovered_at = at
            _tell(session, known, now)
        return
    if known is not None and known.recovered_at is None:
        _count(session, known, heard, at)
    elif known is None or heard.ts > known.last_ts:
        report = judge_report(session, heard, judgement, similar, policy, now)
        if report is not None:
            more = {"times": 1, "last_ts": heard.ts, "last_at": at}
            reports.add_alert(session, channel_id=heard.channel_id, key=key, report_id=report.report_id, **more)


def _count(session: Session, known: AlertRow, heard: Heard, at: datetime) -> None:
    if heard.ts <= known.last_ts:
        return
    known.times, known.last_ts, known.last_at = known.times + 1, heard.ts, at
    _answer_again(session, known.report_id)


def _answer_again(session: Session, report_id: int) -> None:
    lock = f"report-{report_id}"
    enqueue(session, "slack.answer", lock=lock, once=f"answer-{report_id}", report_id=report_id)


def _tell(session: Session, known: AlertRow, now: datetime) -> None:
    """The answer says that it recovered, and so does the timeline of the incident that it became."""
    _answer_again(session, known.report_id)
    report = reports.find_report(session, known.report_id)
    if report is not None:
        note_recovery(session, report, known.recovered_at)
    if report is None or report.incident_id is None or known.recovered_at is None:
        return
    row = incidents.get_for_change(session, report.incident_id)
    if is_worked_on(row):
        key = f"alert-recovered:{known.alert_id}"
        text = messages.alert_recovered(report.text)
        record(session, row, Kind.ALARMS_CHECKED, text, now, at=known.recovered_at, source_key=key, announce=True)
