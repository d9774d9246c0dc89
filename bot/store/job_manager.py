"""Writing down that a job ended, even while the database comes and goes.

procrastinate tries that once. A connection cut at that moment would leave the job running for ever in the books of a
running worker, with everything waiting behind its lock.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, LiteralString

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

log = structlog.get_logger(__name__)

_PATIENCE = 20.0  # seconds; a worker that is silent for half as long is taken for dead, and its jobs are freed
_PATIENCE_AT_THE_END = 5.0  # seconds; what is not written then is freed by another worker, or at the next start
# The line was cut, or a standby that is not promoted yet answered.
_PASSES = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
_RACES = 5  # lost to other workers in one fetch
_LONGEST_PAUSE = 2.0  # seconds between tries


class PersistentJobManager(JobManager):
    """Tries to write the end of a job until the database has taken it, says when it last fetched jobs, and misses none.

    procrastinate's worker forgets, once it has fetched, that it was told of new jobs; of a job that came while it was
    asking, too late to be found, it would hear again only when it polls.
    """

    def __init__(
        self,
        connector: Any,
        heard: Callable[[str], None] = lambda _queue: None,
        knows: Callable[[str], bool] = lambda _task: True,
    ) -> None:
        """`heard` is called with a queue each time that the database answered the queue's worker.

        `knows` says whether this version has a task of that name.
        """
        super().__init__(connector)
        self._knows = knows
        self._heard = heard
        self._queues: dict[int, str] = {}  # by worker
        self._told: Counter[str] = Counter()  # how often each worker's queues were said to have a job
        self._fetched: dict[int, float] = {}  # by job: monotonic seconds before it was fetched
        self._patience = _PATIENCE

    def hurry(self) -> None:
        """The process is to end: do not wait for a database that is away."""
        self._patience = _PATIENCE_AT_THE_END

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """As procrastinate has it, until there is a job, or none and no word of one came meanwhile.

        Where another worker began a job of the same lock in the same instant, the next one is looked for.
        """
        name = ", ".join(queues or ())
        lost = 0
        while True:
            told, asked = self._told[name], time.monotonic()
            try:
                job = await super().fetch_job(queues, worker_id)
            except UniqueViolation:
                lost += 1
                if lost < _RACES:
                    continue
                return None  # the job stays where it is, and the queue is asked again within a second
            self._queues[worker_id] = name
            self._heard(name)
            if job is not None and job.id is not None:
                self._fetched[job.id] = asked
            if job is not None or told == self._told[name]:
                return job

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """As procrastinate has it, and counted."""
        name = ", ".join(queues or ())

        async def counted(*, channel: str, notification: Notification) -> None:
            self._told[name] += 1
            await on_notification(channel=channel, notification=notification)

        await super().listen_for_jobs(on_notification=counted, queues=queues)

    def fetched_at(self, job: Job) -> float:
        """Monotonic seconds at which this process asked for the job; long ago where it did not."""
        return self._fetched.get(job.id or 0, -math.inf)

    async def update_heartbeat(self, worker_id: int) -> None:
        """As procrastinate has it. A worker whose threads are all busy fetches nothing, and is well."""
        await super().update_heartbeat(worker_id)
        if worker_id in self._queues:
            self._heard(self._queues[worker_id])

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """As procrastinate has it, more than once, and only while this worker holds the job.

        During an upgrade, a worker of this version may fetch what only the next one can do: it is left to that one's.
        """
        if status is Status.FAILED and not self._knows(job.task_name):
            await self._until_written(job, _LEAVE)
        else:
            await self._until_written(job, _FINISH, status=status.value, delete_job=delete_job)
        self._fetched.pop(job.id or 0, None)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """As procrastinate has it, more than once, and only while this worker holds the job.

        Where the same piece of work has been enqueued anew meanwhile, that one does it, and this job is done with.
        """
        changes = {"retry_at": retry_at, "new_priority": priority, "new_queue_name": queue, "new_lock": lock}
        try:
            await self._until_written(job, _RETRY, **changes)
        except UniqueViolation:
            await self.finish_job(job, Status.SUCCEEDED, delete_job=True)
        self._fetched.pop(job.id or 0, None)

    async def _until_written(self, job: Job, statement: LiteralString, **arguments: Any) -> None:
        """Raises ConnectorException when the database stays away, UniqueViolation where such a job waits already.

        Where another worker took the job over while this one was silent, it is that worker's to end.
        """
        began = time.monotonic()
        named = {"job_id": job.id, "worker_id": job.worker_id, "attempts": job.attempts, **arguments}
        for attempt in itertools.count(1):
            try:
                if not await self.connector.execute_query_all_async(statement, **named) and attempt == 1:
                    # At a later try, the first was written and only its answer was lost.
                    log.warning("another worker took over a job", task=job.task_name, job_id=job.id)
                return
            except UniqueViolation:
                raise
            except ConnectorException as error:
                waited = time.monotonic() - began
                if waited >= self._patience or not isinstance(error.__cause__, _PASSES):
                    raise
                if attempt == 1:
                    log.warning("could not write that a job ended; trying again", task=job.task_name, job_id=job.id)
                await asyncio.sleep(min(0.1 * 2**attempt, _LONGEST_PAUSE))


# Whoever was silent for too long holds the job no longer, though it may be running: as the other worker's.
_HELD: LiteralString = """
    with held as materialized (
        select id from procrastinate_jobs where id = %(job_id)s and status = 'doing'
        and attempts = %(attempts)s and worker_id is not distinct from %(worker_id)s::bigint for update
    )
"""
_FINISH: LiteralString = (
    _HELD + "select id, procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s)::text as done from held"
)
_LEAVE: LiteralString = _HELD + (
    "select id, procrastinate_retry_job_v2(id, now() + interval '5 seconds', null, null, null)::text as done from held"
)
_RETRY: LiteralString = _HELD + (
    "select id, procrastinate_retry_job_v2("
    "id, %(retry_at)s, %(new_priority)s, %(new_queue_name)s, %(new_lock)s)::text as done from held"
)
