"""Periodic work: once for all replicas, made up after a time away, and not silently failing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import procrastinate
import pytest
from procrastinate.periodic import PeriodicDeferrer
from sqlalchemy import text

from bot.context import AppContext
from bot.slack.client import Slack
from bot.store.connection import queue_pool
from bot.store.outbox import enqueue, list_failed
from bot.wiring.upkeep.periodic import PERIODIC
from bot.wiring.worker import job_app
from tests.support.loops import in_a_loop
from tests.support.queue import empty_queue, queued

NOON = datetime(2026, 3, 4, 12, 0, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_deferred(context: AppContext) -> None:
    with context.database.transaction() as session:
        session.execute(text("delete from procrastinate_periodic_defers"))


@asynccontextmanager
async def opened(app: procrastinate.App, context: AppContext) -> AsyncIterator[procrastinate.App]:
    pool = queue_pool(context.database.url)
    await pool.open(wait=True, timeout=60)
    async with app.open_async(pool), pool:
        yield app


def defer(context: AppContext, slack: Slack, *replicas: list[datetime]) -> Counter[str]:
    """What replicas enqueue that look at these instants, each at its own, all at once."""

    async def look(instants: list[datetime]) -> None:
        async with opened(job_app(context, slack), context) as app:
            deferrer = PeriodicDeferrer(app.periodic_registry, **app.periodic_defaults)
            for at in instants:
                await deferrer.defer_jobs(deferrer.get_previous_tasks(at.timestamp()))

    async def all_of_them() -> None:
        await asyncio.gather(*map(look, replicas))

    in_a_loop(all_of_them())
    with context.database.transaction() as session:
        found = Counter(job.task for job in queued(session) if job.task in PERIODIC)
        empty_queue(session)
    return found


def test_two_replicas_run_each_time_once(context: AppContext, slack: Slack) -> None:
    assert defer(context, slack, [NOON], [NOON]) == dict.fromkeys(PERIODIC, 1)
    later = NOON + timedelta(minutes=5)
    assert defer(context, slack, [later], [later + timedelta(seconds=2)]) == {
        "periodic.alarms": 1,
        "periodic.look_up_groups": 1,
        "periodic.read_back": 1,
        "periodic.status_page": 1,
    }


def test_what_fell_due_while_nothing_ran_is_made_up_once(context: AppContext, slack: Slack) -> None:
    assert defer(context, slack, [NOON]) == dict.fromkeys(PERIODIC, 1)
    # Switched off in the night, on again in the evening: the daily task of 03:17 comes now.
    assert defer(context, slack, [NOON + timedelta(hours=31)]) == dict.fromkeys(PERIODIC, 1)
    # The machine was suspended for a while; a task that waits already is not enqueued again.
    asleep = NOON + timedelta(hours=32)
    assert defer(context, slack, [asleep, asleep + timedelta(hours=2)]) == {
        name: 1 for name in PERIODIC if name not in ("periodic.clear", "periodic.learn")
    }


def test_a_periodic_task_that_is_given_up_is_listed(context: AppContext, slack: Slack) -> None:
    name = next(iter(PERIODIC))

    async def work() -> None:
        async with opened(job_app(context, slack), context) as app:
            await app.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    with context.database.transaction() as session:
        enqueue(session, name, timestamp=1, nobody_takes_this=True)
    in_a_loop(work())
    with context.database.transaction() as session:
        assert list_failed(session) == [], "it is tried again"
        session.execute(text("update procrastinate_jobs set attempts = 4, scheduled_at = null"))
    in_a_loop(work())
    with context.database.transaction() as session:
        assert [job.task for job in list_failed(session)] == [name]
