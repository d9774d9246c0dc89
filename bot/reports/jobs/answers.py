"""Answers to reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.diagnostics.flows import offers
from bot.incidents import authority
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.visibility import for_everybody
from bot.lifecycle.flows.declare import kind_of
from bot.memory.messages import Suggestion, suggestions
from bot.reports import queries as reports
from bot.reports.flows.corrections import choices_for, reason_of
from bot.reports.flows.reports import decision_of, judgement_of, show, was_edited
from bot.reports.messages import answer as answers
from bot.reports.messages import corrections, decisions
from bot.reports.tables import AlertRow, ReportRow
from bot.severity.rules import Severity
from bot.slack import blocks
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster

_LATE = timedelta(minutes=5)  # after which an answer says that it is late


def answer(context: AppContext, slack: Slack, poster: Poster, *, report_id: int) -> None:
    """Reply in the report's thread; once somebody decided, the same reply shows the decision."""
    shared = _look_up(context, report_id)
    with context.database.transaction() as session:
        report = reports.find_report(session, report_id)
        if report is None or not report.answered:
            return
        found = _past(session, context, report, shared)
        channel_id, ts, decided = report.channel_id, report.ts, report.decision is not None
        outcome = decisions.sentence(decision_of(session, report)) if decided else ""
        incident = incidents.get(session, report.incident_id) if report.incident_id else None
        public = incident is not None and for_everybody(incident)
        rows = [row for row in incidents.list_open(session) if for_everybody(row)] if not decided else []
        open_ref = context.memory.find_open(incidents.as_open(rows), report.text) if rows else None
        running = answers.Running(tuple(incidents.facts(row) for row in rows), open_ref)
        alert = reports.find_alert_of_report(session, report_id)
        again = _again(report, alert) if alert else ""
    if incident is not None and not public:
        # Below everybody's report nothing may say what became of it, nor what it looks like.
        message, again = Message(outcome, (blocks.section(outcome),)), ""
    else:
        message = _decided(context, report, outcome, found) if decided else _undecided(context, report, running, found)
    if again:
        message = Message(message.text, (*message.blocks, blocks.context(again)))
    poster.try_to_post(f"report:{report_id}", channel_id, message, thread_ts=ts)


def _look_up(context: AppContext, report_id: int) -> bool:
    """Whether people of another company read the answer. Who reported is asked of Slack, too."""
    with context.database.transaction() as session:
        report = reports.find_report(session, report_id)
        channel_id, user_id = (report.channel_id, report.user_id) if report else ("", None)
    if user_id:
        context.look_up(user_id)
    return bool(channel_id) and context.is_shared(channel_id)


def _past(session: Session, context: AppContext, report: ReportRow, shared: bool) -> list[Suggestion]:
    """What it looks like, with causes and fixes: for nobody who may not read incidents, wherever they may report."""
    if shared or (report.user_id and not authority.may(session, context, Act.READ, report.user_id, context.now())):
        return []
    return suggestions(report.similar, f"report:{report.report_id}")


def _again(report: ReportRow, alert: AlertRow) -> str:
    """How often an alert came; that it recovered, where the answer itself does not begin so."""
    over = alert.recovered_at if report.decision is not None or report.recovered_at is None else None
    return answers.alert_again(alert.times, alert.last_at, over)


def link_answer(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """The incident's channel is there, or another: the answers to its reports link it, or no longer do."""
    with context.database.transaction() as session:
        for report in reports.list_of_incident(session, incidents.get(session, incident_id)):
            show(session, report)


def _decided(context: AppContext, report: ReportRow, outcome: str, found: Sequence[Suggestion]) -> Message:
    dismissed = report.decision == "not_incident"
    # Where it was no incident, nobody is asked whether the earlier ones helped.
    past = [replace(one, vote_key="") for one in found] if dismissed else list(found)
    levels = context.policy.severity.levels
    level = None if report.asked else levels[Severity(report.severity or report.chosen_severity or Severity.P2)]
    declared = report.incident_id if report.decision == "declared" else None
    message = answers.answered(report.text, judgement_of(report), level, outcome, past, declared)
    if dismissed:
        message = corrections.with_second_thoughts(message, report.report_id)
    choices, reason = choices_for(report), reason_of(report)
    if choices:
        return corrections.with_choices(message, report.report_id, choices)
    return corrections.with_reason(message, reason) if reason else message


def _undecided(
    context: AppContext, report: ReportRow, running: answers.Running, found: Sequence[Suggestion]
) -> Message:
    levels = context.policy.severity.levels
    if report.asked:
        return _dated(report, answers.question(report.report_id, levels, running, report.recovered_at))
    judgement = judgement_of(report)
    if judgement.severity is None:
        return corrections.no_longer_an_incident()
    # What AWS knows is offered where AWS is configured.
    resources = offers(report.text, context.policy.diagnostics) if context.aws else ()
    likely = context.judge.judge(report.text).break_in
    private = kind_of(context.policy, report.text, judgement.row_name, probability=likely).security
    over = report.recovered_at
    said = answers.answer(report.report_id, report.text, judgement, levels, found, running, resources, private, over)
    return _dated(report, said)


def _dated(report: ReportRow, answer: Message) -> Message:
    """The answer, saying where it is not the first or comes late."""
    late = report.judged_at - datetime.fromtimestamp(float(report.ts), tz=report.judged_at.tzinfo)
    if was_edited(report):
        return Message(answer.text, (*answer.blocks, blocks.context(answers.JUDGED_AGAIN)))
    if late < _LATE:
        return answer
    return Message(answer.text, (*answer.blocks, blocks.context(answers.answered_late(late))))
