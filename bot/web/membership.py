"""Whether somebody is still in the workspace: Slack is asked, and its answer kept for five minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from bot.slack.client import TryAgain

log = structlog.get_logger(__name__)

_KEPT = 300.0  # seconds; somebody who was just deactivated may read for so long
_MOST = 10_000  # people; beyond that all answers are forgotten


class Membership:
    """Asks about each person at most every five minutes, and once for all requests of theirs that come together.

    While Slack does not answer, its last answer counts. Somebody who was never asked about gets in: they hold a link
    that Tocsin signed for them and that has not expired.
    """

    def __init__(self, ask: Callable[[str], bool], seconds: Callable[[], float]) -> None:
        """`ask` may call out, and raises TryAgain; `seconds` is a clock that never goes back."""
        self._ask = ask
        self._seconds = seconds
        self._known: dict[str, tuple[bool, float]] = {}  # the answer, and until when it counts
        self._turns: dict[str, threading.Lock] = {}  # by person: one question at a time

    def __call__(self, user_id: str) -> bool:
        with self._turns.setdefault(user_id, threading.Lock()):
            here, until = self._known.get(user_id, (True, 0.0))
            if until > self._seconds():
                return here
            try:
                here = self._ask(user_id)
            except TryAgain as error:
                log.warning("could not ask whether a user is still in the workspace", user=user_id, reason=str(error))
            if len(self._known) >= _MOST:
                self._known.clear()
                self._turns.clear()
            self._known[user_id] = (here, self._seconds() + _KEPT)
            return here
