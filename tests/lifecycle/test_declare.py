"""Declaring: one request, one incident, with its first entry, its room and its first pages."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.escalation.queries import pings
from bot.escalation.rules.matrix import Role
from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import LONGEST_TITLE, Declaration, declare, join, kind_of, outcome_of
from bot.lifecycle.rules.outcomes import Declared, NoteAdded
from bot.severity.rules import Severity
from bot.store.engine import Database
from bot.store.outbox import PAGING
from tests.support.queue import queued
from tests.support.rows import NOON, count_entries, minutes


def wanted(key: str, title: str = "checkout returns 502", impact: str | None = None) -> Declaration:
    return Declaration(key, title, Severity.P1, "U0RESPONDER", impact=impact)


def test_a_declaration_records_opens_the_room_and_pages(session: Session, policy: Policy) -> None:
    row, fresh = declare(session, wanted("a", impact="a third of users"), policy, NOON)
    assert fresh
    assert row.ref.startswith("INC-2026-")
    assert row.channel_name == f"{row.ref.lower()}-checkout-returns-502"
    assert (row.status, row.severity, row.declared_at, row.impact) == ("investigating", "P1", NOON, "a third of users")
    entries = timeline.list_entries(session, row.incident_id)
    assert [(entry.kind, entry.text) for entry in entries] == [
        (Kind.DECLARED, "Declared as P1 by <@U0RESPONDER>: checkout returns 502"),
        (Kind.IMPACT_RECORDED, "a third of users"),
    ]
    (room,) = queued(session, "slack.open_room", incident_id=row.incident_id)
    assert room.lock == f"incident-{row.incident_id}"
    sending = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.SENDING]
    assert [ping.role for ping in sending] == ["on-call engineer"]
    (page,) = queued(session, "slack.page", ping_id=sending[0].ping_id)
    assert page.queue == PAGING
    assert page.lock != room.lock


NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)  # of a Saturday


@pytest.mark.parametrize("said", [None, True, False])
@pytest.mark.parametrize("severity", [Severity.P0, Severity.P2, Severity.P3])
def test_what_sounds_like_a_break_in_pages_on_call_at_once_whatever_was_chosen_and_once(
    session: Session, policy: Policy, severity: Severity, said: bool | None
) -> None:
    title = "we got hacked i think"
    secrecy = kind_of(policy, title, "", said)
    asked = replace(wanted(f"k-{severity}-{said}", title), severity=severity, security=secrecy.security)
    row, _ = declare(session, replace(asked, asks=secrecy.asks, urgent=secrecy.urgent), policy, NIGHT)
    [page] = [ping for ping in pings.list_of_incident(session, row.incident_id) if ping.state == pings.SENDING]
    assert (page.role, page.due_at) == (Role.ON_CALL, NIGHT)


def test_with_false_in_the_policy_what_sounds_like_one_waits_as_its_severity_does(
    session: Session, policy: Policy
) -> None:
    waits = replace(policy, security=policy.security.model_copy(update={"page_at_once": False}))
    row, _ = declare(session, replace(wanted("k-waits"), severity=Severity.P2, urgent=True), waits, NIGHT)
    assert {ping.state for ping in pings.list_of_incident(session, row.incident_id)} == {pings.PLANNED}


def test_the_same_request_declares_once(session: Session, policy: Policy) -> None:
    first, _ = declare(session, wanted("b"), policy, NOON)
    jobs, entries = len(queued(session)), count_entries(session, first.incident_id)
    second, fresh = declare(session, wanted("b", "said differently"), policy, NOON + minutes(1))
    assert (second, fresh) == (first, False)
    assert second.title == "checkout returns 502"
    assert len(queued(session)) == jobs
    assert count_entries(session, first.incident_id) == entries


def test_the_same_request_twice_at_the_same_moment_declares_once(database: Database, policy: Policy) -> None:
    together = threading.Barrier(4)

    def request() -> tuple[str, bool]:
        with database.transaction() as session:
            together.wait(10)
            row, fresh = declare(session, wanted("at once"), policy, NOON)
            return row.ref, fresh

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result(20) for future in [pool.submit(request) for _ in range(4)]]
    assert len({ref for ref, _ in answers}) == 1
    assert sorted(fresh for _, fresh in answers) == [False, False, False, True]
    with database.transaction() as session:
        count = select(func.count()).where(IncidentRow.request_key == "at once")
        assert session.scalar(count) == 1


def test_of_two_answers_to_one_question_at_once_the_second_sees_what_the_first_did(
    database: Database, policy: Policy
) -> None:
    decided, asked = threading.Event(), threading.Event()

    def second() -> Declared | NoteAdded | None:
        with database.transaction() as session:
            session.execute(select(func.now()))  # connected: from here on it is only the question that it waits for
            assert decided.wait(10)
            asked.set()
            return outcome_of(session, "answered twice")

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            assert outcome_of(session, "answered twice") is None
            answer = pool.submit(second)
            row, _ = declare(session, wanted("another key"), policy, NOON)
            ref = join(session, row.ref, "the till too", "U0RESPONDER", NOON, "answered twice").ref
            decided.set()
            assert asked.wait(60)
            wait_for_lock(database)
        assert answer.result(60) == NoteAdded(ref)


def wait_for_lock(database: Database) -> None:
    """Until some transaction waits for a lock that another one holds."""
    waiting = text("select count(*) from pg_locks where not granted and locktype = 'advisory'")
    for _ in range(2000):
        with database.transaction() as session:
            if session.scalar(waiting):
                return
        threading.Event().wait(0.05)
    raise AssertionError("nothing waits: both answers would count")


@pytest.mark.parametrize("title", ["", "   ", "…", "!!! ???", ":fire: :fire:"])
def test_a_title_that_says_nothing_is_refused_and_leaves_nothing(
    database: Database, policy: Policy, title: str
) -> None:
    with database.transaction() as session:
        before = session.scalar(select(func.count(IncidentRow.incident_id)))
    with pytest.raises(BadRequest, match="in a few words what is wrong"), database.transaction() as session:
        declare(session, wanted("says nothing", title), policy, NOON)
    with database.transaction() as session:
        assert session.scalar(select(func.count(IncidentRow.incident_id))) == before


def test_a_failed_declaration_leaves_no_gap_in_the_references(database: Database, policy: Policy) -> None:
    def number(ref: str) -> int:
        return int(ref.rsplit("-", 1)[1])

    with database.transaction() as session:
        before, _ = declare(session, wanted("gap 1"), policy, NOON)
    with pytest.raises(InterruptedError), database.transaction() as session:
        declare(session, wanted("gap 2"), policy, NOON)
        raise InterruptedError
    with database.transaction() as session:
        after, _ = declare(session, wanted("gap 3"), policy, NOON)
        assert number(after.ref) == number(before.ref) + 1
        assert incidents.find_by_request(session, "gap 2") is None


def test_an_endless_title_is_cut(session: Session, policy: Policy) -> None:
    row, _ = declare(session, wanted("long", "checkout fails " * 700), policy, NOON)
    assert len(row.title) == LONGEST_TITLE
    assert len(row.channel_name) <= 80


def test_of_pasted_lines_the_first_is_the_title_and_the_rest_a_note(session: Session, policy: Policy) -> None:
    pasted = "🔥\n*checkout\tfails*  badly \n\nHTTP 502 <!channel>\n  at pay()\n" + "line of a log\n" * 3_000
    row, _ = declare(session, wanted("lines", pasted), policy, NOON)
    assert row.title == "*checkout fails* badly"
    (noted,) = [entry for entry in timeline.list_entries(session, row.incident_id) if entry.kind is Kind.NOTED]
    assert noted.text.startswith("HTTP 502 &lt;!channel&gt;\n  at pay()\n") and noted.text.endswith("line of a log")
    assert declare(session, wanted("lines", pasted), policy, NOON) == (row, False)


def test_one_line_too_long_for_a_title_is_cut_there_and_whole_on_the_timeline(session: Session, policy: Policy) -> None:
    line = "checkout fails for all who pay by card " * 20
    row, _ = declare(session, wanted("one long line", line), policy, NOON)
    assert len(row.title) == 250
    (declared,) = timeline.list_entries(session, row.incident_id)
    assert line.strip() in declared.text


def test_of_a_long_line_the_first_sentence_is_the_title_and_the_rest_is_on_the_timeline(
    session: Session, policy: Policy
) -> None:
    line = "checkout answers 502 for a third of customers. Calls started ten minutes ago.\ncode 0x1F"
    row, _ = declare(session, wanted("sentences", line), policy, NOON)
    assert row.title == "checkout answers 502 for a third of customers"
    assert row.channel_name.endswith("-checkout-answers-502-for-a-third-of-customers")
    noted = [entry.text for entry in timeline.list_entries(session, row.incident_id) if entry.kind is Kind.NOTED]
    assert noted == ["Calls started ten minutes ago.\ncode 0x1F"]


def test_what_people_wrote_pings_nobody_from_the_timeline(session: Session, policy: Policy) -> None:
    hostile = "<!channel> & <@U0VP> down"
    row, _ = declare(session, wanted("hostile", hostile, impact=hostile), policy, NOON)
    assert (row.title, row.impact) == (hostile, hostile)
    for entry in timeline.list_entries(session, row.incident_id):
        assert "&lt;!channel&gt; &amp; &lt;@U0VP&gt; down" in entry.text
        assert "<!channel>" not in entry.text
        assert "<@U0VP>" not in entry.text


def test_the_year_is_that_of_the_declaration(session: Session, policy: Policy) -> None:
    row, _ = declare(session, wanted("new year"), policy, NOON.replace(year=2027))
    assert row.ref == "INC-2027-0001"
    assert session.scalar(select(func.count(PingRow.ping_id)).where(PingRow.incident_id == row.incident_id))


def test_emoji_codes_end_in_no_title_and_no_channel_name(session: Session, policy: Policy) -> None:
    wanted = Declaration("emoji", ":fire: checkout is down :rotating_light:", Severity.P1, "U0RESPONDER")
    row, _ = declare(session, wanted, policy, NOON)
    assert row.title == "checkout is down"
    assert row.channel_name.endswith("-checkout-is-down")
