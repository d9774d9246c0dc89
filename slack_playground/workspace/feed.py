"""What the pages hear: a bounded log of events, each with its audience, and the pages that listen."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass

from slack_playground.workspace.bell import Bell
from slack_playground.workspace.records import Json

KEPT = 3000

Render = Callable[[str], Json]


@dataclass(slots=True)
class PageEvent:
    """One event; `body` is a dict, or a function of the person for what differs from person to person."""

    number: int
    audience: Collection[str] | None
    body: Json | Render

    def concerns(self, user_id: str) -> bool:
        """Whether this person may see it."""
        return self.audience is None or user_id in self.audience

    def render(self, user_id: str) -> Json:
        """The event as this person's page gets it."""
        return self.body if isinstance(self.body, dict) else self.body(user_id)


class Feed:
    """The log and its listeners. Lives on the server's event loop."""

    def __init__(self) -> None:
        self.events: deque[PageEvent] = deque(maxlen=KEPT)
        self.last = 0
        self.listeners: dict[asyncio.Queue[str], str] = {}
        self.bell = Bell()

    def publish(self, body: Json | Render, audience: Collection[str] | None = None) -> None:
        """Tell everybody of the audience (None: everybody)."""
        self.last += 1
        event = PageEvent(self.last, audience, body)
        self.events.append(event)
        shared: str | None = None
        for queue, user_id in self.listeners.items():
            if event.concerns(user_id):
                if shared is None or not isinstance(body, dict):
                    shared = json.dumps(event.render(user_id))
                queue.put_nowait(shared)
        self.bell.ring()

    def since(self, number: int, user_id: str) -> list[Json]:
        """What this person's page heard after event `number`, as far as it is still kept."""
        found: list[Json] = []
        for event in reversed(self.events):
            if event.number <= number:
                break
            if event.concerns(user_id):
                found.append({"n": event.number, **event.render(user_id)})
        found.reverse()
        return found

    async def wait(self, number: int, user_id: str, seconds: float) -> list[Json]:
        """Like `since`, but stays until there is something or the time is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (found := self.since(number, user_id)):
            if not await self.bell.wait(deadline - loop.time()):
                return []
        return found
