"""Writing down that a job ended, even while the database comes and goes.

procrastinate tries that once. A connection cut at that moment would leave the job running for ever in the books of a
running worker, with everything waiting behind its lock.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

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
_NOT_RUNNING = psycopg.errors.RaiseException  # procrastinate's own word: no such job is running
_RACES = 5  # lost to other workers in one fetch
_LONGEST_PAUSE = 2.0  # seconds between tries


class PersistentJobManager(JobManager):
    """Tries to write the end of a job until the database has taken it, says when it last fetched jobs, and misses none.

    procrastinate's worker forgets, once it has fetched, that it was told of new jobs; of a job that came while it was
    asking, too late to be found, it would hear again only when it polls.
    """

    def __init__(self, connector: Any, heard: Callable[[str], None] = lambda _queue: None) -> None:
        """`heard` is called with a queue each time that the database answered the queue's worker."""
        super().__init__(connector)
        self._heard = heard
        self._queues: dict[int, str] = {}  # by worker
        self._told: Counter[str] = Counter()  # how often each worker's queues were said to have a job
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
            told = self._told[name]
            try:
                job = await super().fetch_job(queues, worker_id)
            except UniqueViolation:
                lost += 1
                if lost < _RACES:
                    continue
                return None  # the job stays where it is, and the queue is asked again within a second
            self._queues[worker_id] = name
            self._heard(name)
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

    async def update_heartbeat(self, worker_id: int) -> None:
        """As procrastinate has it. A worker whose threads are all busy fetches nothing, and is well."""
        await super().update_heartbeat(worker_id)
        if worker_id in self._queues:
            self._heard(self._queues[worker_id])

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """As procrastinate has it, more than once."""
        await self._until_written(job, lambda: JobManager.finish_job(self, job, status, delete_job))

    async def retry_job(self, job: Job, *arguments: Any, **named: Any) -> None:
        """As procrastinate has it, more than once.

        Where the same piece of work has been enqueued anew meanwhile, that one does it, and this job is done with.
        """
        try:
            await self._until_written(job, lambda: JobManager.retry_job(self, job, *arguments, **named))
        except UniqueViolation:
            await self.finish_job(job, Status.SUCCEEDED, delete_job=True)

    async def _until_written(self, job: Job, write: Callable[[], Awaitable[None]]) -> None:
        """Raises ConnectorException when the database stays away, or says that the job is nobody's to end.

        UniqueViolation where a job of the same name waits already.
        """
        began = time.monotonic()
        for attempt in itertools.count(1):
            try:
                return await write()
            except UniqueViolation:
                raise
            except ConnectorException as error:
                if attempt > 1 and isinstance(error.__cause__, _NOT_RUNNING):
                    # It was written the last time, and only the answer was lost.
                    log.info("a job had ended already", task=job.task_name, job_id=job.id)
                    return None
                waited = time.monotonic() - began
                if waited >= self._patience or not isinstance(error.__cause__, _PASSES):
                    raise
                if attempt == 1:
                    log.warning("could not write that a job ended; trying again", task=job.task_name, job_id=job.id)
                await asyncio.sleep(min(0.1 * 2**attempt, _LONGEST_PAUSE))
        return None
