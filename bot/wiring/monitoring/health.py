"""What readiness goes by: the worker's progress, and the database, asked so that silence is an answer, too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.store.engine import Database, may_write
from bot.store.outages import is_away, reason_of
from bot.wiring.monitoring.state import State

_ANSWERS_WITHIN = 2.0  # seconds
_LEAST_LEFT = 256 << 20  # bytes; PostgreSQL takes 16 MB a piece of its log, and stops where it gets none
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

    def ages(self) -> dict[str, float | None]:
        """Seconds since each thing happened that ever did."""
        return {name: self.age(name) for name in tuple(self._at)}

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


@dataclass(frozen=True, slots=True)
class Checked:
    """What the database said when it was last asked. `state` is None where it did not say."""

    troubles: tuple[str, ...]
    answers: bool = False
    writable: bool = False
    state: State | None = None
    bytes_free: int | None = None


class DatabaseCheck:
    """Asks the database for a sign of life and how much waits; a question that hangs is not asked again beside it."""

    def __init__(
        self, database: Database, read: Callable[[Session], State], disk: Callable[[], int] | None = None
    ) -> None:
        """`disk` says how many bytes are left where the embedded PostgreSQL keeps its data."""
        self._database = database
        self._read = read
        self._disk = disk
        self._lock = threading.Lock()
        self._asked: Future[Checked] | None = None
        self._thread = ThreadPoolExecutor(1, "database check")
        self.last = Checked(("database: not asked yet",))

    def troubles(self) -> list[str]:
        """Sentences for people who watch it; empty where it answers within two seconds and may be written to."""
        with self._lock:
            if self._asked is None:
                self._asked = self._thread.submit(self._ask)
            asked = self._asked
        try:
            self.last = asked.result(_ANSWERS_WITHIN)
        except NoAnswer:
            self.last = Checked((f"database: no answer within {_ANSWERS_WITHIN:g} s",))
            return list(self.last.troubles)
        with self._lock:
            if self._asked is asked:
                self._asked = None
        return list(self.last.troubles)

    def _ask(self) -> Checked:
        left = self._disk() if self._disk is not None else None
        full = [] if left is None or left >= _LEAST_LEFT else [f"database: {left >> 20} MB left on its disk"]
        try:
            with self._database.transaction() as session:
                writable = may_write(session)
                state = self._read(session)
        except Exception as error:
            if not is_away(error):
                raise
            return Checked((f"database: {reason_of(error)}", *full), bytes_free=left)
        troubles = [*([] if writable else ["database: read-only"]), *full, *state.troubles()]
        return Checked(tuple(troubles), True, writable, state, left)
