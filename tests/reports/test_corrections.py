"""Why people decided otherwise: kept once, fitting the decision, never required."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.figures.queries import verdicts as figures_queries
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reports.flows import corrections
from bot.reports.flows import reports as suggest
from bot.reports.flows.reports import Heard
from bot.reports.tables import ReportRow
from bot.severity.rules import Evidence, Judgement, Severity
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

SURE = Judgement(Severity.P1, 0.9, (Evidence("502", "how.down"),), Severity.P0, "a major part", "money-down")
_stamps = iter(f"1795177{number:03d}.000100" for number in range(1000))


@pytest.fixture
def report(session: Session, policy: Policy) -> ReportRow:
    message = Heard("C0INCIDENTS", next(_stamps), "U0SUPPORT", "checkout returns 502")
    row = suggest.judge_report(session, message, SURE, (), policy, NOON)
    assert row is not None
    return row


def test_the_row_s_own_name_is_kept_with_the_report(report: ReportRow) -> None:
    assert (report.row_name, suggest.judgement_of(report).row_name) == ("money-down", "money-down")


def test_a_reason_is_kept_once_and_shown(session: Session, report: ReportRow) -> None:
    suggest.dismiss_report(session, report.report_id, "U0RESPONDER", NOON)
    assert "chatter" in corrections.choices_for(report)
    empty_queue(session)
    corrections.explain(session, report.report_id, "chatter")
    assert (report.reason, report.reason_text) == ("chatter", None)
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1
    corrections.explain(session, report.report_id, "chatter")
    assert len(queued(session, "slack.answer", report_id=report.report_id)) == 1
    with pytest.raises(TransitionRefused, match="Just chatter"):
        corrections.explain(session, report.report_id, "test")
    assert corrections.choices_for(report) == {}


def test_own_words_are_kept_and_bounded(session: Session, report: ReportRow, policy: Policy) -> None:
    suggest.declare_report(session, report.report_id, Severity.P3, "U0RESPONDER", policy, NOON)
    with pytest.raises(BadRequest):
        corrections.explain(session, report.report_id, "words", "")
    corrections.explain(session, report.report_id, "words", "a demo shop <!channel> " + "x" * 1000)
    assert report.reason == "words"
    assert len(report.reason_text or "") == corrections.LONGEST_REASON


@pytest.mark.parametrize("reason", ["chatter", "more", "nonsense"])
def test_a_reason_that_does_not_go_with_the_decision_is_refused(
    reason: str, session: Session, report: ReportRow, policy: Policy
) -> None:
    suggest.declare_report(session, report.report_id, Severity.P3, "U0RESPONDER", policy, NOON)
    with pytest.raises(BadRequest):
        corrections.explain(session, report.report_id, reason)


def test_where_people_agreed_there_is_nothing_to_explain(session: Session, report: ReportRow, policy: Policy) -> None:
    with pytest.raises(TransitionRefused):
        corrections.explain(session, report.report_id, "chatter")
    suggest.declare_report(session, report.report_id, None, "U0RESPONDER", policy, NOON)
    with pytest.raises(TransitionRefused):
        corrections.explain(session, report.report_id, "matrix")
    with pytest.raises(BadRequest):
        corrections.explain(session, 10**9, "chatter")


def test_a_message_declared_by_hand_counts_as_declared(session: Session, policy: Policy) -> None:
    ts = next(_stamps)
    silent = Judgement(None, 0.8, (), None, "nothing", "chatter")
    since = NOON + minutes(60)
    row = suggest.judge_report(session, Heard("C0INCIDENTS", ts, "U0SUPPORT", "hm, odd"), silent, (), policy, since)
    assert row is not None
    wanted = Declaration(f"hand:{ts}", "odd", Severity.P1, "U0RESPONDER", report_channel_id="C0INCIDENTS", report_ts=ts)
    declare(session, wanted, policy, since)
    (found,) = figures_queries.list_verdicts(session, since=since)
    assert (found.judged, found.people_say, found.row) == (None, "P1", "chatter")
    assert figures_queries.list_verdicts(session, until=since + minutes(1), since=since) == [found]
    assert figures_queries.list_verdicts(session, since=since + minutes(1)) == []
