"""What readiness goes by: the worker's progress, and the database, asked so that silence is an answer, too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer

from bot.store.engine import Database
from bot.store.outages import is_away, reason_of

_ANSWERS_WITHIN = 2.0  # seconds
SWEEP = "escalation sweep"
OVERDUE = 30.0  # seconds; a sweep comes every second, a fetch too, and a heartbeat every three


class Progress:
    """Monotonic times by name of what happened. Threads may share it: each entry is one assignment."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._at: dict[str, float] = {}

    def note(self, name: str) -> None:
        """It happened now."""
        self._at[name] = self._seconds()

    def age(self, name: str) -> float | None:
        """Seconds since it happened; None where it never did."""
        at = self._at.get(name)
        return None if at is None else self._seconds() - at

    def overdue(self, names: list[str], limit: float = OVERDUE) -> list[str]:
        """A sentence for each of `names` that did not happen for more than `limit` seconds."""
        found = []
        for name in names:
            age = self.age(name)
            if age is None:
                found.append(f"{name}: not yet")
            elif age > limit:
                found.append(f"{name}: overdue, the last was {age:.0f} s ago")
        return found


class DatabaseCheck:
    """Asks the database for a sign of life; a question that hangs is not asked again beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._asked: Future[list[str]] | None = None
        self._thread = ThreadPoolExecutor(1, "database check")

    def troubles(self) -> list[str]:
        """Sentences for people who watch it; empty where it answers within two seconds and may be written to."""
        with self._lock:
            if self._asked is None:
                self._asked = self._thread.submit(self._ask)
            asked = self._asked
        try:
            found = asked.result(_ANSWERS_WITHIN)
        except NoAnswer:
            return [f"database: no answer within {_ANSWERS_WITHIN:g} s"]
        with self._lock:
            if self._asked is asked:
                self._asked = None
        return found

    def _ask(self) -> list[str]:
        try:
            return [] if self._database.is_writable() else ["database: read-only"]
        except Exception as error:
            if not is_away(error):
                raise
            return [f"database: {reason_of(error)}"]
