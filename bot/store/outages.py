"""Which errors mean that the database is away, and a log of outages that is readable afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    ConnectorException,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)
_READ_ONLY = psycopg.errors.ReadOnlySqlTransaction  # a standby that is not promoted yet
_EVERY = 60.0  # seconds between lines while an outage lasts


def is_away(error: BaseException) -> bool:
    """True where the database is gone, silent, full, locked or read-only: what passes."""
    if isinstance(error, DBAPIError) and (isinstance(error.orig, _READ_ONLY) or error.connection_invalidated):
        return True
    return isinstance(error, (*_AWAY, _READ_ONLY))


def reason_of(error: BaseException) -> str:
    """What the database or driver said, on one line."""
    cause = getattr(error, "orig", None) or error.__cause__ or error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]


class Outage:
    """One line when it begins, one a minute while it lasts, one when it ends. Threads may share it."""

    def __init__(self, log: Any, what: str, seconds: Callable[[], float] = time.monotonic) -> None:
        """`log` is structlog's; `what` names what fails, as in "escalation is held up"."""
        self._log, self._what, self._seconds = log, what, seconds
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said = 0.0
        self._failures = 0

    def failed(self, reason: str, **facts: object) -> None:
        """It failed (again)."""
        now = self._seconds()
        with self._lock:
            self._failures += 1
            if self._since is None:
                self._since = self._said = now
                self._log.warning(self._what, reason=reason, **facts)
            elif now - self._said >= _EVERY:
                self._said = now
                lasting = round(now - self._since)
                self._log.warning(f"{self._what}, still", reason=reason, seconds=lasting, failures=self._failures)

    def ended(self) -> None:
        """It works; says so where it did not."""
        if self._since is None:
            return
        with self._lock:
            if self._since is not None:
                lasted = round(self._seconds() - self._since)
                self._log.warning(f"{self._what}: over", seconds=lasted, failures=self._failures)
            self._since, self._failures = None, 0
