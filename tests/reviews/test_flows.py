"""The review's draft from what was really recorded."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows import pages as escalate
from bot.escalation.queries import pings
from bot.incidents.flows import record
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.memory.rules.similar import SimilarItem
from bot.reports.tables import AlertRow, ReportRow
from bot.reviews.flows import drafting, editing
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.queries import drafts
from bot.reviews.rules.stages import Stage
from bot.severity.rules import Severity
from bot.slack import queries as messages
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes


@pytest.fixture
def told(session: Session, declared: Declare, policy: Policy) -> IncidentRow:
    """A P1 that was raised to P0, acknowledged, discussed, resolved and closed."""
    row = declared(Severity.P1)
    row.channel_id = f"C{row.incident_id}"
    row.similar = (
        SimilarItem("NFI-2023-0010", "incident", "t", cause="c", fix="f", happened_on=date(2023, 2, 1)),
        SimilarItem("PB-alb", "playbook", "p"),
    )
    messages.record_workspace(session, "T0", "https://example.com/", "U0TOCSIN", "C0INCIDENTS")
    (page,) = (ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.SENDING)
    escalate.pages_sent(session, [escalate.Sent(page.ping_id, ["U0RESPONDER"], channel_id=row.channel_id)], NOON)
    change.set_severity(session, row, Severity.P0, "U0TEAMLEAD", policy, NOON + minutes(2))
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(4))
    record.message_posted(session, row.channel_id, "1795176300.000100", "U0SUPPORT", "ask <@U0VP>", NOON + minutes(5))
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(20), "raised the pool", "pool exhausted")
    change.close(session, row, "U0RESPONDER", Closing(false_alarm=False), policy, NOON + minutes(21))
    return row


def test_everything_that_was_recorded_is_gathered(session: Session, told: IncidentRow, policy: Policy) -> None:
    facts = drafting.gather(session, told, policy)
    assert facts.incident.ref == told.ref
    assert {Kind.DECLARED, Kind.PING_SENT, Kind.MESSAGE_POSTED, Kind.CLOSED} <= {entry.kind for entry in facts.entries}
    (said,) = (entry for entry in facts.entries if entry.kind is Kind.MESSAGE_POSTED)
    assert said.permalink == f"https://example.com/archives/{told.channel_id}/p1795176300000100"
    (change_,) = facts.severity_changes
    assert (change_.before, change_.after, change_.by) == (Severity.P1, Severity.P0, "U0TEAMLEAD")
    sent = [ping for ping in facts.pings if ping.sent_at]
    assert [(ping.role, ping.persons, ping.acknowledged_by) for ping in sent] == [
        ("on-call engineer", ("U0RESPONDER",), "U0RESPONDER")
    ]
    assert all(ping.sent_at or ping.reason_not_sent for ping in facts.pings)
    assert facts.respond_within == minutes(15)
    assert [past.ref for past in facts.similar] == ["NFI-2023-0010"]
    assert facts.false_alarm is False


def test_people_are_named_once_their_names_are_known(session: Session, told: IncidentRow, policy: Policy) -> None:
    unknown = drafting.ids_to_name(session, told)
    assert unknown == {"U0RESPONDER", "U0SUPPORT", "U0TEAMLEAD", "U0VP"}
    for user_id in unknown:
        messages.record_name(session, user_id, f"name of {user_id}", NOON)
    assert drafting.gather(session, told, policy).names["U0VP"] == "name of U0VP"


def test_a_repeated_job_adds_no_version(session: Session, told: IncidentRow, policy: Policy) -> None:
    first, kept = drafting.draft_once(session, told, policy, NOON + minutes(22))
    again, same = drafting.draft_once(session, told, policy, NOON + minutes(23))
    assert (same.review_id, kept.version) == (kept.review_id, 1)
    assert again == first
    assert kept.document == first
    assert kept.due_at == NOON + minutes(20) + minutes(48 * 60)
    assert "pool exhausted" in to_markdown(first)


def test_a_second_closing_is_drafted_anew_and_the_first_draft_stays(
    session: Session, told: IncidentRow, policy: Policy
) -> None:
    _, first = drafting.draft_once(session, told, policy, NOON + minutes(22))
    change.reopen(session, told, "U0RESPONDER", policy, NOON + minutes(30))
    change.resolve(session, told, "U0RESPONDER", policy, NOON + minutes(40))
    change.close(session, told, "U0RESPONDER", Closing(), policy, NOON + minutes(41))
    _, second = drafting.draft_once(session, told, policy, NOON + minutes(42))
    assert (first.version, second.version) == (1, 2)
    assert drafts.find_last(session, told.incident_id) is second


def test_what_is_recorded_after_the_closing_is_drafted_by_one_job_and_only_once_a_draft_is_due(
    session: Session, told: IncidentRow, policy: Policy
) -> None:
    drafting.draft_once(session, told, policy, NOON + minutes(22))
    empty_queue(session)
    for _ in range(3):
        assert drafting.redraft_later(session, told)
    (job,) = queued(session, "slack.redraft")
    assert (job.arguments, job.lock) == ({"incident_id": told.incident_id}, f"review-{told.incident_id}")
    assert drafted(session, told) == 1


def test_what_is_recorded_after_the_closing_makes_a_further_version(
    session: Session, told: IncidentRow, policy: Policy
) -> None:
    assert drafting.redraft(session, told, policy, NOON + minutes(22)) is None  # the first draft is the closing's
    drafting.draft_once(session, told, policy, NOON + minutes(22))
    told.cause = "a leak in the pool"
    last = drafting.redraft(session, told, policy, NOON + minutes(30))
    assert last is not None
    assert last.version == 2
    assert "a leak in the pool" in to_markdown(last.document)


def test_a_redraft_of_nothing_new_adds_no_version(session: Session, told: IncidentRow, policy: Policy) -> None:
    drafting.draft_once(session, told, policy, NOON + minutes(22))
    assert drafting.redraft(session, told, policy, NOON + minutes(30)) is None
    assert drafted(session, told) == 1


def test_an_approved_review_stays_as_signed_and_the_late_note_says_so(
    session: Session, told: IncidentRow, policy: Policy
) -> None:
    drafting.draft_once(session, told, policy, NOON + minutes(22))
    editing.move(session, told, Stage.APPROVED, "U0MANAGER", policy, NOON + minutes(30))
    empty_queue(session)
    told.cause = "a leak in the pool"
    assert not drafting.redraft_later(session, told), "it is approved and stays as it is"
    assert queued(session, "slack.redraft") == []
    assert drafting.redraft(session, told, policy, NOON + minutes(40)) is None
    assert drafted(session, told) == 1


def drafted(session: Session, row: IncidentRow) -> int:
    """How many versions of the review there are."""
    last = drafts.find_last(session, row.incident_id)
    return last.version if last else 0


def test_after_reopening_the_cause_of_before_is_offered_and_the_alarm_says_when_it_was_detected(
    session: Session, told: IncidentRow, policy: Policy
) -> None:
    report = ReportRow(
        channel_id="C0INCIDENTS",
        ts=f"{(NOON - minutes(3)).timestamp():.6f}",
        text="ALARM: 5xx",
        judged_at=NOON,
        confidence=1,
        row="",
        evidence=[],
        similar=(),
        answered=True,
    )
    session.add(report)
    session.flush()
    alert = AlertRow(channel_id="C0INCIDENTS", key=f"k{report.report_id}", report_id=report.report_id, times=1)
    alert.last_ts, alert.last_at = report.ts, NOON
    session.add(alert)
    told.report_channel_id, told.report_ts = report.channel_id, report.ts
    change.reopen(session, told, "U0SUPPORT", policy, NOON + minutes(30), "it is back")
    change.resolve(session, told, "U0SUPPORT", policy, NOON + minutes(40))
    change.close(session, told, "U0SUPPORT", Closing(false_alarm=False), policy, NOON + minutes(41))
    markdown = to_markdown(drafting.draft_review(session, told, policy, NOON + minutes(42))[0])
    assert "Not recorded since it was reopened. Before: pool exhausted." in markdown
    assert markdown.count("pool exhausted") == 3, "once where it was recorded, and where it is asked for"
    assert "11:57, when the alarm fired, 3 min before it was declared; no other time was noted" in markdown


def test_what_was_said_in_a_duplicates_channel_or_in_a_thread_is_linked_where_it_was_said(
    session: Session, told: IncidentRow, declared: Declare, policy: Policy
) -> None:
    twin = declared(title="checkout fails as well")
    twin.channel_id = "C0TWIN"
    record.message_posted(session, "C0TWIN", "1795176400.000100", "U0SUPPORT", "also here", NOON + minutes(6))
    twin.merged_into = told.incident_id
    thread = {"channel": "C0INCIDENTS", "thread_ts": "1.1"}
    at, stamp = NOON + minutes(1), "1795176060.000200"
    record.record(
        session, told, Kind.MESSAGE_POSTED, "no channel yet", at, author="U0VP", message_ts=stamp, data=thread
    )
    session.flush()
    links = {entry.text: entry.permalink for entry in drafting.gather(session, told, policy).entries}
    assert links["also here"] == "https://example.com/archives/C0TWIN/p1795176400000100"
    assert links["no channel yet"] == "https://example.com/archives/C0INCIDENTS/p1795176060000200"
    assert links["ask <@U0VP>"] == f"https://example.com/archives/{told.channel_id}/p1795176300000100"
