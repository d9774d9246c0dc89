"""A worker's right to a job: lost when it was silent for so long that another worker took the job over.

Whoever was paused (a suspended machine, a stopped process, a starved thread) does not know it. So the claim is looked
at once more right before what must not be done twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import text as sql

from bot.errors import TocsinError
from bot.store.engine import Database

# Seconds after fetching a job, or after looking at the claim, in which nobody can have taken it over: whoever frees the
# jobs of dead workers looks twice, three seconds apart (`Housekeeping`).
_SURE_FOR = 2.5


class JobLost(TocsinError):
    """Another worker took the job over while this one did not run; whatever is left to do is that worker's."""


@dataclass(slots=True)
class JobClaim:
    """The claim on one run of a job: `attempts` tells it from every later one. Threads may share it."""

    database: Database
    job_id: int
    worker_id: int | None
    attempts: int
    since: float  # in monotonic seconds, before the job was fetched
    seconds: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def confirm(self) -> None:
        """Return at once where the job cannot have been lost; else ask the database. Raises JobLost.

        What remains is a pause between the return and Slack's receiving the call.
        """
        while self.seconds() - self.since > _SURE_FOR:
            asked = self.seconds()
            if not self._is_held():
                raise JobLost(f"Job {self.job_id} was taken over by another worker.")
            with self._lock:
                self.since = max(self.since, asked)

    def _is_held(self) -> bool:
        named = {"job_id": self.job_id, "attempts": self.attempts, "worker_id": self.worker_id}
        with self.database.reading() as session:
            return session.execute(_HELD, named).first() is not None


_HELD = sql("""
    select 1 from procrastinate_jobs where id = :job_id and status = 'doing'
    and attempts = :attempts and worker_id is not distinct from cast(:worker_id as bigint)
""")
