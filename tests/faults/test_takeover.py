"""Whose jobs are taken over: those of a worker that stays silent, never those of one that lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bot.store.engine import Database
from bot.store.outbox import enqueue, free_jobs_of_dead_workers

SILENT_FOR = 10.0
NOBODY: frozenset[tuple[int, int]] = frozenset()


@pytest.fixture(autouse=True)
def empty(database: Database) -> Iterator[None]:
    yield
    with database.transaction() as session:
        session.execute(text("truncate procrastinate_jobs, procrastinate_workers restart identity cascade"))


def begin_job(database: Database, silent_for: float, once: str | None = None, lock: str = "incident-1") -> int:
    """A job that a worker began, which gave its last sign of life so many seconds ago."""
    with database.transaction() as session:
        enqueue(session, "slack.say", lock=lock, once=once, entry_id=1)
        worker_id = session.scalar(text("select worker_id from procrastinate_register_worker_v1()"))
        session.execute(text("select procrastinate_fetch_job_v2(null, :id)"), {"id": worker_id})
    beat(database, silent_for)
    return int(worker_id or 0)


def beat(database: Database, silent_for: float = 0) -> None:
    with database.transaction() as session:
        statement = text("update procrastinate_workers set last_heartbeat = now() - make_interval(secs => :s)")
        session.execute(statement, {"s": silent_for})


def look(database: Database, suspects: frozenset[tuple[int, int]]) -> tuple[list[str], frozenset[tuple[int, int]]]:
    with database.transaction() as session:
        return free_jobs_of_dead_workers(session, SILENT_FOR, suspects)


def status(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.scalars(text("select status::text from procrastinate_jobs order by id")))


def test_a_silent_worker_is_suspected_first_and_loses_its_jobs_at_the_second_look(database: Database) -> None:
    begin_job(database, silent_for=11)
    freed, suspects = look(database, NOBODY)
    assert freed == [] and len(suspects) == 1
    assert status(database) == ["doing"]
    freed, suspects = look(database, suspects)
    assert freed == ["slack.say"] and suspects == NOBODY
    assert status(database) == ["todo"]


def test_a_worker_that_gives_a_sign_of_life_keeps_its_jobs(database: Database) -> None:
    begin_job(database, silent_for=SILENT_FOR / 2)
    assert look(database, NOBODY) == ([], NOBODY)
    beat(database, silent_for=30)
    _, suspects = look(database, NOBODY)
    beat(database)
    assert look(database, suspects) == ([], NOBODY)
    assert status(database) == ["doing"]


def test_a_job_whose_worker_was_forgotten_is_freed_too(database: Database) -> None:
    begin_job(database, silent_for=0)
    with database.transaction() as session:
        session.execute(text("delete from procrastinate_workers"))
    _, suspects = look(database, NOBODY)
    assert look(database, suspects)[0] == ["slack.say"]


def test_a_job_that_another_worker_took_over_meanwhile_is_left_alone(database: Database) -> None:
    begin_job(database, silent_for=20)
    _, mine = look(database, NOBODY)
    _, others = look(database, NOBODY)
    assert look(database, others)[0] == ["slack.say"]
    with database.transaction() as session:
        worker_id = session.scalar(text("select worker_id from procrastinate_register_worker_v1()"))
        session.execute(text("select procrastinate_fetch_job_v2(null, :id)"), {"id": worker_id})
    assert look(database, mine) == ([], NOBODY)
    assert status(database) == ["doing"]


def test_two_replicas_that_look_at_once_free_a_job_once(database: Database) -> None:
    begin_job(database, silent_for=20)
    _, suspects = look(database, NOBODY)
    with database.transaction() as first, database.transaction() as second:
        assert free_jobs_of_dead_workers(first, SILENT_FOR, suspects)[0] == ["slack.say"]
        assert free_jobs_of_dead_workers(second, SILENT_FOR, suspects)[0] == []


def test_a_job_whose_work_was_enqueued_again_makes_way_and_holds_up_no_other(database: Database) -> None:
    begin_job(database, silent_for=20, once="card-1")
    with database.transaction() as session:
        enqueue(session, "slack.say", lock="incident-1", once="card-1", entry_id=1)
    begin_job(database, silent_for=20, lock="incident-2")
    _, suspects = look(database, NOBODY)
    assert look(database, suspects)[0] == ["slack.say", "slack.say"]
    assert status(database) == ["todo", "todo"]
