"""The transactional outbox: a call to the outside is a job that commits or vanishes with the caller's rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import procrastinate
import psycopg
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

PAGING = "paging"  # a queue of its own, so that a stalled post never holds up a page
PAGERS = "pagers"  # services outside Slack; likewise
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was given up: `arguments` are JSON, `at` is aware UTC, when it failed last."""

    job_id: int
    task: str
    arguments: str
    attempts: int
    at: datetime | None


# A job of that name may begin between our being refused and our looking: then the name is free again.
_TRIES = 3
# As procrastinate's own function inserts a job, whose taken name would end the caller's transaction.
_ADD_ONCE = sql("""
    insert into procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
    values (
        :queue, :task, :priority, :lock, :once, cast(:arguments as jsonb),
        case when :after > 0 then now() + make_interval(secs => :after) end
    )
    on conflict (queueing_lock) where status = 'todo' do nothing returning id
""")
_WAITING = sql("""
    with waiting as (
        select id, queue_name from procrastinate_jobs where queueing_lock = :name and status = 'todo' for key share
    )
    select pg_notify(
        'procrastinate_queue_v1#' || queue_name, json_build_object('type', 'job_inserted', 'job_id', id)::text
    ) from waiting
""")


@cache
def _deferrer() -> procrastinate.App:
    """Deferring needs no tasks and no pool of its own: it borrows the session's connection."""
    return procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue(
    session: Session,
    task: str,
    *,
    queue: str = SLACK,
    lock: str | None = None,
    once: str | None = None,
    after: timedelta = timedelta(),
    priority: int = 0,
    **arguments: Any,
) -> None:
    """Have `task` run with `arguments` after the commit.

    Jobs with the same `lock` run one after another in the order of enqueueing. `once` names a piece of work that need
    not wait twice: while a job of that name has not begun, a further one is dropped.
    """
    if once is None:
        _defer(session, task, queue=queue, lock=lock, priority=priority, arguments=arguments)
        return
    job: dict[str, Any] = {"task": task, "queue": queue, "lock": lock, "once": once, "priority": priority}
    job |= {"arguments": json.dumps(arguments), "after": after.total_seconds()}
    for _ in range(_TRIES):
        if session.execute(_ADD_ONCE, job).first() is not None:
            return
        # The job that waits must not begin before our commit, or it would not see what we changed. A worker takes
        # jobs with `for update skip locked`, so it passes over a row that we share until then. Nobody else would
        # tell it of that row again, so our commit does.
        if session.execute(_WAITING, {"name": once}).first() is not None:
            return
    _defer(session, task, queue=queue, lock=lock, priority=priority, arguments=arguments)


def drop(session: Session, once: str) -> None:
    """Take out the piece of work of that name, if it has not begun."""
    session.execute(_DROP_WAITING, {"name": once})


_DROP_WAITING = sql("delete from procrastinate_jobs where queueing_lock = :name and status = 'todo'")


def enqueue_many(
    session: Session,
    task: str,
    jobs: Sequence[tuple[str | None, dict[str, Any]]],
    *,
    queue: str = SLACK,
    priority: int = 0,
) -> None:
    """Like `enqueue` for many jobs of one task in one statement: pairs of lock and arguments."""
    if not jobs:
        return
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    deferrer = _deferrer().configure_task(task, queue=queue, priority=priority)
    batch = [deferrer.job.evolve(lock=lock, task_kwargs=arguments) for lock, arguments in jobs]
    deferrer.job_manager.batch_defer_jobs(batch, connection=connection)


def free_jobs_of_dead_workers(
    session: Session, silent_for: float, suspects: frozenset[tuple[int, int]]
) -> tuple[list[str], frozenset[tuple[int, int]]]:
    """Put back the jobs whose worker has been silent for so many seconds, and was suspected of it before.

    Returns the names of the tasks put back, and who is suspected now: pairs of job and worker id. Looking twice gives a
    running worker, but lost the database for a while, the time to say so. Replicas may look at the same moment.
    """
    found = {(job_id, worker_id or 0): task for job_id, worker_id, task in session.execute(_SILENT, {"s": silent_for})}
    freed = []
    for (job_id, _), task in ((key, task) for key, task in found.items() if key in suspects):
        try:
            with session.begin_nested():
                session.execute(_FREE, {"job_id": job_id})
        except IntegrityError:
            # The same piece of work was enqueued again meanwhile and waits; that job does it.
            session.execute(_DROP, {"job_id": job_id})
        freed.append(task)
    return freed, frozenset(found) - suspects


# Locked, so that of two replicas one frees a job; a job whose worker is not registered has none.
_SILENT = sql("""
    select job.id, job.worker_id, job.task_name from procrastinate_jobs job
    left join procrastinate_workers worker on worker.id = job.worker_id
    where job.status = 'doing'
    and (worker.id is null or worker.last_heartbeat < now() - make_interval(secs => :s))
    order by job.id for update of job skip locked
""")
_FREE = sql("select procrastinate_retry_job_v2(:job_id, now(), null, null, null)")
_DROP = sql("select procrastinate_finish_job_v1(:job_id, 'succeeded', true)")


def count_failed(session: Session) -> dict[str, int]:
    """How many jobs were given up, by task, the most frequent first: none in a healthy system."""
    return {str(row.task_name): int(row.number) for row in session.execute(_FAILED)}


def list_failed(session: Session) -> list[FailedJob]:
    """The jobs that were given up, the oldest first."""
    return [FailedJob(*row) for row in session.execute(_LIST_FAILED)]


def retry_failed(session: Session, job_ids: Sequence[int]) -> int:
    """Have these run again that were given up; how many. One whose work waits anew already is dropped."""
    number = 0
    for job_id in session.scalars(_LOCK_FAILED, {"ids": list(job_ids)}).all():
        try:
            with session.begin_nested():
                session.execute(_RETRY_FAILED, {"job_id": job_id})
        except IntegrityError:
            session.execute(_DROP_FAILED, {"job_id": job_id})
        number += 1
    return number


_LIST_FAILED = sql("""
    select job.id, job.task_name, job.args::text, job.attempts,
        (select max(event.at) from procrastinate_events event where event.job_id = job.id)
    from procrastinate_jobs job where job.status = 'failed' order by job.id
""")
_LOCK_FAILED = sql(
    "select id from procrastinate_jobs where status = 'failed' and id = any(:ids) order by id for update"
)
_RETRY_FAILED = sql("select procrastinate_retry_job_v2(:job_id, now(), null, null, null)")
_DROP_FAILED = sql("delete from procrastinate_jobs where id = :job_id and status = 'failed'")


def forget_failed(session: Session, older_than: timedelta) -> int:
    """Take out the jobs that were given up so long ago; how many. Those that were done are taken out at once."""
    return len(session.execute(_FORGET, {"s": older_than.total_seconds()}).all())


_FAILED = sql("""
    select task_name, count(*) as number from procrastinate_jobs
    where status = 'failed' group by task_name order by 2 desc, 1
""")
# The clock of the queue is the database's own.
_FORGET = sql("""
    delete from procrastinate_jobs job where status in ('failed', 'cancelled', 'aborted') and not exists (
        select 1 from procrastinate_events event
        where event.job_id = job.id and event.at > now() - make_interval(secs => :s)
    ) returning id
""")


def _defer(
    session: Session,
    task: str,
    *,
    queue: str,
    lock: str | None,
    priority: int,
    arguments: dict[str, Any],
) -> None:
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    job = _deferrer().configure_task(task, queue=queue, lock=lock, priority=priority, connection=connection)
    job.defer(**arguments)
