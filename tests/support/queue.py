"""What waits in the outbox, for tests to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_JOBS = text(
    "select id, task_name, args, queue_name, lock, queueing_lock, priority, status::text from procrastinate_jobs"
)


@dataclass(frozen=True, slots=True)
class Queued:
    """One job as it lies in the queue."""

    job_id: int
    task: str
    arguments: dict[str, Any]
    queue: str
    lock: str | None
    once: str | None
    priority: int
    status: str


def queued(session: Session, task: str = "", **arguments: Any) -> list[Queued]:
    """The jobs, oldest first; only those of `task` and with these arguments where given."""
    jobs = [Queued(*row) for row in session.execute(_JOBS)]
    return sorted(
        (
            job
            for job in jobs
            if (not task or job.task == task) and all(job.arguments.get(name) == v for name, v in arguments.items())
        ),
        key=lambda job: job.job_id,
    )


def empty_queue(session: Session) -> None:
    """Take out every job, as a worker that had done them all would."""
    session.execute(text("delete from procrastinate_jobs"))
