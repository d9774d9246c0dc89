"""The transactional outbox: a call to the outside is a job that commits or vanishes with the caller's rows."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

PAGING = "paging"  # a queue of its own, so that a stalled post never holds up a page
SLACK = "slack"


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
    try:
        # A taken name raises inside PostgreSQL; the savepoint keeps the caller's transaction alive.
        with session.begin_nested():
            _defer(session, task, queue=queue, lock=lock, priority=priority, arguments=arguments, queueing_lock=once)
    except AlreadyEnqueued:
        return


def _defer(
    session: Session,
    task: str,
    *,
    queue: str,
    lock: str | None,
    priority: int,
    arguments: dict[str, Any],
    queueing_lock: str | None = None,
) -> None:
    connection = cast("psycopg.Connection[Any]", session.connection().connection.driver_connection)
    job = _deferrer().configure_task(
        task, queue=queue, lock=lock, queueing_lock=queueing_lock, priority=priority, connection=connection
    )
    job.defer(**arguments)
