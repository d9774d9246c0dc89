"""The outbox: names that are taken, locks, and workers that are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.incidents.queries import incidents
from bot.store.engine import Database
from bot.store.outbox import PAGING, SLACK, enqueue
from tests.support.queue import empty_queue, queued
from tests.support.rows import add_incident


@pytest.fixture(autouse=True)
def clean(database: Database) -> None:
    """No jobs of another test."""
    with database.transaction() as session:
        empty_queue(session)


def test_a_taken_name_keeps_the_transaction_alive(database: Database) -> None:
    with database.transaction() as session:
        enqueue(session, "slack.card", once="card-1", incident_id=1)
    with database.transaction() as session:
        before = add_incident(session)
        enqueue(session, "slack.card", once="card-1", incident_id=1)
        after = add_incident(session)
    with database.transaction() as session:
        assert incidents.find_by_ref(session, before.ref) is not None
        assert incidents.find_by_ref(session, after.ref) is not None
        assert len(queued(session)) == 1


def test_a_name_is_free_again_once_its_job_has_begun(database: Database) -> None:
    with database.transaction() as session:
        enqueue(session, "slack.card", once="card-1", incident_id=1)
        session.execute(text("update procrastinate_jobs set status = 'doing'"))
        enqueue(session, "slack.card", once="card-1", incident_id=1)
        assert [job.status for job in queued(session)] == ["doing", "todo"]


def test_without_a_name_every_call_is_a_job(database: Database) -> None:
    with database.transaction() as session:
        for number in range(3):
            enqueue(session, "slack.say", lock="incident-1", entry_id=number)
        assert [job.arguments["entry_id"] for job in queued(session)] == [0, 1, 2]


def test_a_job_carries_what_it_was_given(database: Database) -> None:
    with database.transaction() as session:
        enqueue(session, "slack.page", queue=PAGING, lock="ping-7", once="once-7", priority=5, ping_id=7)
        enqueue(session, "slack.say", entry_id=1)
        page, say = queued(session)
    assert (page.queue, page.lock, page.once, page.priority, page.arguments) == (
        PAGING,
        "ping-7",
        "once-7",
        5,
        {"ping_id": 7},
    )
    assert (say.queue, say.lock, say.once, say.priority) == (SLACK, None, None, 0)


@pytest.fixture
def listening(database: Database) -> Iterator[psycopg.Connection]:
    """A connection that hears what workers of the Slack queue are told."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute('listen "procrastinate_queue_v1#slack"')
        yield connection


def _two_jobs_of_one_lock(database: Database, *, waiting_lock: str = "incident-1") -> tuple[int, int]:
    """A job that runs and one that waits."""
    with database.transaction() as session:
        enqueue(session, "slack.say", lock="incident-1", entry_id=1)
        enqueue(session, "slack.say", lock=waiting_lock, entry_id=2)
        running, waiting = (job.job_id for job in queued(session))
        _begin(session, running)
    return running, waiting


def _begin(session: Session, job_id: int) -> None:
    session.execute(text("update procrastinate_jobs set status = 'doing' where id = :id"), {"id": job_id})


def _heard(connection: psycopg.Connection, database: Database) -> list[int]:
    """The jobs that were announced up to now."""
    with database.transaction() as session:
        session.execute(text("""select pg_notify('procrastinate_queue_v1#slack', '{"job_id": -1}')"""))
    jobs: list[int] = []
    for notice in connection.notifies(timeout=60):
        job_id = int(json.loads(notice.payload)["job_id"])
        if job_id == -1:
            return jobs
        jobs.append(job_id)
    raise AssertionError("the closing notice did not come")


ENDS = [
    "delete from procrastinate_jobs where id = :id",
    "select procrastinate_finish_job_v1(:id, 'succeeded', true)",
    "select procrastinate_finish_job_v1(:id, 'failed', false)",
]


@pytest.mark.parametrize("end", ENDS)
def test_workers_are_told_of_a_job_whose_lock_became_free(
    database: Database, listening: psycopg.Connection, end: str
) -> None:
    running, waiting = _two_jobs_of_one_lock(database)
    _heard(listening, database)
    with database.transaction() as session:
        session.execute(text(end), {"id": running})
    assert _heard(listening, database) == [waiting]


def test_workers_are_not_told_of_other_locks(database: Database, listening: psycopg.Connection) -> None:
    running, _ = _two_jobs_of_one_lock(database, waiting_lock="incident-2")
    _heard(listening, database)
    with database.transaction() as session:
        session.execute(text(ENDS[0]), {"id": running})
    assert _heard(listening, database) == []


def test_a_named_job_may_begin_later_so_that_many_changes_are_one_job(database: Database) -> None:
    with database.transaction() as session:
        for _ in range(3):
            enqueue(session, "slack.card", once="card-later", after=timedelta(seconds=30), incident_id=1)
        enqueue(session, "slack.card", once="card-now", incident_id=1)
        waits = text(
            "select queueing_lock, scheduled_at > now() from procrastinate_jobs where queueing_lock like 'card-%'"
        )
        found = {row[0]: row[1] for row in session.execute(waits)}
        assert found == {"card-later": True, "card-now": None}
