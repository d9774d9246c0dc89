"""How much waits and how late it is, in one query: numbers only, of security incidents too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import OPEN

_LATEST_PAGE = 60.0  # seconds a page may be due before readiness says so
_LATEST_JOB = 300.0  # seconds a job may wait that could run


@dataclass(frozen=True, slots=True)
class State:
    """Ages are in seconds, 0 where nothing waits. `jobs` are by queue, then `waiting`, `running` and `failed`."""

    open_incidents: dict[str, int]  # by severity, drills aside
    pages_due: int
    pages_late: int
    oldest_page: float
    jobs: dict[str, dict[str, int]]
    oldest_job: float

    def troubles(self) -> list[str]:
        """A sentence for each thing that is late."""
        found = []
        if self.oldest_page > _LATEST_PAGE:
            found.append(f"pages: {self.pages_due} due, the oldest for {self.oldest_page:.0f} s")
        if self.oldest_job > _LATEST_JOB:
            found.append(f"queue: {self.waiting} jobs wait, the oldest for {self.oldest_job:.0f} s")
        return found

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return sum(queue.get("waiting", 0) for queue in self.jobs.values())


def read_state(session: Session, now: datetime, late_after: timedelta) -> State:
    """Of this instant. The queue's ages go by the database's own clock, pages by `now`."""
    values = {"now": now, "late_at": now - late_after, "open": list(OPEN)}
    found: dict[str, Any] = session.execute(_STATE, values).mappings().one()["state"]
    jobs: dict[str, dict[str, int]] = {}
    for row in found["jobs"] or ():
        jobs.setdefault(row["queue"], {})[row["status"]] = row["number"]
    return State(
        open_incidents={row["severity"]: row["number"] for row in found["open"] or ()},
        pages_due=found["due"]["number"],
        pages_late=found["due"]["late"],
        oldest_page=max(0.0, found["due"]["oldest"] or 0.0),
        jobs=jobs,
        oldest_job=max(0.0, found["oldest_job"] or 0.0),
    )


# A job that waits for another try at a later time, or behind its lock, could not run: it is counted and has no age.
_STATE = sql("""
    select json_build_object(
        'open', (select json_agg(one) from (
            select severity, count(*) as number from incidents
            where status = any(:open) and ref !~ 'DRILL-' group by severity) one),
        'due', (select row_to_json(one) from (
            select count(*) as number, count(*) filter (where due_at < :late_at) as late,
                extract(epoch from cast(:now as timestamptz) - min(due_at))::float as oldest
            from pings where state in ('planned', 'sending') and kind <> 'digest' and due_at <= :now) one),
        'jobs', (select json_agg(one) from (
            select queue_name as queue, case status when 'todo' then 'waiting' when 'doing' then 'running'
                else 'failed' end as status, count(*) as number
            from procrastinate_jobs where status in ('todo', 'doing', 'failed') group by 1, 2) one),
        'oldest_job', (
            select extract(epoch from now() - min(coalesce(job.scheduled_at, event.at)))::float
            from procrastinate_jobs job
            join procrastinate_events event on event.job_id = job.id and event.type = 'deferred'
            where job.status = 'todo' and (job.scheduled_at is null or job.scheduled_at <= now())
            and not exists (select 1 from procrastinate_jobs other where other.lock = job.lock and other.id < job.id
                and other.status in ('todo', 'doing')))
    ) as state
""")
