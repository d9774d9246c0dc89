"""Why people disagreed with the judge: asked in one tap, never required, kept with the report."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from bot.errors import BadRequest, TransitionRefused
from bot.reports import queries as reports
from bot.reports.messages import decisions
from bot.reports.rules import IN_WORDS, WHY_DISMISSED, WHY_LOWERED, WHY_RAISED, why_choices
from bot.reports.tables import ReportRow
from bot.severity.rules import Severity
from bot.store.outbox import enqueue

LONGEST_REASON = 500  # characters
_NAMES = {**WHY_RAISED, **WHY_LOWERED, **WHY_DISMISSED}


def choices_for(report: ReportRow) -> Mapping[str, str]:
    """The reasons offered under this report's outcome; none once one was given, and none where Tocsin had asked."""
    if report.reason is not None or report.asked:
        return {}  # where Tocsin asked, nobody disagreed with it
    judged = Severity(report.severity) if report.severity else None
    chosen = Severity(report.chosen_severity) if report.chosen_severity else None
    return why_choices(judged, report.decision, chosen)


def reason_of(report: ReportRow) -> str:
    """The reason as a sentence for people, in their own words where they gave some; empty where none was given."""
    if report.reason is None:
        return ""
    return report.reason_text or _NAMES[report.reason]


def explain(session: Session, report_id: int, reason: str, words: str = "") -> None:
    """Keep the reason, `words` being the person's own. The same reason a second time changes nothing.

    Raises TransitionRefused where there is nothing to explain, or another reason was given before.
    """
    report = reports.get_report_for_change(session, report_id)
    if report is None:
        raise BadRequest(decisions.GONE)
    if report.reason is not None:
        if (report.reason, report.reason_text or "") == (reason, words):
            return
        raise TransitionRefused(decisions.reason_given(reason_of(report)))
    choices = choices_for(report)
    if not choices:
        raise TransitionRefused(decisions.NOTHING_TO_EXPLAIN)
    if reason != IN_WORDS and reason not in choices:
        raise BadRequest(decisions.REASON_UNFIT)
    if reason == IN_WORDS and not words:
        raise BadRequest(decisions.REASON_EMPTY)
    report.reason, report.reason_text = reason, words[:LONGEST_REASON] or None
    enqueue(session, "slack.answer", lock=f"report-{report_id}", report_id=report_id)
