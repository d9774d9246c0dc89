"""Writing down that a job ended, even while the database comes and goes.

procrastinate tries that once. A connection cut at that moment would leave the job running for ever in the books of a
worker that lives, with everything waiting behind its lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

log = structlog.get_logger(__name__)

_TRIES = 12  # some 20 seconds; a worker that is silent for half as long is taken for dead, and its jobs are freed
# The line was cut, or a standby that is not promoted yet answered.
_PASSES = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
_NOT_RUNNING = psycopg.errors.RaiseException  # procrastinate's own word: no such job is running
_LONGEST_PAUSE = 2.0  # seconds between tries


class PersistentJobManager(JobManager):
    """Tries to write the end of a job until the database has taken it."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """As procrastinate has it, more than once."""
        await _until_written(job, lambda: JobManager.finish_job(self, job, status, delete_job))

    async def retry_job(self, job: Job, *arguments: Any, **named: Any) -> None:
        """As procrastinate has it, more than once.

        Where the same piece of work has been enqueued anew meanwhile, that one does it, and this job is done with.
        """
        try:
            await _until_written(job, lambda: JobManager.retry_job(self, job, *arguments, **named))
        except UniqueViolation:
            await self.finish_job(job, Status.SUCCEEDED, delete_job=True)


async def _until_written(job: Job, write: Callable[[], Awaitable[None]]) -> None:
    """Raises ConnectorException when the database stays away, or says that the job is nobody's to end.

    UniqueViolation where a job of the same name waits already.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return await write()
        except UniqueViolation:
            raise
        except ConnectorException as error:
            if attempt > 1 and isinstance(error.__cause__, _NOT_RUNNING):
                # It was written the last time, and only the answer was lost.
                log.info("a job had ended already", task=job.task_name, job_id=job.id)
                return None
            if attempt == _TRIES or not isinstance(error.__cause__, _PASSES):
                raise
            log.warning("could not write that a job ended; trying again", task=job.task_name, job_id=job.id)
            await asyncio.sleep(min(0.1 * 2**attempt, _LONGEST_PAUSE))
    return None
