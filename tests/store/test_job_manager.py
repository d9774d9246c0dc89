"""A job's end is written down although the connection is cut at that moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString

import procrastinate
import psycopg
import pytest
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import text

from bot.store.engine import Database
from bot.store.job_manager import PersistentJobManager
from bot.store.outbox import enqueue
from tests.support.loops import in_a_loop

_CUT = """
create sequence ends;
create function cut_the_first() returns trigger language plpgsql as $$
begin
    -- A sequence does not roll back, so only the first end is cut.
    if nextval('ends') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
    return coalesce(new, old);
end $$;
create trigger cut_the_first before delete or update of status on procrastinate_jobs
    for each row when (old.status = 'doing') execute function cut_the_first();
"""
_WHOLE = "drop trigger cut_the_first on procrastinate_jobs; drop function cut_the_first; drop sequence ends"


@pytest.fixture
def first_end_is_cut(database: Database) -> Iterator[None]:
    with database.transaction() as session:
        session.execute(text(_CUT))
    yield
    with database.transaction() as session:
        session.execute(text(_WHOLE))


class Fails(Exception):
    """What the task of a test raises."""


def run_one(connector: procrastinate.PsycopgConnector, *, fails: bool = False) -> list[int]:
    """Run a job with our manager; the attempts at which it was begun."""
    begun: list[int] = []

    async def run() -> None:
        app = procrastinate.App(connector=connector)
        app.job_manager = PersistentJobManager(connector)

        @app.task(name="one", pass_context=True, retry=1)
        def one(context: procrastinate.JobContext) -> None:
            begun.append(context.job.attempts)
            if fails and len(begun) == 1:
                raise Fails

        async with app.open_async():
            await app.configure_task("one", lock="one").defer_async()
            await app.run_worker_async(wait=False, delete_jobs="successful", install_signal_handlers=False)
            await app.run_worker_async(wait=False, delete_jobs="successful", install_signal_handlers=False)

    in_a_loop(run())
    return begun


def left(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(text("select task_name, status from procrastinate_jobs"))]


def test_a_job_whose_end_was_cut_is_not_left_running(database: Database, first_end_is_cut: None) -> None:
    assert run_one(procrastinate.PsycopgConnector(conninfo=database.url)) == [0]
    assert left(database) == []


def test_a_job_whose_failure_was_cut_is_tried_again(database: Database, first_end_is_cut: None) -> None:
    assert run_one(procrastinate.PsycopgConnector(conninfo=database.url), fails=True) == [0, 1]
    assert left(database) == []


def test_a_job_that_only_a_newer_version_knows_is_left_to_it(database: Database) -> None:
    async def run() -> None:
        connector = procrastinate.PsycopgConnector(conninfo=database.url)
        app = procrastinate.App(connector=connector)
        app.job_manager = PersistentJobManager(connector, knows=lambda name: name in app.tasks)
        async with app.open_async():
            await app.configure_task("of.tomorrow", allow_unknown=True).defer_async()
            await app.run_worker_async(wait=False, delete_jobs="successful", install_signal_handlers=False)

    in_a_loop(run())
    assert left(database) == [("of.tomorrow", "todo")]
    with database.transaction() as session:
        session.execute(text("delete from procrastinate_jobs"))


def test_a_job_that_is_to_be_tried_again_makes_way_for_the_same_work_that_waits(database: Database) -> None:
    begun: list[int] = []

    async def run() -> None:
        connector = procrastinate.PsycopgConnector(conninfo=database.url)
        app = procrastinate.App(connector=connector)
        app.job_manager = PersistentJobManager(connector)

        @app.task(name="same", pass_context=True, retry=1)
        async def same(context: procrastinate.JobContext) -> None:
            begun.append(context.job.attempts)
            if len(begun) == 1:
                await app.configure_task("same", lock="same", queueing_lock="same").defer_async()
                raise Fails

        async with app.open_async():
            await app.configure_task("same", lock="same", queueing_lock="same").defer_async()
            for _ in range(2):
                await app.run_worker_async(wait=False, delete_jobs="successful", install_signal_handlers=False)

    in_a_loop(run())
    assert begun == [0, 0]
    assert left(database) == []


class LosesAnAnswer(procrastinate.PsycopgConnector):
    """PostgreSQL takes the first end of a job, and its answer does not arrive."""

    lost = False

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
        if "finish_job" in query and not self.lost:
            self.lost = True
            raise ConnectorException from psycopg.OperationalError("the connection is lost")
        return found


def test_an_end_that_was_taken_is_not_an_error_the_second_time(database: Database) -> None:
    connector = LosesAnAnswer(conninfo=database.url)
    assert run_one(connector) == [0]
    assert connector.lost
    assert left(database) == []


class MeetsAStandby(procrastinate.PsycopgConnector):
    """The line is cut at the first end of a job, and a standby answers at the second."""

    tries = 0

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        if "finish_job" in query:
            self.tries += 1
            if self.tries == 1:
                raise ConnectorException from psycopg.errors.AdminShutdown("terminating connection")
            if self.tries == 2:
                raise ConnectorException from psycopg.errors.ReadOnlySqlTransaction("cannot execute DELETE")
        found: list[dict[str, Any]] = await super().execute_query_all_async(query, **arguments)
        return found


def test_an_end_that_a_standby_refused_is_written_when_it_is_promoted(database: Database) -> None:
    connector = MeetsAStandby(conninfo=database.url)
    assert run_one(connector) == [0]
    assert connector.tries == 3
    assert left(database) == []


@pytest.mark.parametrize("end", ["succeeded", "failed", "again"])
def test_a_job_that_another_worker_took_over_is_that_worker_s_to_end(database: Database, end: str) -> None:
    register = text("select worker_id from procrastinate_register_worker_v1()")
    fetch = text("select id, attempts from procrastinate_fetch_job_v2(null, :worker_id)")
    with database.transaction() as session:
        enqueue(session, "one")
        silent, living = (int(session.scalar(register) or 0) for _ in range(2))
        job_id, attempts = session.execute(fetch, {"worker_id": silent}).one()
        session.execute(text("select procrastinate_retry_job_v2(:id, null, null, null, null)"), {"id": job_id})
        session.execute(fetch, {"worker_id": living})
    named: dict[str, Any] = {"status": "doing", "queue": "slack", "lock": None, "queueing_lock": None}
    job = Job(id=job_id, task_name="one", attempts=attempts, worker_id=silent, **named)

    async def write() -> None:
        connector = procrastinate.PsycopgConnector(conninfo=database.url)
        async with procrastinate.App(connector=connector).open_async():
            manager = PersistentJobManager(connector)
            if end == "again":
                await manager.retry_job(job, datetime.now(UTC))
            else:
                await manager.finish_job(job, Status(end), delete_job=end == "succeeded")

    in_a_loop(write())
    with database.transaction() as session:
        rows = session.execute(text("select status::text, attempts, worker_id from procrastinate_jobs")).all()
        session.execute(text("delete from procrastinate_jobs"))
    assert [tuple(row) for row in rows] == [("doing", 1, living)]


class MeetsARace(procrastinate.PsycopgConnector):
    """Another worker began a job of the same lock in the same instant, the first time that a job is fetched."""

    raced = False

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        if "fetch_job" in query and not self.raced:
            self.raced = True
            raise UniqueViolation(constraint_name="procrastinate_jobs_lock_idx_v1", queueing_lock=None)
        found: dict[str, Any] = await super().execute_query_one_async(query, **arguments)
        return found


def test_a_race_for_a_lock_ends_no_worker(database: Database) -> None:
    connector = MeetsARace(conninfo=database.url)
    assert run_one(connector) == [0]
    assert connector.raced
    assert left(database) == []
