"""Whether a channel is shared with another company or workspace: asked of Slack, and kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from bot.slack.client import Refused, Slack, TryAgain

log = structlog.get_logger(__name__)

_BELIEVED = 300.0  # seconds, unless Slack says by an event that a channel was just shared
_BELIEVED_IN_TROUBLE = 10.0  # seconds until Slack is asked again that did not answer


class Sharing:
    """Asks about each channel at most every five minutes. Where Slack does not answer, its last answer counts.

    One of which it never said anything is taken for shared: what is said there can't be taken back from strangers.
    """

    def __init__(self, slack: Slack, seconds: Callable[[], float]) -> None:
        """`seconds` is a clock that never goes back."""
        self._slack = slack
        self._seconds = seconds
        self._known: dict[str, tuple[bool, float]] = {}  # the answer, and until when it counts
        self._turn = threading.Lock()

    def learn(self, channel_id: str) -> None:
        """Slack said, with an event, that a channel is shared: believed at once, and asked about later."""
        with self._turn:
            self._known[channel_id] = (True, self._seconds() + _BELIEVED)

    def __call__(self, channel_id: str) -> bool:
        """Waits two seconds at most; never within a transaction."""
        shared, until = self._known.get(channel_id, (True, 0.0))
        asked_at = self._seconds()
        if until > asked_at:
            return shared
        believed = _BELIEVED_IN_TROUBLE
        try:
            shared, believed = self._slack.is_shared(channel_id), _BELIEVED
        except (TryAgain, Refused) as error:
            log.warning("could not ask whether a channel is shared", channel=channel_id, error=str(error))
        with self._turn:
            if self._known.get(channel_id, (True, 0.0))[1] <= asked_at:  # else an event said so meanwhile
                self._known[channel_id] = (shared, self._seconds() + believed)
            return self._known[channel_id][0]
