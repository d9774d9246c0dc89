"""Faults on request: a method that fails so many times, and a Slack that is down altogether."""

import asyncio
from dataclasses import dataclass
from typing import Literal, get_args

from slack_playground.workspace.records import Json

Kind = Literal["error", "ratelimited", "status", "timeout", "drop", "drop_after", "timeout_after"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` calls of `method` ("*": any)."""

    method: str
    kind: Kind
    times: int
    error: str = "internal_error"
    retry_after: int = 1
    status: int = 503
    seconds: float = 30.0

    def shown(self) -> Json:
        """The fault as the control interface lists it."""
        return {
            "method": self.method,
            "kind": self.kind,
            "times": self.times,
            "error": self.error,
            "retry_after": self.retry_after,
            "status": self.status,
        }


def read_fault(body: Json) -> Fault:
    """A fault from its JSON. Raises ValueError with a sentence where it is none."""
    kind = body.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    return Fault(
        method=str(body.get("method", "*")),
        kind=kind,
        times=int(body.get("times", 1)),
        error=str(body.get("error", "internal_error")),
        retry_after=int(body.get("retry_after", 1)),
        status=int(body.get("status", 503)),
        seconds=float(body.get("seconds", 30.0)),
    )


class Faults:
    """Faults still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.outage = False
        self._end: asyncio.TimerHandle | None = None

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, used up by one."""
        for fault in self.pending:
            if fault.method in ("*", method):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None

    def set_outage(self, *, on: bool, seconds: float | None = None) -> None:
        """Begin or end an outage; with `seconds` it ends by itself."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self.outage = on
        if on and seconds is not None:
            self._end = asyncio.get_running_loop().call_later(seconds, lambda: self.set_outage(on=False))
