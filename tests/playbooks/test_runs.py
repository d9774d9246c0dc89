"""Runs over a real database: started once, each step decided once, ended with their incident."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.playbooks.flows import results, runs, watch
from bot.playbooks.queries import runs as queries
from bot.playbooks.rules.steps import Outcome, RunState
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.store.engine import Database
from tests.fixtures.flow import Declare
from tests.playbooks.run_facts import text
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

RESPONDER, SECONDARY = "U0RESPONDER", "U0SECONDARY"


def said(session: Session, row: IncidentRow, *kinds: Kind) -> list[str]:
    return [entry.text for entry in timeline.list_rows(session, row.incident_id, kinds)]


def step_of(session: Session, run: PlaybookRun, number: int) -> PlaybookStep:
    return session.get_one(PlaybookStep, (run.run_id, number), populate_existing=True)


@pytest.fixture
def alone(session: Session) -> None:
    """No run of another test is due."""
    session.execute(update(PlaybookRun).values(due_at=None))


def test_a_playbook_is_started_once_however_often_it_is_asked_for(session: Session, declared: Declare) -> None:
    row = declared()
    run, fresh = runs.start(session, row, text(), RESPONDER, NOON)
    again, second = runs.start(session, row, text(), SECONDARY, NOON + minutes(1))
    assert (fresh, second, again.run_id) == (True, False, run.run_id)
    assert said(session, row, Kind.PLAYBOOK_STARTED) == [
        "Playbook PB-test started by <@U0RESPONDER>: Connections are exhausted"
    ]
    other, third = runs.start(session, row, text(ref="PB-other"), RESPONDER, NOON)
    assert third and other.run_id != run.run_id, "several playbooks may be under way"


def test_a_run_keeps_the_text_as_it_was_when_it_began(session: Session, declared: Declare) -> None:
    run, _ = runs.start(session, declared(), text(), RESPONDER, NOON)
    session.expire(run)
    assert [step["title"] for step in run.document["steps"]] == [step.title for step in text().steps]
    assert run.document["claim"] == "89 %"


def test_steps_are_decided_in_order_with_who_and_when_on_the_timeline(session: Session, declared: Declare) -> None:
    row = declared()
    run, _ = runs.start(session, row, text(), RESPONDER, NOON)
    runs.decide(session, run.run_id, 1, Outcome.DONE, RESPONDER, NOON + minutes(2), "480 idle of 500")
    runs.decide(session, run.run_id, 2, Outcome.NOT_HELPED, SECONDARY, NOON + minutes(6))
    assert (run.current, run.state) == (3, RunState.RUNNING)
    runs.decide(session, run.run_id, 3, Outcome.SKIPPED, RESPONDER, NOON + minutes(7))
    assert (run.state, run.ended_by, run.ended_at, run.due_at) == (
        RunState.FINISHED,
        RESPONDER,
        NOON + minutes(7),
        None,
    )
    entries = timeline.list_rows(session, row.incident_id, (Kind.PLAYBOOK_STEP,))
    assert [(entry.author, entry.at) for entry in entries] == [
        (RESPONDER, NOON + minutes(2)),
        (SECONDARY, NOON + minutes(6)),
        (RESPONDER, NOON + minutes(7)),
    ]
    assert entries[0].text == (
        "PB-test step 1 of 3, Count the connections: marked “done” by <@U0RESPONDER> – 480 idle of 500"
    )
    assert "marked “did not help” by <@U0SECONDARY>" in entries[1].text


def test_a_second_press_says_who_was_first_and_changes_nothing(session: Session, declared: Declare) -> None:
    run, _ = runs.start(session, declared(), text(), RESPONDER, NOON)
    runs.decide(session, run.run_id, 1, Outcome.DONE, RESPONDER, NOON + minutes(2))
    with pytest.raises(BadRequest, match=r"PB-test step 1 of 3 was already marked “Done” by <@U0RESPONDER>"):
        runs.decide(session, run.run_id, 1, Outcome.NOT_HELPED, SECONDARY, NOON + minutes(2))
    assert (step_of(session, run, 1).outcome, run.current) == (Outcome.DONE, 2)
    with pytest.raises(BadRequest, match="isn't the current one"):
        runs.decide(session, run.run_id, 3, Outcome.DONE, SECONDARY, NOON + minutes(2))
    with pytest.raises(BadRequest, match="has no step 9"):
        runs.decide(session, run.run_id, 9, Outcome.DONE, SECONDARY, NOON + minutes(2))


def test_a_press_that_crossed_somebody_elses_does_not_decide_the_next_step(session: Session, declared: Declare) -> None:
    run, _ = runs.start(session, declared(), text(), RESPONDER, NOON)
    at = NOON + minutes(2)
    runs.decide(session, run.run_id, 1, Outcome.DONE, RESPONDER, at)
    with pytest.raises(BadRequest, match=r"<@U0RESPONDER> decided the step before at the same moment.*step 2 of 3"):
        runs.decide(session, run.run_id, 2, Outcome.DONE, SECONDARY, at + timedelta(seconds=1))
    assert run.current == 2
    runs.decide(session, run.run_id, 2, Outcome.DONE, SECONDARY, at + timedelta(seconds=2))
    runs.decide(session, run.run_id, 3, Outcome.DONE, SECONDARY, at + timedelta(seconds=2.1))
    assert run.state == RunState.FINISHED


def test_two_people_at_once_in_two_processes_decide_a_step_once(database: Database, policy: Policy) -> None:
    """Ten presses of both kinds, each in a transaction and on a connection of its own, let go at the same moment."""
    from bot.lifecycle.flows.declare import Declaration, declare
    from bot.severity.rules import Severity

    with database.transaction() as session:
        row, _ = declare(session, Declaration("at-once", "it is down", Severity.P1, RESPONDER), policy, NOON)
        incident_id = row.incident_id
    gate = Barrier(10)

    def begin(place: int) -> int:
        gate.wait()
        with database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            return runs.start(session, row, text(), f"U0P{place}", NOON)[0].run_id

    def press(place: int) -> bool:
        gate.wait()
        outcome = Outcome.DONE if place % 2 else Outcome.NOT_HELPED
        try:
            with database.transaction() as session:
                runs.decide(session, run_id, 1, outcome, f"U0P{place}", NOON + minutes(1))
        except BadRequest:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        [run_id] = set(pool.map(begin, range(10)))
        assert sum(pool.map(press, range(10))) == 1
    with database.transaction() as session:
        row = incidents.get(session, incident_id)
        assert len(said(session, row, Kind.PLAYBOOK_STEP)) == 1
        assert queries.get(session, run_id).current == 2
        assert len(session.scalars(select(PlaybookRun).where(PlaybookRun.incident_id == incident_id)).all()) == 1


def test_resolving_ends_the_runs_and_their_buttons_say_so(session: Session, declared: Declare, policy: Policy) -> None:
    row = declared()
    run, _ = runs.start(session, row, text(), RESPONDER, NOON)
    change.resolve(session, row, RESPONDER, policy, NOON + minutes(9))
    session.refresh(run)
    assert (run.state, run.ended_by, run.due_at) == (RunState.STOPPED, None, None)
    with pytest.raises(BadRequest, match="PB-test was stopped with its incident"):
        runs.decide(session, run.run_id, 1, Outcome.DONE, RESPONDER, NOON + minutes(10))
    with pytest.raises(TransitionRefused, match="Reopen it first"):
        runs.start(session, row, text(ref="PB-other"), RESPONDER, NOON + minutes(10))
    change.reopen(session, row, RESPONDER, policy, NOON + minutes(11))
    again, fresh = runs.start(session, row, text(), RESPONDER, NOON + minutes(12))
    assert fresh and again.episode == 2


def test_a_step_is_assigned_and_a_run_is_stopped_by_hand(session: Session, declared: Declare) -> None:
    row = declared()
    run, _ = runs.start(session, row, text(), RESPONDER, NOON)
    runs.assign(session, run.run_id, 1, SECONDARY, RESPONDER, NOON)
    runs.assign(session, run.run_id, 1, SECONDARY, RESPONDER, NOON)  # chosen twice: said once
    assert said(session, row, Kind.PLAYBOOK_ASSIGNED) == [
        "<@U0RESPONDER> assigns <@U0SECONDARY> to PB-test step 1 of 3, Count the connections."
    ]
    runs.stop(session, run.run_id, RESPONDER, NOON + minutes(4))
    assert said(session, row, Kind.PLAYBOOK_STOPPED) == ["PB-test stopped at PB-test step 1 of 3 by <@U0RESPONDER>."]
    with pytest.raises(BadRequest, match=r"was stopped by <@U0RESPONDER>.*starts it again"):
        runs.assign(session, run.run_id, 1, RESPONDER, RESPONDER, NOON + minutes(5))


def test_answers_are_remembered_masked_and_refused_where_a_shell_would_run_them(
    session: Session, declared: Declare
) -> None:
    run, _ = runs.start(session, declared(), text(), RESPONDER, NOON)
    runs.answer(session, run.run_id, {"db_instance": "orders-db", "region": "eu-west-1"})
    runs.answer(session, run.run_id, {"region": "", "asg": "AKIAIOSFODNN7EXAMPLE"})
    assert run.answers["db_instance"] == "orders-db" and "region" not in run.answers
    assert "AKIAIOSFODNN7EXAMPLE" not in str(run.answers)
    with pytest.raises(BadRequest, match="goes into commands as it is"):
        runs.answer(session, run.run_id, {"db_instance": "x; reboot"})
    assert run.answers["db_instance"] == "orders-db"


@pytest.mark.usefixtures("alone")
def test_a_step_over_its_window_says_so_once_and_what_the_matrix_says_next(
    session: Session, declared: Declare, policy: Policy
) -> None:
    row = declared()
    runs.start(session, row, text(), RESPONDER, NOON)
    change.acknowledge(session, row, RESPONDER, policy, NOON)
    empty_queue(session)
    assert watch.sweep(session, NOON + minutes(0.5)) == 0, "nothing is due before the first full minute"
    assert watch.sweep(session, NOON + minutes(1)) == 1
    assert said(session, row, Kind.PLAYBOOK_LATE) == []
    assert watch.sweep(session, NOON + minutes(3)) == 1
    assert watch.sweep(session, NOON + minutes(30)) == 0, "once is enough"
    [line] = said(session, row, Kind.PLAYBOOK_LATE)
    assert line.startswith("PB-test step 1 of 3, Count the connections, is over its window (0–3 min): minute 3.")
    assert "The team lead is paged next," in line
    assert len(queued(session, "slack.say")) == 1


@pytest.mark.usefixtures("alone")
def test_a_run_that_was_late_while_nobody_looked_says_so_once(session: Session, declared: Declare) -> None:
    row = declared()
    runs.start(session, row, text(), RESPONDER, NOON)
    assert watch.sweep(session, NOON + minutes(45)) == 1
    assert watch.sweep(session, NOON + minutes(46)) == 0
    assert len(said(session, row, Kind.PLAYBOOK_LATE)) == 1


def test_the_last_steps_result_is_offered_as_the_resolution(session: Session, declared: Declare) -> None:
    row = declared()
    assert change.offered(session, row).resolution is None
    run, _ = runs.start(session, row, text(), RESPONDER, NOON)
    runs.decide(session, run.run_id, 1, Outcome.DONE, RESPONDER, NOON + minutes(2))
    runs.decide(session, run.run_id, 2, Outcome.DONE, RESPONDER, NOON + minutes(5), "pools are at 60 of 500")
    runs.decide(session, run.run_id, 3, Outcome.SKIPPED, RESPONDER, NOON + minutes(6))
    assert change.offered(session, row).resolution == (
        "Restart the application servers: pools are at 60 of 500 (PB-test, step 2)"
    )
    row.resolution = "typed by a person"
    assert change.offered(session, row).resolution == "typed by a person"


def test_a_cause_that_a_guide_confirmed_is_offered_as_the_cause(session: Session, declared: Declare) -> None:
    row = declared()
    guide = text(ref="GUIDE-x", kind="guide")
    run, _ = runs.start(session, row, guide, RESPONDER, NOON)
    runs.decide(session, run.run_id, 1, Outcome.NOT_HELPED, RESPONDER, NOON + minutes(1))
    runs.decide(session, run.run_id, 2, Outcome.DONE, RESPONDER, NOON + minutes(2))
    assert results.offered(session, row) == ("", "Restart the application servers (GUIDE-x, cause 2)")
    assert "cause 1 of 3, Count the connections: marked “ruled out” by" in said(session, row, Kind.PLAYBOOK_STEP)[0]
