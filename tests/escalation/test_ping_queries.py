"""Pings: due plans are claimed once, however many replicas look at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound

from bot.escalation.queries import pings
from bot.incidents.tables import IncidentRow
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, add_ping, minutes


@pytest.fixture(autouse=True)
def asleep(database: Database) -> None:
    """No plans of another test."""
    with database.transaction() as session:
        session.query(IncidentRow).update({"wake_at": None})


def _due(database: Database, count: int) -> set[int]:
    with database.transaction() as session:
        return {add_incident(session, wake_at=NOON - minutes(number)).incident_id for number in range(count)}


def test_two_replicas_never_claim_the_same_plan(database: Database) -> None:
    due = _due(database, 6)
    with database.transaction() as first:
        mine = {row.incident_id for row in pings.claim_awake(first, NOON, 4)}
        with database.transaction() as second:
            theirs = {row.incident_id for row in pings.claim_awake(second, NOON, 4)}
            assert (len(mine), len(theirs)) == (4, 2)
            assert mine | theirs == due
        with database.transaction() as third:
            assert {row.incident_id for row in pings.claim_awake(third, NOON, 9)} == theirs


def test_many_replicas_share_the_plans_without_overlap(database: Database) -> None:
    due = _due(database, 40)
    together = threading.Barrier(6)

    def replica() -> list[int]:
        with database.transaction() as session:
            together.wait(10)
            claimed = pings.claim_awake(session, NOON, 10)
            together.wait(10)  # nobody lets go before everybody has looked
            for row in claimed:
                row.wake_at = None
            return [row.incident_id for row in claimed]

    with ThreadPoolExecutor(6) as pool:
        parts = [future.result(20) for future in [pool.submit(replica) for _ in range(6)]]
    claimed = [incident_id for part in parts for incident_id in part]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == due


def test_what_a_crashed_replica_held_is_claimed_again(database: Database) -> None:
    due = _due(database, 2)
    with pytest.raises(InterruptedError), database.transaction() as session:
        for row in pings.claim_awake(session, NOON, 9):
            row.wake_at = None
        raise InterruptedError
    with database.transaction() as session:
        assert {row.incident_id for row in pings.claim_awake(session, NOON, 9)} == due


def test_plans_wake_at_their_instant_and_oldest_first(database: Database) -> None:
    with database.transaction() as session:
        exact = add_incident(session, wake_at=NOON)
        older = add_incident(session, wake_at=NOON - minutes(3))
        add_incident(session, wake_at=NOON + minutes(0.1))
        add_incident(session, wake_at=None)
        assert list(pings.claim_awake(session, NOON, 9)) == [older, exact]
        assert pings.find_next_wake(session) == NOON - minutes(3)


def test_nothing_planned_wakes_nobody(database: Database) -> None:
    with database.transaction() as session:
        assert pings.find_next_wake(session) is None
        assert list(pings.claim_awake(session, NOON, 9)) == []


def test_a_rung_has_one_row_per_incident(database: Database) -> None:
    with database.transaction() as session:
        row, other = add_incident(session), add_incident(session)
        add_ping(session, row, key="1/page/team lead")
        add_ping(session, other, key="1/page/team lead")
    with pytest.raises(IntegrityError), database.transaction() as session:
        add_ping(session, row, key="1/page/team lead")


def test_pings_of_an_incident_come_in_the_order_in_which_they_are_due(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        late = add_ping(session, row, due_at=NOON + minutes(30))
        early = add_ping(session, row, due_at=NOON)
        add_ping(session, add_incident(session))
        assert list(pings.list_of_incident(session, row.incident_id)) == [early, late]
        assert pings.get(session, early.ping_id) is early
        assert pings.get_for_change(session, late.ping_id) is late
        with pytest.raises(NoResultFound):
            pings.get(session, -1)
