"""Answers to reports, and the draft of the review."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.context import Desk
from bot.escalation.rules.plan import span_text
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Incident
from bot.lifecycle.messages import card
from bot.memory.flows.learn import for_everybody
from bot.memory.messages import suggestions
from bot.reports.flows.corrections import choices_for, reason_told
from bot.reports.flows.reports import describe_decision, judgement_of, was_edited
from bot.reports.messages import corrections
from bot.reviews.flows.action_items import propose
from bot.reviews.flows.drafting import draft_once, look_again
from bot.reviews.flows.drafting import redraft as draft_again
from bot.reviews.flows.editing import is_asked_for
from bot.reviews.jobs.reviews import learn_names, review_path, send_each, told_instead, who_manages
from bot.reviews.messages import with_own_links
from bot.reviews.rules.document import Review
from bot.reviews.rules.renderings import summary_for_slack
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.slack.client import Message, Slack
from bot.slack.poster import Speaker
from bot.store.tables import ReportRow

_LATE = timedelta(minutes=5)  # after which an answer says that it is late


def answer(desk: Desk, slack: Slack, speaker: Speaker, *, report_id: int) -> None:
    """Reply in the report's thread; once somebody decided, the same reply says what became of it."""
    with desk.database.transaction() as session:
        report = messages.find_report(session, report_id)
        if report is None or not report.answered:
            return
        channel_id, ts, decided = report.channel_id, report.ts, report.decision is not None
        outcome = describe_decision(session, report) if decided else ""
        rows = [row for row in incidents.list_open(session) if for_everybody(row)] if not decided else []
        open_ref = desk.memory.find_open(rows, report.text) if rows else None
        alike = next((incidents.facts(row) for row in rows if row.ref == open_ref), None)
    if decided:
        message = _decided(desk, report, outcome)
    else:
        message = _reply(desk, report, alike) if report.severity else corrections.no_longer_an_incident()
    speaker.try_to_say(f"report:{report_id}", channel_id, message, thread_ts=ts)


def _decided(desk: Desk, report: ReportRow, outcome: str) -> Message:
    dismissed = report.decision == "not_incident"
    found = suggestions(report.similar, f"report:{report.report_id}")
    # Where it was no incident, nobody is asked whether the earlier ones helped.
    past = [replace(item, ballot="") if dismissed else item for item in found if item.kind == "incident"]
    level = desk.policy.severity.levels[Severity(report.severity or report.chosen_severity or Severity.P2)]
    message = card.answered(judgement_of(report), level, f"<@{report.decided_by}>: {outcome}", past)
    if dismissed:
        message = corrections.with_second_thoughts(message, report.report_id)
    choices, reason = choices_for(report), reason_told(report)
    if choices:
        return corrections.with_choices(message, report.report_id, choices)
    return corrections.with_reason(message, reason) if reason else message


def _reply(desk: Desk, report: ReportRow, alike: Incident | None) -> Message:
    judgement = judgement_of(report)
    assert judgement.severity is not None
    found = suggestions(report.similar, f"report:{report.report_id}")
    answer = card.answer(
        report.report_id,
        judgement,
        desk.policy.severity.levels[judgement.severity],
        [item for item in found if item.kind == "incident"],
        next((item for item in found if item.kind == "playbook"), None),
        desk.policy.severity.levels,
        alike,
    )
    said_at = datetime.fromtimestamp(float(report.ts), tz=report.judged_at.tzinfo)
    late = report.judged_at - said_at
    if was_edited(report):
        return Message(answer.text, (*answer.blocks, card.context("The report was edited; judged again.")))
    if late < _LATE:
        return answer
    told = f"Told {span_text(late)} late: Tocsin was away when this was said."
    return Message(answer.text, (*answer.blocks, card.context(told)))


def review(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, episode: int) -> None:
    """Draft the review, post it in the channel, send it to the commander and the engineering manager."""
    learn_names(desk, slack, incident_id)
    key = f"review:{incident_id}:{episode}"
    memory = desk.memory.current()
    with desk.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        look_again(row, memory)
        propose(session, row, memory.entries, desk.now())
        drafted, kept = draft_once(session, row, desk.policy, desk.now())
        incident, due_at = incidents.facts(row), kept.due_at if is_asked_for(row) else None
        readers = [row.commander or row.declared_by, *who_manages(session, desk)]
        outsiders = told_instead(session, row, readers, "A review waits: that")
    lines = _main_facts(drafted)
    if incident.channel_id:
        shared = None if incident.private else desk.review_link(incident.ref)
        message = card.review_ready(incident, shared, lines, due_at)
        message = with_own_links(message) if incident.private else message
        speaker.try_to_say(f"{key}:channel", incident.channel_id, message)
    send_each(
        desk,
        slack,
        speaker,
        key,
        readers,
        review_path(incident.ref),
        lambda link: card.review_ready(incident, link, lines, due_at),
        outsiders,
    )


def redraft(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int) -> None:
    """Bring into the draft what was recorded since the closing; people see it on the page and in the canvas."""
    learn_names(desk, slack, incident_id)
    with desk.database.transaction() as session:
        draft_again(session, incidents.get_for_change(session, incident_id), desk.policy, desk.now())


def _main_facts(drafted: Review) -> list[str]:
    summary = summary_for_slack(drafted)
    facts = [f"{label}: {value}" for label, value in summary.facts]
    return facts + [f"Missing: {line.text} {line.command or ''}".strip() for line in summary.asked]
