"""A job is begun when it can be, not when the queue is polled next: no word of it is lost on the way to the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import procrastinate
from procrastinate.jobs import Job, Notification
from procrastinate.manager import NotificationCallback
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.store.engine import Database
from bot.store.job_manager import PersistentJobManager
from bot.store.outbox import enqueue
from tests.support.loops import in_a_loop

NEVER = 3600.0  # seconds between polls: whoever is not told of a job does not find it
LONGEST = 60.0


class Queue:
    """A worker of one queue that never polls, with a task that says when it ran."""

    def __init__(self, database: Database, name: str) -> None:
        self.name = name
        self.connector = procrastinate.PsycopgConnector(conninfo=database.url)
        self.app = procrastinate.App(connector=self.connector)
        self.manager = self.app.job_manager = Watched(self.connector)
        self.ran = asyncio.Event()

        @self.app.task(name=f"of {name}")
        async def once() -> None:
            self.ran.set()

    def add(self, session: Session, once: str | None = None) -> None:
        enqueue(session, f"of {self.name}", queue=self.name, once=once)

    async def run(self, beside: Awaitable[None]) -> None:
        """The worker, and `beside`, until the task has run."""
        async with self.app.open_async():
            working = asyncio.create_task(
                self.app.run_worker_async(
                    queues=[self.name], fetch_job_polling_interval=NEVER, install_signal_handlers=False
                )
            )
            try:
                await beside
                await asyncio.wait_for(self.ran.wait(), LONGEST)
            finally:
                working.cancel()
                await asyncio.wait([working])


async def until_listening(session: Session) -> None:
    """The worker hears of jobs: before, it would find this one by polling, and here it never polls."""
    listening = text("select 1 from pg_stat_activity where datname = current_database() and query ilike 'listen %'")
    for _ in range(int(LONGEST / 0.05)):
        # Who is connected is looked up once a transaction, unless that is forgotten.
        session.execute(text("select pg_stat_clear_snapshot()"))
        if session.execute(listening).first():
            return
        await asyncio.sleep(0.05)  # PostgreSQL tells nobody who listens
    raise AssertionError("the worker does not listen")


class Watched(PersistentJobManager):
    """Says when the worker was told of a job, and when it found none."""

    def __init__(self, connector: Any) -> None:
        super().__init__(connector)
        self.told = asyncio.Event()
        self.found_none = asyncio.Event()

    async def listen_for_jobs(self, *, on_notification: NotificationCallback, queues: Any = None) -> None:
        async def note(*, channel: str, notification: Notification) -> None:
            await on_notification(channel=channel, notification=notification)
            self.told.set()

        await super().listen_for_jobs(on_notification=note, queues=queues)

    async def fetch_job(self, queues: Any, worker_id: int) -> Job | None:
        job = await super().fetch_job(queues, worker_id)
        if job is None:
            self.found_none.set()
        return job


def test_a_job_that_comes_while_the_queue_is_being_asked_is_begun_at_once(database: Database) -> None:
    async def run() -> None:
        queue = Queue(database, "asked")
        fetch, asked = queue.connector.execute_query_one_async, asyncio.Event()

        def add() -> None:
            with database.transaction() as session:
                queue.add(session)

        async def slowly(**arguments: Any) -> Any:
            row = await fetch(**arguments)
            if "queues" in arguments and not asked.is_set():
                asked.set()
                # The database has found nothing. Before that is known here, a job is added and the worker told of it;
                # until it listens, it has to be told again.
                while not queue.manager.told.is_set():
                    await asyncio.to_thread(add)
                    await asyncio.wait([asyncio.create_task(queue.manager.told.wait())], timeout=0.2)
            return row

        queue.connector.execute_query_one_async = slowly  # a network that takes its time
        await queue.run(asyncio.sleep(0))

    in_a_loop(run())


def test_a_job_that_a_change_held_back_is_begun_when_the_change_commits(database: Database) -> None:
    async def run() -> None:
        queue = Queue(database, "held")
        with database.transaction() as session:
            queue.add(session, once="held back")

        async def change() -> None:
            with database.transaction() as changing:
                queue.add(changing, once="held back")
                changed.set()
                await queue.manager.found_none.wait()
                await until_listening(changing)
                assert not queue.ran.is_set()

        changed = asyncio.Event()
        changing = asyncio.create_task(change())
        await changed.wait()
        await queue.run(changing)

    in_a_loop(run())
