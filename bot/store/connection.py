"""Connections to PostgreSQL on which no wait lasts for ever, whatever became of the other end.

Three kinds of silence: a server that vanished (the kernel's keepalives and `tcp_user_timeout` notice), a query that
takes too long (the server's own time limits), and a peer whose kernel still answers while nobody reads (ours).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")

SILENT_AFTER = 18.0  # seconds; longer than a statement may take, so that the server's own word comes first
QUEUE_SILENT_AFTER = 8.0  # seconds; the queue's statements take milliseconds, and paging waits for them
_TIMEOUTS: Final = {  # milliseconds
    "lock_timeout": 2_000,  # a responder's command must answer within Slack's 3 seconds or say that it could not
    "statement_timeout": 15_000,
    "idle_in_transaction_session_timeout": 20_000,  # whoever stops in mid-transaction must not hold its rows for ever
}
_QUEUE_TIMEOUTS: Final = {"statement_timeout": 7_000, "idle_in_transaction_session_timeout": 20_000}
_EVERY = 0.1  # seconds between looks whether the wait is to end


def connect_arguments(*, queue: bool = False) -> dict[str, Any]:
    """What every connection is opened with; `queue`: those of the job queue's own."""
    timeouts = _QUEUE_TIMEOUTS if queue else _TIMEOUTS
    return {
        "connect_timeout": 2,  # seconds, for each address of the server's name
        "keepalives": 1,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,  # milliseconds
        "options": " ".join(f"-c {name}={value}" for name, value in timeouts.items()) + " -c timezone=UTC",
    }


class LimitedConnection(psycopg.Connection[Any]):
    """Each wait for the server ends within `limit` seconds, with OperationalError and the connection closed."""

    limit: float = SILENT_AFTER

    def wait(self, gen: PQGen[T], interval: float = _EVERY, timeout: float | None = None) -> T:
        """As psycopg has it; a `timeout` that the caller gives is the caller's to handle."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.limit)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # an answer that comes later must not be taken for that of another query
            raise psycopg.OperationalError(f"the database did not answer within {self.limit:g} s") from None


class LimitedAsyncConnection(psycopg.AsyncConnection[Any]):
    """The same for the job queue. Waiting for notifications has no limit: the queue is polled besides."""

    limit: float | None = QUEUE_SILENT_AFTER

    async def wait(self, gen: PQGen[T], interval: float = _EVERY, timeout: float | None = None) -> T:
        """As psycopg has it; a `timeout` that the caller gives is the caller's to handle."""
        if timeout is not None or self.limit is None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, self.limit)
        except psycopg.errors._WaitTimeout:
            self.pgconn.finish()  # as above
            raise psycopg.OperationalError(f"the database did not answer within {self.limit:g} s") from None

    async def notifies(
        self, *, timeout: float | None = None, stop_after: int | None = None
    ) -> AsyncGenerator[psycopg.Notify, None]:
        """As psycopg has it."""
        self.limit = None
        try:
            async for notification in super().notifies(timeout=timeout, stop_after=stop_after):
                yield notification
        finally:
            self.limit = QUEUE_SILENT_AFTER


def queue_pool(url: str) -> AsyncConnectionPool[LimitedAsyncConnection]:
    """The job queue's connections, not opened yet. Who waits for one waits five seconds at most."""
    return AsyncConnectionPool(
        url,
        connection_class=LimitedAsyncConnection,
        kwargs=connect_arguments(queue=True),
        min_size=2,
        max_size=8,
        timeout=5,
        reconnect_timeout=10,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
