"""Payloads on their way to the app: sent over one of its connections, sent again when not acknowledged.

Events are repeated on Slack's schedule. Commands and interactions are sent once; who acted learns if no answer came.
"""

import asyncio
import itertools
import json
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

from slack_playground.workspace.bell import Bell
from slack_playground.workspace.records import Json
from slack_playground.workspace.workspace import Workspace

EVENTS_KEPT = 500
MOST_LINKS = 10


class NotAnswered(Exception):
    """The app did not take a command or an interaction; `code` is Slack's name for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Link(Protocol):
    """One way to the app that is open now. One that `stays` is not closed by asking the app to connect anew."""

    @property
    def stays(self) -> bool:
        """Whether it is an address rather than a connection."""

    def send(self, delivery: "Delivery") -> None:
        """Send the payload; returns at once."""

    def hang_up(self, reason: str) -> None:
        """Tell the app to connect anew (or, with no reason, just drop it) and close."""

    def warn(self, reason: str) -> None:
        """Tell the app that the connection will be closed."""


@dataclass(slots=True)
class Delivery:
    """One payload under way, serialised once. `answer` is set for whatever is sent only once."""

    id: str
    kind: str
    body: str
    answer: asyncio.Future[Json] | None = None
    event_id: str = ""
    attempt: int = 0
    reason: str = ""
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def envelope(self) -> str:
        """The Socket Mode message."""
        head = {
            "envelope_id": self.id,
            "type": self.kind,
            "accepts_response_payload": self.kind != "events_api",
        }
        if self.kind == "events_api":
            head |= {"retry_attempt": self.attempt, "retry_reason": self.reason}
        return f'{json.dumps(head)[:-1]}, "payload": {self.body}}}'


class Dispatcher:
    """Chooses the connection, keeps what is unacknowledged, repeats. Lives on the server's event loop."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.links: deque[Link] = deque()
        self.refusing = False
        self.pending: dict[str, Delivery] = {}
        self.homeless: dict[str, Delivery] = {}
        self.recent: OrderedDict[str, Json] = OrderedDict()
        self.connected = Bell()
        self._numbers = itertools.count(1)

    # -- connections --------------------------------------------------------------------------------------------------

    def attach(self, link: Link) -> None:
        """A new connection; what waited for one is sent now."""
        self.links.append(link)
        self.connected.ring()
        self.workspace.feed.publish({"type": "app", "connected": True})
        for delivery in list(self.homeless.values()):
            del self.homeless[delivery.id]
            self._hand_over(delivery)

    def detach(self, link: Link) -> None:
        """A connection is gone."""
        if link in self.links:
            self.links.remove(link)
            if not self.links:
                self.workspace.feed.publish({"type": "app", "connected": False})

    def warn(self) -> None:
        """Announce to all connections that they will be closed soon, as Slack does some ten seconds before."""
        for link in self.links:
            link.warn("warning")

    def hang_up(self, reason: str = "") -> None:
        """Close all connections; with a reason ("refresh_requested", "warning") the app is told first."""
        for link in list(self.links):
            if not link.stays:
                self.detach(link)
                link.hang_up(reason)

    # -- sending ------------------------------------------------------------------------------------------------------

    def event(self, event: Json) -> None:
        """Send an event and repeat it until it is acknowledged or the schedule is over."""
        event_id = self.workspace.new_id("Ev")
        payload = {
            "token": self.workspace.secrets.verification,
            "team_id": self.workspace.team.id,
            "api_app_id": self.workspace.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": self.workspace.now(),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.workspace.team.id,
                    "user_id": self.workspace.app.user_id,
                    "is_bot": True,
                }
                | {"is_enterprise_install": False}
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{event_id}",
        }
        body = json.dumps(payload)
        self.recent[event_id] = {"event_id": event_id, "type": event["type"], "body": body}
        if len(self.recent) > EVENTS_KEPT:
            self.recent.popitem(last=False)
        self._send(Delivery(self._new_id(), "events_api", body, event_id=event_id))

    def redeliver(self, event_id: str) -> None:
        """Send a past event once more, as Slack does when it missed the acknowledgement. Raises KeyError."""
        body = self.recent[event_id]["body"]
        again = Delivery(self._new_id(), "events_api", body, event_id=event_id, attempt=1, reason="timeout")
        self._send(again)

    async def ask(self, kind: str, payload: Json) -> tuple[Json, int]:
        """Send a command or an interaction; the acknowledgement's payload and how many milliseconds it took.

        Raises NotAnswered ("dispatch_failed": no connection; "operation_timeout": no acknowledgement in time).
        """
        timing = self.workspace.timing
        if not self.links and not await self.connected.wait(timing.connect):
            raise NotAnswered("dispatch_failed")
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        delivery = Delivery(self._new_id(), kind, json.dumps(payload), answer=answer)
        self.pending[delivery.id] = delivery
        begun = time.monotonic()
        self._hand_over(delivery)
        try:
            acknowledged = await asyncio.wait_for(answer, timing.ack)
        except TimeoutError:
            raise NotAnswered("operation_timeout") from None
        finally:
            self.pending.pop(delivery.id, None)
        return acknowledged, round((time.monotonic() - begun) * 1000)

    def acknowledge(self, envelope_id: str, payload: Json | None = None) -> None:
        """The app has taken a payload; an unknown or repeated acknowledgement changes nothing."""
        delivery = self.pending.pop(envelope_id, None)
        if delivery is None:
            return
        if delivery.timer is not None:
            delivery.timer.cancel()
        if delivery.answer is not None and not delivery.answer.done():
            delivery.answer.set_result(payload or {})

    def refuse(self, envelope_id: str, code: str) -> None:
        """The app answered with a failure: whoever acted learns it at once, an event is repeated on schedule."""
        delivery = self.pending.get(envelope_id)
        if delivery is None:
            return
        if delivery.answer is not None:
            if not delivery.answer.done():
                delivery.answer.set_exception(NotAnswered(code))
        else:
            if delivery.timer is not None:
                delivery.timer.cancel()
            self._missed(delivery, code)

    def close(self) -> None:
        """Forget everything that is under way and close all connections."""
        for delivery in self.pending.values():
            if delivery.timer is not None:
                delivery.timer.cancel()
            if delivery.answer is not None and not delivery.answer.done():
                delivery.answer.set_exception(NotAnswered("dispatch_failed"))
        self.pending.clear()
        self.homeless.clear()
        for link in list(self.links):
            self.detach(link)
            link.hang_up("")

    def _new_id(self) -> str:
        return f"{next(self._numbers):08x}-0000-4000-8000-000000000000"

    def _send(self, delivery: Delivery) -> None:
        self.pending[delivery.id] = delivery
        loop = asyncio.get_running_loop()
        delivery.timer = loop.call_later(self.workspace.timing.ack, self._missed, delivery, "timeout")
        self._hand_over(delivery)

    def _hand_over(self, delivery: Delivery) -> None:
        if not self.links:
            self.homeless[delivery.id] = delivery
            return
        self.links.rotate(-1)
        self.links[-1].send(delivery)

    def _missed(self, delivery: Delivery, reason: str) -> None:
        """Not acknowledged in time: again under a new envelope, or given up when the schedule is over."""
        self.pending.pop(delivery.id, None)
        self.homeless.pop(delivery.id, None)
        retries = self.workspace.timing.retries
        if delivery.attempt >= len(retries):
            return
        again = Delivery(
            self._new_id(),
            delivery.kind,
            delivery.body,
            event_id=delivery.event_id,
            attempt=delivery.attempt + 1,
            reason=reason,
        )
        asyncio.get_running_loop().call_later(retries[delivery.attempt], self._send, again)
