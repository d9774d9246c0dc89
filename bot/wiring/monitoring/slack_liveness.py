"""When Slack last said something, and whether it refuses our token: what readiness goes by."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.slack.refusals import OF_THE_TOKEN, Refused, TryAgain

_SILENT_AFTER = 30.0  # seconds of calls that failed; shorter troubles are waited out


class SlackLiveness:
    """Noted after each call. Threads may share it: each entry is one assignment."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._answered: float | None = None
        self._failing_since: float | None = None
        self._refusal = ""

    def heard(self, error: TryAgain | Refused | None) -> None:
        """Slack accepted a call (None), refused it, did not answer it, or asked to wait."""
        if error is None or (isinstance(error, Refused) and error.error not in OF_THE_TOKEN):
            self._answered, self._failing_since, self._refusal = self._seconds(), None, ""
        elif isinstance(error, Refused):
            self._answered, self._refusal = self._seconds(), error.error
        elif error.after is not None:
            self._answered = self._seconds()  # it said how long to wait
        elif self._failing_since is None:
            self._failing_since = self._seconds()

    @property
    def refused(self) -> bool:
        """True while Slack refuses our token or account."""
        return bool(self._refusal)

    def age(self) -> float | None:
        """Seconds since Slack last said anything; None where it never did."""
        return None if self._answered is None else self._seconds() - self._answered

    def troubles(self) -> list[str]:
        """Sentences for those who run Tocsin; empty while Slack answers and accepts our token."""
        if self._refusal:
            return [f"Slack: refuses the bot token ({self._refusal}): run `tocsin doctor`"]
        since = self._failing_since
        lasting = 0.0 if since is None else self._seconds() - since
        return [f"Slack: does not answer, for {lasting:.0f} s"] if lasting > _SILENT_AFTER else []
