"""Reports that tell of a break-in: declared in private and paged at once, before anything is said in public."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents import authority
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.lifecycle.flows.declare import DeclaringMany
from bot.reports import queries as reports
from bot.reports.flows.reports import Heard, declare_by_itself, join_report
from bot.severity.rules import Judgement, Outcome
from bot.slack import queries as slack_queries

_SAME_WITHIN = timedelta(hours=1)  # a break-in is reported by many at once, and pages once


def tells_of_break_in(context: AppContext, text: str, judged: Judgement) -> bool:
    """Whether a report, judged so, is declared by itself. Never what is taken for talk."""
    policy = context.policy
    if policy.security.reports is None or policy.severity.shadow:
        return False
    silent = policy.severity.outcome(judged) is Outcome.SILENCE
    return not silent and policy.security.tells_of_break_in(text, judged)


def declare_break_in(session: Session, context: AppContext, heard: Heard, now: datetime) -> None:
    """Declare the report of that message, or add it to the one that is open since a report of the last hour.

    In the name of whoever reported, who is asked whether it is one, where they may declare: else in Tocsin's own.
    Nothing changes where somebody decided, or where it was only talk when it was posted.
    """
    incidents.lock_request(session, "break-ins")
    report = reports.find_report_of_message(session, heard.channel_id, heard.ts)
    if report is None or report.decision is not None or not report.answered:
        return
    workspace = slack_queries.find_workspace(session)
    tocsin = workspace.bot_user_id if workspace else incidents.NOBODY
    may = report.user_id and authority.may(session, context, Act.DECLARE, report.user_id, now)
    by = report.user_id if report.user_id and may else tocsin
    open_one = reports.find_private_since(session, now - _SAME_WITHIN)
    if open_one is not None:
        join_report(session, report.report_id, open_one.ref, by, now)
        return
    try:
        declare_by_itself(session, report.report_id, by, context.policy, now, asks=by != tocsin)
    except DeclaringMany:  # one press away, as any report is
        return
