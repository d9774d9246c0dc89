"""Whose turn it is where a service lets one in at a time: jobs that wait come one after the other, not all at once.

Slack takes about one message a second in a channel. Without turns, all that wait would ask again when the time that
Slack named is over, one would be taken, and the others would have asked for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

_APART = 1.0  # seconds between two of one place
_KEPT = 60.0  # seconds after its turn for which one that did not come back is remembered
_MOST = 1_000  # turns; beyond, those that are long over are forgotten


class Turns:
    """Turns in places, given in the order of asking. Threads may share it; each process has its own."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """`seconds` is a clock that never goes back."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}  # by place: the first second that is nobody's
        self._turns: dict[tuple[str, str], float] = {}  # by place and who waits

    def wait(self, place: str, who: str) -> float:
        """Seconds until its turn; 0 where it is, or the place is not known to be full. Who is new is put last."""
        now = self._seconds()
        with self._lock:
            turn = self._turns.pop((place, who), None)
            if turn is None:
                turn = self._free.get(place, now)
                if turn <= now:
                    self._free.pop(place, None)
                    return 0.0
                self._free[place] = turn + _APART
            if turn > now:
                self._turns[place, who] = turn
                return turn - now
            if all(one != place for one, _ in self._turns):
                self._free.pop(place, None)  # nobody else waits: who comes now asks
            return 0.0

    def put_first(self, place: str, who: str, after: float) -> None:
        """The place wants to be asked again after so many seconds: whoever comes now is behind the one who asked."""
        now = self._seconds()
        with self._lock:
            self._turns[place, who] = now  # it was told itself when to come
            self._free[place] = max(self._free.get(place, 0.0), now + after + _APART)
            if len(self._turns) > _MOST:
                self._turns = {one: at for one, at in self._turns.items() if at > now - _KEPT}
                self._free = {one: at for one, at in self._free.items() if at > now}
