"""Whether a visitor is still in the workspace: asked of Slack now and then, believed in between."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from bot.slack.client import TryAgain

log = structlog.get_logger(__name__)

_BELIEVED = 300.0  # seconds; so long somebody who was just deactivated may still read
_MOST = 10_000  # people; beyond that all are asked about anew


class Membership:
    """Asks about each person at most every five minutes, and once for all requests of theirs that come together.

    While Slack does not answer, its last word holds, and who was never asked about is let in: what they hold is a link
    that Tocsin signed for them within its life.
    """

    def __init__(self, ask: Callable[[str], bool], seconds: Callable[[], float]) -> None:
        """`ask` may call out, and raises TryAgain; `seconds` is a clock that never goes back."""
        self._ask = ask
        self._seconds = seconds
        self._known: dict[str, tuple[bool, float]] = {}  # what was said, and until when it is believed
        self._turns: dict[str, threading.Lock] = {}  # by person: whose answer is awaited is not asked about again

    def __call__(self, user_id: str) -> bool:
        with self._turns.setdefault(user_id, threading.Lock()):
            here, until = self._known.get(user_id, (True, 0.0))
            if until > self._seconds():
                return here
            try:
                here = self._ask(user_id)
            except TryAgain as error:
                log.warning(
                    "could not ask whether a visitor is still in the workspace", user=user_id, reason=str(error)
                )
            if len(self._known) >= _MOST:
                self._known.clear()
                self._turns.clear()
            self._known[user_id] = (here, self._seconds() + _BELIEVED)
            return here
