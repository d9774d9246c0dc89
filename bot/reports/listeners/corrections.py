"""Buttons that correct the judge: why people disagreed, and whether a suggested severity is taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from slack_bolt import Ack
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents.interactions import ID, Press, Submission, let_in, number_at, of_report
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import severity_suggestions
from bot.reports.flows import corrections as correct
from bot.reports.flows import rejudge
from bot.reports.messages import corrections
from bot.reports.messages.corrections import WHY
from bot.reports.rules import IN_WORDS, WHY_DISMISSED, WHY_LOWERED, WHY_RAISED
from bot.slack.client import Slack
from bot.slack.replies.reporting import reporting_errors

log = structlog.get_logger(__name__)

IN_WORDS_BUTTON = "report_why_words"


def explain(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """One tap: `reason:report id`."""
    reason, report_id = value.split(":")
    correct.explain(session, int(report_id), reason)
    return None  # the answer itself shows it


def ask_in_words(context: AppContext, slack: Slack, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
    """Open the form for a reason in one's own words. It is optional, so a failure is only logged."""
    with reporting_errors(lambda text: log.warning("form did not open", text=text), user=body["user"]["id"]):
        let_in(context, body, Act.CHANGE)
        report_id = number_at(action["value"], 0)
        slack.open_view(body["trigger_id"], corrections.why_form(report_id, correct.LONGEST_REASON))
    ack()


def explained(
    session: Session, context: AppContext, values: dict[str, str], view: dict[str, Any], user_id: str, now: datetime
) -> None:
    """The form of a reason in one's own words."""
    correct.explain(session, number_at(view["private_metadata"], 0), IN_WORDS, values[IN_WORDS])


def take_severity(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    return sentence(rejudge.take(session, int(value), user_id, context.policy, now))


def keep_severity(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    return sentence(rejudge.keep(session, int(value), user_id, now))


def _of_suggestion(session: Session, value: str) -> IncidentRow | None:
    held = severity_suggestions.find(session, number_at(value, 0))
    return incidents.get(session, held.incident_id) if held is not None else None


def _of_reason(session: Session, values: dict[str, str], view: dict[str, Any]) -> None:
    """A report's id, which must be a number."""
    number_at(str(view.get("private_metadata")), 0)


_REASON = Press(explain, Act.CHANGE, of_report, rf"\w{{1,40}}:{ID}")
PRESSES = {
    **{f"report_why_{word}": _REASON for word in {**WHY_DISMISSED, **WHY_RAISED, **WHY_LOWERED}},
    "severity_take": Press(take_severity, Act.CHANGE, _of_suggestion, ID),
    "severity_keep": Press(keep_severity, Act.CHANGE, _of_suggestion, ID),
}
SUBMISSIONS = {WHY: Submission(explained, IN_WORDS, Act.CHANGE, _of_reason)}
