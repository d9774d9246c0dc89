"""Escalation as rows: who is pinged when, for every severity, through all that happens to an incident."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.escalation.queries import notices, pings
from bot.escalation.rules.matrix import Role
from bot.escalation.tables import PingRow
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.severity.rules import Severity
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

P0, P1, P2, P3 = Severity
ON_CALL, LEAD, MANAGER, VP, SECOND = (
    "on-call engineer", "team lead", "engineering manager", "VP engineering", "secondary on-call",
)  # fmt: skip
NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # the next opening, and the weekly digest
DECEMBER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)  # the monthly digest

Rung = tuple[str, str, datetime, str]


@pytest.fixture
def policy(policy: Policy) -> Policy:
    """The matrix alone: how pages climb that nobody answers is told in test_climbing.py."""
    return replace(policy, escalation=replace(policy.escalation, climb=None))


def rows(session: Session, row: IncidentRow, *states: str) -> list[PingRow]:
    found = pings.list_of_incident(session, row.incident_id)
    return [ping for ping in found if not states or ping.state in states]


def rungs(session: Session, row: IncidentRow) -> set[Rung]:
    return {(ping.kind, ping.role, ping.due_at, ping.rule) for ping in rows(session, row)}


def kinds(found: list[PingRow]) -> list[tuple[str, str]]:
    return [(ping.kind, ping.role) for ping in found]


def sweep_at(session: Session, policy: Policy, row: IncidentRow, now: datetime) -> None:
    session.flush()
    plan.sweep(session, policy.escalation, now)
    session.refresh(row)


def sent(session: Session, ping_id: int, user_ids: list[str], now: datetime) -> bool:
    """Record that it went out, shown as unanswered; whether that was news."""
    return escalate.pages_sent(session, [escalate.Sent(ping_id, user_ids)], now) == 1


def redrawn(session: Session, row: IncidentRow) -> list[tuple[str, str]]:
    """The pings of the incident whose messages are to be edited, as the queue has them; then it is empty."""
    jobs = [job.arguments["ping_id"] for job in queued(session, "slack.page_over")]
    empty_queue(session)
    held = {ping.ping_id: (ping.kind, ping.role) for ping in rows(session, row)}
    return [held[ping_id] for ping_id in jobs if ping_id in held]


AT_NOON: dict[Severity, set[Rung]] = {
    P0: {
        ("page", ON_CALL, NOON, "at once"),
        ("repeat", ON_CALL, NOON + minutes(5), "repeated until acknowledged"),
        ("secondary", SECOND, NOON + minutes(15), "no acknowledgement within 15 min"),
        ("page", LEAD, NOON + minutes(30), "30 min"),
        ("page", MANAGER, NOON + minutes(60), "1 h"),
        ("page", VP, NOON + minutes(120), "2 h"),
    },
    P1: {
        ("page", ON_CALL, NOON, "at once"),
        ("repeat", ON_CALL, NOON + minutes(15), "repeated until acknowledged"),
        ("secondary", SECOND, NOON + minutes(60), "no acknowledgement within 1 h"),
        ("page", LEAD, NOON + minutes(120), "2 h"),
        ("page", MANAGER, NOON + minutes(240), "4 h"),
        ("page", VP, MONDAY, "next day"),
    },
    P2: {
        ("page", ON_CALL, NOON, "normal hours"),
        ("secondary", SECOND, NOON + minutes(240), "no acknowledgement within 4 h"),
        ("page", LEAD, MONDAY, "next day"),
        ("page", MANAGER, MONDAY, "next day"),
        ("digest", VP, MONDAY, "weekly review"),
    },
    P3: {
        ("page", ON_CALL, NOON, "normal hours"),
        ("secondary", SECOND, MONDAY, "no acknowledgement within 24 h"),
        ("digest", LEAD, MONDAY, "weekly review"),
        ("digest", MANAGER, MONDAY, "weekly review"),
        ("digest", VP, DECEMBER, "monthly review"),
    },
}


@pytest.mark.parametrize("severity", Severity)
def test_a_declaration_plans_the_column_of_its_severity(
    session: Session, declared: Declare, severity: Severity
) -> None:
    row = declared(severity)
    assert rungs(session, row) == AT_NOON[severity]
    assert kinds(rows(session, row, pings.SENDING)) == [("page", ON_CALL)]
    assert all(ping.severity == severity for ping in rows(session, row))
    planned = [ping.due_at for ping in rows(session, row, pings.PLANNED)]
    breach = {P0: minutes(15), P1: minutes(60), P2: minutes(240), P3: minutes(24 * 60)}[severity]
    assert row.wake_at == min(*planned, NOON + breach)


@pytest.mark.parametrize("severity", [P2, P3])
def test_at_night_the_milder_severities_wait_for_the_opening(
    session: Session, declared: Declare, severity: Severity
) -> None:
    row = declared(severity, NIGHT)
    assert rows(session, row, pings.SENDING) == []
    (page,) = (ping for ping in rows(session, row) if (ping.kind, ping.role) == ("page", ON_CALL))
    assert (page.state, page.due_at) == (pings.PLANNED, MONDAY)
    assert queued(session, "slack.page", ping_id=page.ping_id) == []


@pytest.mark.parametrize("severity", [P0, P1])
def test_at_night_the_worse_severities_page_at_once(session: Session, declared: Declare, severity: Severity) -> None:
    row = declared(severity, NIGHT)
    assert kinds(rows(session, row, pings.SENDING)) == [("page", ON_CALL)]


def test_what_falls_due_is_sent_once(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    sweep_at(session, policy, row, NOON + minutes(4.9))
    assert len(rows(session, row, pings.SENDING)) == 1
    for _ in range(3):
        sweep_at(session, policy, row, NOON + minutes(30))
    sending = rows(session, row, pings.SENDING)
    assert sorted(kinds(sending)) == sorted([("page", ON_CALL), ("secondary", SECOND), ("page", LEAD)])
    for ping in sending:
        assert len(queued(session, "slack.page", ping_id=ping.ping_id)) == 1
    assert row.wake_at == NOON + minutes(35)


def test_after_an_absence_one_repeat_stands_for_those_that_were_missed(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    sent(session, rows(session, row, pings.SENDING)[0].ping_id, ["U0RESPONDER"], NOON)
    sweep_at(session, policy, row, NOON + minutes(58))
    repeats = [ping for ping in rows(session, row) if ping.kind == "repeat"]
    states = {ping.due_at: (ping.state, ping.reason) for ping in repeats}
    assert states == {NOON + minutes(5): (pings.SENDING, None), NOON + minutes(63): (pings.PLANNED, None)}


def test_a_mail_that_went_out_is_a_page_though_slack_took_none(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    sweep_at(session, policy, row, NOON + minutes(6))
    assert kinds(rows(session, row, pings.SENDING)) == [("page", ON_CALL)], "nobody got it: nothing to repeat"
    key = f"ping:{page.ping_id}:mail:on-call@example.com"
    notice_id = notices.add_notice(session, key, notices.MAIL, "on-call@example.com", "P0", "down", NOON)
    assert notice_id is not None
    written = notices.get(session, notice_id)
    written.state, written.sent_at = notices.SENT, NOON + minutes(6)
    sweep_at(session, policy, row, NOON + minutes(11))
    assert kinds(rows(session, row, pings.SENDING)) == [("page", ON_CALL), ("repeat", ON_CALL)]


def test_a_raised_severity_pages_at_once_who_is_overdue(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P2)
    change.set_severity(session, row, P0, "U0TEAMLEAD", policy, NOON + minutes(45))
    sending = {ping.role: ping for ping in rows(session, row, pings.SENDING) if ping.kind == "page"}
    assert set(sending) == {ON_CALL, LEAD}
    assert (sending[LEAD].severity, sending[LEAD].rule) == ("P0", "30 min")
    assert sending[ON_CALL].severity == "P2"
    planned = {ping.role: ping.due_at for ping in rows(session, row, pings.PLANNED) if ping.kind == "page"}
    assert planned == {MANAGER: NOON + minutes(60), VP: NOON + minutes(120)}
    (digest,) = rows(session, row, pings.CANCELLED)
    assert (digest.kind, digest.reason) == ("digest", "severity was changed before it was due")


def test_nobody_is_paged_twice_for_one_rung(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P1)
    for severity in (P2, P0, P1, P0):
        change.set_severity(session, row, severity, "U0TEAMLEAD", policy, NOON + minutes(40))
    pages = [ping for ping in rows(session, row) if ping.kind == "page"]
    assert sorted(ping.role for ping in pages) == sorted([ON_CALL, LEAD, MANAGER, VP])
    for ping in pages:
        assert len(queued(session, "slack.page", ping_id=ping.ping_id)) == (ping.role in (ON_CALL, LEAD))


def test_a_lowered_severity_cancels_what_is_no_longer_due(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    change.set_severity(session, row, P3, "U0TEAMLEAD", policy, NOON + minutes(1))
    live = rungs_of(rows(session, row, pings.PLANNED, pings.SENDING))
    assert ("page", LEAD) not in live
    assert {("digest", LEAD), ("digest", MANAGER), ("digest", VP)} <= live
    cancelled = rows(session, row, pings.CANCELLED)
    assert {("page", LEAD), ("page", MANAGER), ("page", VP)} <= rungs_of(cancelled)
    assert {ping.reason for ping in cancelled} == {"severity was changed before it was due"}


def rungs_of(found: list[PingRow]) -> set[tuple[str, str]]:
    return set(kinds(found))


def test_a_cancelled_rung_is_taken_up_again(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    change.set_severity(session, row, P3, "U0TEAMLEAD", policy, NOON + minutes(1))
    change.set_severity(session, row, P0, "U0TEAMLEAD", policy, NOON + minutes(2))
    (lead,) = (ping for ping in rows(session, row) if (ping.kind, ping.role) == ("page", LEAD))
    assert (lead.state, lead.due_at, lead.reason) == (pings.PLANNED, NOON + minutes(30), None)


def test_acknowledging_stops_the_clock_of_on_call_and_no_other_rung(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(3))
    cancelled = rows(session, row, pings.CANCELLED)
    assert rungs_of(cancelled) == {("repeat", ON_CALL), ("secondary", SECOND)}
    assert {ping.reason for ping in cancelled} == {"acknowledged before it was due"}
    assert kinds(rows(session, row, pings.PLANNED)) == [("page", LEAD), ("page", MANAGER), ("page", VP)]
    sweep_at(session, policy, row, NOON + minutes(120))
    assert timeline.list_rows(session, row.incident_id, (Kind.RESPONSE_BREACHED,)) == []
    assert rungs_of(rows(session, row, pings.SENDING)) == {
        ("page", ON_CALL), ("page", LEAD), ("page", MANAGER), ("page", VP)
    }  # fmt: skip


def test_mitigating_counts_as_acknowledging(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    change.set_status(session, row, Status.MITIGATED, "U0RESPONDER", policy, NOON + minutes(3))
    cancelled = rows(session, row, pings.CANCELLED)
    assert rungs_of(cancelled) == {("repeat", ON_CALL), ("secondary", SECOND)}
    assert {ping.reason for ping in cancelled} == {"acknowledged before it was due"}


def test_resolving_stops_everything(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    sent(session, rows(session, row, pings.SENDING)[0].ping_id, ["U0RESPONDER"], NOON)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(3))
    assert rungs_of(rows(session, row, pings.SENT)) == {("page", ON_CALL)}
    assert rows(session, row, pings.PLANNED, pings.SENDING) == []
    assert {ping.reason for ping in rows(session, row, pings.CANCELLED)} == {"resolved before it was due"}
    assert row.wake_at is None


def test_a_page_on_its_way_is_called_off_by_resolving(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(3))
    assert (page.state, page.reason) == (pings.CANCELLED, "resolved before it was sent")


def test_a_page_that_went_out_all_the_same_is_recorded_and_taken_back(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(3))
    assert queued(session, "slack.page_over", ping_id=page.ping_id) == []
    assert sent(session, page.ping_id, ["U0RESPONDER"], NOON + minutes(4))
    assert (page.state, page.reason, page.user_ids) == (pings.SENT, None, ["U0RESPONDER"])
    assert len(queued(session, "slack.page_over", ping_id=page.ping_id)) == 1


def test_reopening_plans_anew(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(3))
    change.reopen(session, row, "U0RESPONDER", policy, NOON + minutes(60))
    again = [ping for ping in rows(session, row) if ping.key.startswith("2/")]
    planned = {(ping.kind, ping.role, ping.due_at - minutes(60), ping.rule) for ping in again}
    assert planned == AT_NOON[P0]
    assert kinds(rows(session, row, pings.SENDING)) == [("page", ON_CALL)]


def test_a_breach_is_recorded_once_at_its_instant_and_pages_the_secondary(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P1)
    for late in (60, 61, 90):
        sweep_at(session, policy, row, NOON + minutes(late))
    (breach,) = timeline.list_rows(session, row.incident_id, (Kind.RESPONSE_BREACHED,))
    assert breach.text == "No one acknowledged within 1 h, the response time of P1."
    assert (breach.at, breach.recorded_at) == (NOON + minutes(60), NOON + minutes(60))
    assert len(queued(session, "slack.say", entry_id=breach.entry_id)) == 1
    assert ("secondary", SECOND) in rungs_of(rows(session, row, pings.SENDING))


def test_a_breach_noticed_late_keeps_its_instant(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    sweep_at(session, policy, row, NOON + minutes(500))
    (breach,) = timeline.list_rows(session, row.incident_id, (Kind.RESPONSE_BREACHED,))
    assert (breach.at, breach.recorded_at) == (NOON + minutes(15), NOON + minutes(500))


def test_a_sent_page_says_whom_and_how_late(session: Session, declared: Declare) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    assert sent(session, page.ping_id, ["U0RESPONDER", "U0SECONDARY"], NOON + minutes(12))
    assert not sent(session, page.ping_id, ["U0RESPONDER"], NOON + minutes(13))
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.PING_SENT,))
    assert entry.text == "Paged <@U0RESPONDER>, <@U0SECONDARY> as on-call engineer (at once), 12 min late."
    assert (page.state, page.sent_at) == (pings.SENT, NOON + minutes(12))
    assert page.user_ids == ["U0RESPONDER", "U0SECONDARY"]
    assert len(queued(session, "slack.mention", entry_id=entry.entry_id)) == 1


def test_a_page_in_time_says_nothing_of_lateness(session: Session, declared: Declare) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    sent(session, page.ping_id, ["U0RESPONDER"], NOON + minutes(0.5))
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.PING_SENT,))
    assert entry.text == "Paged <@U0RESPONDER> as on-call engineer (at once)."


def test_a_page_that_reached_nobody_says_why_where_people_see_it(session: Session, declared: Declare) -> None:
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    for _ in range(2):
        escalate.pages_failed(session, [page.ping_id], "nobody holds it", NOON)
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.PING_FAILED,))
    assert entry.text == "Could not page the on-call engineer (at once): nobody holds it"
    assert (page.state, page.reason) == (pings.FAILED, "nobody holds it")
    assert len(queued(session, "slack.say", entry_id=entry.entry_id)) == 1


def test_a_digest_is_not_announced(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P3)
    sweep_at(session, policy, row, MONDAY)
    (digest,) = (ping for ping in rows(session, row) if (ping.kind, ping.role) == ("digest", LEAD))
    sent(session, digest.ping_id, ["U0TEAMLEAD"], MONDAY)
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.PING_SENT,))
    assert queued(session, entry_id=entry.entry_id) == []


def test_one_s_own_pages_are_marked_as_answered(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P0)
    sweep_at(session, policy, row, NOON + minutes(30))
    for ping in rows(session, row, pings.SENDING):
        sent(session, ping.ping_id, ["U0TEAMLEAD" if ping.role == LEAD else "U0RESPONDER"], NOON)
    change.acknowledge(session, row, "U0TEAMLEAD", policy, NOON + minutes(31))
    for ping in rows(session, row, pings.SENT):
        mine = ping.role == LEAD
        assert ping.acknowledged_by == ("U0TEAMLEAD" if mine else None)
        assert ping.acknowledged_at == (NOON + minutes(31) if mine else None)
        assert len(queued(session, "slack.page_over", ping_id=ping.ping_id)) == 1


def test_acknowledging_redraws_each_page_of_this_opening_once(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    sent(session, rows(session, row, pings.SENDING)[0].ping_id, ["U0RESPONDER"], NOON)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(2))
    change.reopen(session, row, "U0TEAMLEAD", policy, NOON + minutes(10))
    sweep_at(session, policy, row, NOON + minutes(26))
    for ping in rows(session, row, pings.SENDING):
        sent(session, ping.ping_id, ["U0RESPONDER"], NOON + minutes(26))
    redrawn(session, row)
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(27))
    again = [("page", ON_CALL), ("secondary", SECOND)]
    assert sorted(redrawn(session, row)) == again, "the page of the first opening says that it was resolved, and stays"


def test_acknowledging_after_another_redraws_only_one_s_own_page_that_was_sent_since(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared(P0)
    sent(session, rows(session, row, pings.SENDING)[0].ping_id, ["U0RESPONDER", "U0TEAMLEAD"], NOON)
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(2))
    sweep_at(session, policy, row, NOON + minutes(60))
    for ping in rows(session, row, pings.SENDING):
        shown = escalate.Sent(
            ping.ping_id, ["U0TEAMLEAD" if ping.role == LEAD else "U0MANAGER"], shown=NOON + minutes(2)
        )
        escalate.pages_sent(session, [shown], ping.due_at)
    redrawn(session, row)
    change.acknowledge(session, row, "U0TEAMLEAD", policy, NOON + minutes(61))
    assert redrawn(session, row) == [("page", LEAD)]
    change.acknowledge(session, row, "U0TEAMLEAD", policy, NOON + minutes(62))
    change.take_command(session, row, "U0TEAMLEAD", policy, NOON + minutes(63))
    assert redrawn(session, row) == []


def test_a_digest_is_no_page_to_redraw(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared(P3)
    sweep_at(session, policy, row, MONDAY)
    for ping in rows(session, row, pings.SENDING):
        sent(session, ping.ping_id, ["U0TEAMLEAD"], MONDAY)
    redrawn(session, row)
    change.acknowledge(session, row, "U0TEAMLEAD", policy, MONDAY + minutes(1))
    change.resolve(session, row, "U0TEAMLEAD", policy, MONDAY + minutes(2))
    assert set(redrawn(session, row)) == {("page", ON_CALL), ("secondary", SECOND)}


@pytest.mark.parametrize(("seconds", "late"), [(-1, ""), (0, ""), (1, ", 7 min late")])
def test_a_page_is_late_once_it_is_more_than_the_policy_allows_after_it_was_due(
    session: Session, declared: Declare, policy: Policy, seconds: int, late: str
) -> None:
    late_after = minutes(7)
    row = declared(P0)
    (page,) = rows(session, row, pings.SENDING)
    at = NOON + late_after + timedelta(seconds=seconds)
    escalate.pages_sent(session, [escalate.Sent(page.ping_id, ["U0RESPONDER"])], at, late_after)
    (entry,) = timeline.list_rows(session, row.incident_id, (Kind.PING_SENT,))
    assert entry.text == f"Paged <@U0RESPONDER> as on-call engineer (at once){late}."
    facts = escalate.facts_of(page, row, rows(session, row), replace(policy.escalation, late_after=late_after))
    assert facts.is_late(at) is bool(late)


def test_a_role_is_asked_for_again_after_a_minute_and_not_sooner(session: Session, declared: Declare) -> None:
    row = declared(P1)
    plan.escalate_by_hand(session, row, Role.VP, "down", "U0LEAD", "first", NOON)
    plan.refuse_asked_just_now(session, row, Role.VP, "first", NOON)  # Slack sent the same command again
    plan.refuse_asked_just_now(session, row, Role.TEAM_LEAD, "second", NOON)
    with pytest.raises(BadRequest, match=r"The VP engineering was paged 2 seconds ago by <@U0LEAD>\."):
        plan.refuse_asked_just_now(session, row, Role.VP, "second", NOON + minutes(2 / 60))
    plan.refuse_asked_just_now(session, row, Role.VP, "second", NOON + minutes(1))


def test_a_sweep_says_how_many_plans_it_looked_at(session: Session, declared: Declare, policy: Policy) -> None:
    session.query(IncidentRow).update({"wake_at": None})
    found = [declared(P0) for _ in range(3)]
    session.flush()
    assert plan.sweep(session, policy.escalation, NOON + minutes(5), limit=2) == 2
    assert plan.sweep(session, policy.escalation, NOON + minutes(5), limit=2) == 1
    assert plan.sweep(session, policy.escalation, NOON + minutes(5), limit=2) == 0
    assert all(row.wake_at == NOON + minutes(10) for row in found)
