"""A bounded record of every Web API call, for tests and for the curious."""

import asyncio
import time
from collections import deque

from slack_playground.workspace.bell import Bell
from slack_playground.workspace.records import Json

KEPT = 10_000


class Journal:
    """Calls in the order in which they were answered, numbered from 1."""

    def __init__(self) -> None:
        self.entries: deque[Json] = deque(maxlen=KEPT)
        self.last = 0
        self.bell = Bell()

    def record(self, method: str, args: Json, *, ok: bool, error: str = "", status: int = 200) -> None:
        """Add one call."""
        self.last += 1
        entry = {"n": self.last, "at": time.time(), "method": method, "args": args}
        self.entries.append({**entry, "ok": ok, "error": error, "status": status})
        self.bell.ring()

    def since(self, number: int, method: str = "") -> list[Json]:
        """Calls after `number`, of one method or of all, oldest first."""
        found: list[Json] = []
        for entry in reversed(self.entries):
            if entry["n"] <= number:
                break
            if not method or entry["method"] == method:
                found.append(entry)
        found.reverse()
        return found

    async def wait(self, number: int, method: str, seconds: float) -> list[Json]:
        """Like `since`, but stays until there is something or the time is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (found := self.since(number, method)):
            if not await self.bell.wait(deadline - loop.time()):
                return []
        return found
