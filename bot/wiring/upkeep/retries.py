"""When a job that failed runs again: one rule for all of them."""

from __future__ import annotations

import asyncio

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from bot.aws.session import Unavailable
from bot.severity.rules import NotFitted
from bot.slack.client import Refused, TryAgain
from bot.store.outages import is_away

_LONGEST_WAIT = 15  # seconds between tries while Slack or the database is away
_LONGEST_WAIT_REFUSED = 60  # the same while Slack refuses our token, a scope or the account
_SHORTEST_ASKED = 500  # milliseconds
_LONGEST_ASKED = 3_600  # seconds; what a proxy makes up must not stop a page for days
_CALL_ENDS_AFTER = 15  # seconds; a call to Slack takes ten at most
_TRIES = 5  # for errors of our own, which another try seldom mends


def _wait_before(attempts: int, longest: int = _LONGEST_WAIT) -> int:
    """Milliseconds until the next try: half a second, doubled each time, bounded by `longest` seconds."""
    return int(min(500 * 2 ** min(attempts, 10), longest * 1000))


class RetryPolicy(BaseRetryStrategy):
    """Slack or the database away, or Slack refusing us for now: try until it is back. An error of our own: a few times.

    What Slack refuses for good, such as a message that is too long, is not tried again.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Refused):
            if not exception.may_pass:
                return None
            return RetryDecision(retry_in={"milliseconds": _wait_before(job.attempts, _LONGEST_WAIT_REFUSED)})
        if isinstance(exception, TryAgain):
            asked = round(min(exception.after or 0.0, _LONGEST_ASKED) * 1000)
            # Slack's own word counts; "at once" is not taken literally, or it would be asked 40 times a second.
            wait = asked if asked >= _SHORTEST_ASKED else _wait_before(job.attempts)
            return RetryDecision(retry_in={"milliseconds": wait})
        if isinstance(exception, Unavailable | NotFitted) or is_away(exception):
            return RetryDecision(retry_in={"milliseconds": _wait_before(job.attempts)})
        if isinstance(exception, asyncio.CancelledError):
            # The worker restarted; the thread of this job may still be in the middle of its call to Slack.
            return RetryDecision(retry_in={"seconds": _CALL_ENDS_AFTER})
        if job.attempts + 1 < _TRIES:
            return RetryDecision(retry_in={"seconds": 2**job.attempts})
        return None
