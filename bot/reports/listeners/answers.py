"""The buttons of an answer: declare, another severity, not an incident, part of an open one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.diagnostics import flows as diagnosing
from bot.diagnostics.messages import NO_LONGER_OFFERED, begun
from bot.errors import BadRequest
from bot.fields.flows import missing
from bot.fields.messages import empty_ones
from bot.fields.rules import Ask
from bot.incidents.interactions import ID, RESOURCE, Press, number_at, of_report
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import REF_SHAPE
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import for_everybody
from bot.lifecycle.flows.declare import where_to_work
from bot.lifecycle.messages.answers import where
from bot.reports.flows import reports
from bot.reports.messages import decisions
from bot.reports.queries import find_report
from bot.severity.rules import Severity


def declare_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    question = _opened_since(session, context, int(value), now)
    if question is not None:
        return question
    likely = _break_in(session, context, int(value))
    row, _ = reports.declare_report(session, int(value), None, user_id, context.policy, now, break_in=likely)
    return _declared(session, context, row)


def declare_report_as(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    severity, report_id = value.split(":")
    question = _opened_since(session, context, int(report_id), now)
    if question is not None:
        return question
    chosen, likely = Severity(severity), _break_in(session, context, int(report_id))
    row, _ = reports.declare_report(session, int(report_id), chosen, user_id, context.policy, now, break_in=likely)
    return _declared(session, context, row)


def _break_in(session: Session, context: AppContext, report_id: int) -> float:
    """How likely the judge of today finds what was reported a break-in."""
    report = find_report(session, report_id)
    return context.judge.judge(report.text).break_in if report is not None else 0.0


def _declared(session: Session, context: AppContext, row: IncidentRow) -> str:
    said = decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))
    return said + empty_ones(row.ref, missing(session, row, context.policy.fields, Ask.DECLARE))


def _opened_since(session: Session, context: AppContext, report_id: int, now: datetime) -> str | None:
    """Asked once before declaring: whether it is an incident that looks alike and was declared after the answer.

    The answer asks about those that were open before. It is drawn anew, with this one in it.
    """
    report = find_report(session, report_id)
    if report is None or report.decision is not None:
        return None
    rows = [row for row in incidents.list_open(session) if for_everybody(row) and row.declared_at > report.judged_at]
    ref = context.memory.find_open(incidents.as_open(rows), report.text) if rows else None
    if ref is None or not reports.note_asked(session, report, ref, now):
        return None
    return decisions.opened_since(ref)


def declare_after_all(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    likely = _break_in(session, context, int(value))
    row, _ = reports.declare_after_all(session, int(value), user_id, context.policy, now, break_in=likely)
    return _declared(session, context, row)


def dismiss_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    reports.dismiss_report(session, int(value), user_id, now)
    return decisions.NOT_AN_INCIDENT


def diagnose_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """What AWS shows of a resource of which the report speaks, in the report's thread; `value` names both."""
    report_id, service, name = value.split(":", 2)
    report = find_report(session, int(report_id))
    words = report.text if report is not None else ""
    asked = diagnosing.find_offer(context.policy.diagnostics, service, name, words)
    if context.aws is None or asked is None or report is None:
        raise BadRequest(NO_LONGER_OFFERED)
    where = diagnosing.Destination(channel_id=report.channel_id, thread_ts=report.ts)
    diagnosing.request(session, where, [asked], None, user_id, f"{value}:{user_id}:{now.isoformat()}")
    return begun([f"{service} {name}"], "thread")


def join_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    report_id, ref = value.split(":")
    return decisions.joined(reports.join_report(session, int(report_id), ref, user_id, now))


def _of_report_first(session: Session, value: str) -> None:
    """`report:service:name`."""
    number_at(value, 0)


def _by_ref(session: Session, value: str) -> IncidentRow:
    """`report id:ref`."""
    return incidents.get_by_ref(session, value.partition(":")[2])


_PART_OF = f"{ID}:{REF_SHAPE}"
PRESSES = {
    "report_declare": Press(declare_report, Act.DECLARE, of_report, ID),
    "report_declare_as": Press(declare_report_as, Act.DECLARE, of_report, f"({'|'.join(Severity)}):{ID}"),
    "report_dismiss": Press(dismiss_report, Act.FALSE_ALARM, of_report, ID),
    "report_diagnose": Press(diagnose_report, Act.CHANGE, _of_report_first, RESOURCE),
    "report_declare_after_all": Press(declare_after_all, Act.DECLARE, of_report, ID),
    "report_part_of": Press(join_report, Act.CHANGE, _by_ref, _PART_OF),
    "report_part_of_other": Press(join_report, Act.CHANGE, _by_ref, _PART_OF),
}
