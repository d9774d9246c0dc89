"""The buttons of an answer: declare, another severity, not an incident, part of an open one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.lifecycle.flows.declare import where_to_work
from bot.lifecycle.messages.answers import where
from bot.reports.flows import reports
from bot.reports.messages import decisions
from bot.severity.rules import Severity


def declare_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row, _ = reports.declare_report(session, int(value), None, user_id, context.policy, now)
    return decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))


def declare_report_as(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    severity, report_id = value.split(":")
    row, _ = reports.declare_report(session, int(report_id), Severity(severity), user_id, context.policy, now)
    return decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))


def declare_after_all(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row, _ = reports.declare_after_all(session, int(value), user_id, context.policy, now)
    return decisions.declared(row.severity, row.ref, where(where_to_work(session, row)))


def dismiss_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    reports.dismiss_report(session, int(value), user_id, now)
    return decisions.NOT_AN_INCIDENT


def join_report(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    report_id, ref = value.split(":")
    return decisions.joined(reports.join_report(session, int(report_id), ref, user_id, now))
