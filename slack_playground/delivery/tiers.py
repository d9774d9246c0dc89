"""Slack's rate limits: so many calls of a method, per workspace, in so many seconds; posting also per channel.

Slack promises a rate per minute for each tier ("20+") and some burst, and does not say how much. Here a burst is the
minute's calls at once, and for posting five messages; whoever keeps to this keeps to Slack's own limits. Source:
https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slack_playground.workspace.records import Json


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any `seconds`; with `each_channel`, for each channel by itself."""

    calls: int
    seconds: float = 60.0
    each_channel: bool = False


TIER_1, TIER_2, TIER_3, TIER_4 = Limit(1), Limit(20), Limit(50), Limit(100)
SPECIAL = Limit(300)
POSTING = (Limit(5, 5.0, each_channel=True), SPECIAL)

_BY_TIER = {
    TIER_2: (
        "bookmarks.add bookmarks.edit bookmarks.remove canvases.create conversations.archive "
        "conversations.canvases.create conversations.create conversations.list conversations.rename "
        "conversations.setPurpose conversations.setTopic conversations.unarchive pins.add pins.list pins.remove "
        "reactions.remove slackLists.access.set slackLists.create slackLists.items.list "
        "usergroups.list usergroups.users.list users.list"
    ),
    TIER_3: (
        "bookmarks.list bots.info canvases.delete canvases.edit canvases.sections.lookup chat.delete chat.update "
        "conversations.history conversations.info conversations.invite conversations.join conversations.kick "
        "conversations.leave conversations.mark conversations.open conversations.replies files.delete "
        "functions.completeError functions.completeSuccess reactions.add "
        "reactions.get slackLists.items.create slackLists.items.info slackLists.items.update "
        "team.info users.conversations users.getPresence users.lookupByEmail"
    ),
    TIER_4: (
        "api.test chat.postEphemeral conversations.members files.completeUploadExternal files.getUploadURLExternal "
        "files.info users.info views.open views.publish views.push views.update"
    ),
    SPECIAL: "auth.test chat.getPermalink",
    # Tier 1 by Slack's list, but a client that reconnects asks again within the minute and is answered.
    Limit(10): "apps.connections.open",
}
DOCUMENTED: dict[str, tuple[Limit, ...]] = {
    **{method: (limit,) for limit, methods in _BY_TIER.items() for method in methods.split()},
    "chat.postMessage": POSTING,
}


class Tiers:
    """The limits and the calls of the last minute. `clock` gives real, monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.limits = dict(DOCUMENTED)
        self._calls: dict[tuple[str, int, str], deque[float]] = {}

    def wait(self, method: str, arguments: Json) -> int:
        """Whole seconds until the method may be called; 0 where it may be now, and then the call is counted."""
        now = self._clock()
        windows = [(limit, self._window(method, index, limit, arguments, now)) for index, limit in self._of(method)]
        waits = [calls[-limit.calls] + limit.seconds - now for limit, calls in windows if len(calls) >= limit.calls]
        if waits:
            return max(1, math.ceil(max(waits)))
        for _, calls in windows:
            calls.append(now)
        return 0

    def set(self, method: str, limits: Iterable[Limit]) -> None:
        """Give a method other limits (none: it has no limit), and forget its calls."""
        self.limits[method] = tuple(limits)
        for key in [key for key in self._calls if key[0] == method]:
            del self._calls[key]

    def reset(self) -> None:
        """The documented limits, and no calls so far."""
        self.limits = dict(DOCUMENTED)
        self._calls.clear()

    def _of(self, method: str) -> Iterable[tuple[int, Limit]]:
        return enumerate(self.limits.get(method, ()))

    def _window(self, method: str, index: int, limit: Limit, arguments: Json, now: float) -> deque[float]:
        place = str(arguments.get("channel", "")) if limit.each_channel else ""
        calls = self._calls.setdefault((method, index, place), deque(maxlen=limit.calls))
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        return calls
