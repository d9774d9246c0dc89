"""What somebody is in the workspace and their time zone: asked of Slack before a transaction, kept for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from bot.incidents.rules.authority import Standing, standing_of
from bot.slack.client import Refused, Slack, TryAgain

log = structlog.get_logger(__name__)

_BELIEVED = 300.0  # seconds; somebody who was just made a guest may act for so long
_BELIEVED_IN_TROUBLE = 10.0  # seconds until Slack is asked again that did not answer
_MOST = 10_000  # people; beyond that all answers are forgotten
_UNKNOWN_TO_SLACK = frozenset({"user_not_found", "user_not_visible"})


class Standings:
    """Asks about each person at most every five minutes. Where Slack does not answer, its last answer counts."""

    def __init__(self, slack: Slack, seconds: Callable[[], float]) -> None:
        """`seconds` is a clock that never goes back."""
        self._slack = slack
        self._seconds = seconds
        self._known: dict[str, tuple[Standing, float]] = {}  # the answer, and until when it counts
        self._zones: dict[str, str] = {}  # IANA names of people's time zones, as last said
        self._home: tuple[str, str] | None = None  # ids of our workspace and, where it is in one, of its organization
        self._turn = threading.Lock()

    def of(self, user_id: str) -> Standing:
        """What Slack last said. Calls nobody."""
        return self._known.get(user_id, (Standing.UNKNOWN, 0.0))[0]

    def time_zone_of(self, user_id: str) -> str | None:
        """The IANA name of their time zone, as Slack last said. Calls nobody."""
        return self._zones.get(user_id)

    def look_up(self, user_id: str) -> None:
        """Ask Slack, unless it said so lately. Waits two seconds at most."""
        if self._known.get(user_id, (Standing.UNKNOWN, 0.0))[1] > self._seconds():
            return
        standing, believed = self.of(user_id), _BELIEVED_IN_TROUBLE
        try:
            standing, believed = self._ask(user_id), _BELIEVED
        except TryAgain as error:
            log.warning("could not ask what somebody is in the workspace", user=user_id, error=str(error))
        except Refused as refused:
            if refused.error in _UNKNOWN_TO_SLACK:
                standing, believed = Standing.STRANGER, _BELIEVED
            else:
                log.warning("could not ask what somebody is in the workspace", user=user_id, error=refused.error)
        with self._turn:
            if len(self._known) >= _MOST:
                self._known.clear()
                self._zones.clear()
            self._known[user_id] = (standing, self._seconds() + believed)

    def _ask(self, user_id: str) -> Standing:
        if self._home is None:
            me = self._slack.ask("auth.test")
            self._home = str(me.get("team_id") or ""), str(me.get("enterprise_id") or "")
        user = self._slack.ask("users.info", user=user_id)["user"]
        if user.get("tz"):
            self._zones[user_id] = str(user["tz"])
        return standing_of(user, *self._home)
