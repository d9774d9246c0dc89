"""Faults on request: a method that fails so many times, and a Slack that is down altogether."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal, get_args

from slack_playground.delivery.refusals import is_documented
from slack_playground.workspace.records import Json

Kind = Literal["error", "refusal", "ratelimited", "status", "timeout", "drop", "drop_after", "timeout_after"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` calls of `method` ("*": any), 0 for all until taken back.

    With `where`, only to calls whose arguments are these, such as `{"channel": "C0GENERAL"}`.
    """

    method: str
    kind: Kind
    times: int
    error: str = "internal_error"
    retry_after: int = 1
    status: int = 503
    seconds: float = 30.0
    where: Json = field(default_factory=dict)

    def meets(self, method: str, arguments: Json) -> bool:
        """Whether it happens to this call."""
        same = all(str(arguments.get(name, "")) == str(value) for name, value in self.where.items())
        return self.method in ("*", method) and same

    def shown(self) -> Json:
        """The fault as the control interface lists it."""
        return {
            "method": self.method,
            "kind": self.kind,
            "times": self.times,
            "error": self.error,
            "retry_after": self.retry_after,
            "status": self.status,
            "where": self.where,
        }


def read_fault(body: Json) -> Fault:
    """A fault from its JSON. Raises ValueError with a sentence where it is none."""
    kind = body.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    method, error = str(body.get("method", "*")), str(body.get("error", "internal_error"))
    if kind == "refusal" and not is_documented(method, error):
        raise ValueError(f"Slack never answers {method} with {error}")
    return Fault(
        method=method,
        kind=kind,
        times=int(body.get("times", 0 if kind == "refusal" else 1)),
        error=error,
        retry_after=int(body.get("retry_after", 1)),
        status=int(body.get("status", 503)),
        seconds=float(body.get("seconds", 30.0)),
        where=dict(body.get("where") or {}),
    )


class Faults:
    """Faults still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []
        self.outage = False
        self._end: asyncio.TimerHandle | None = None

    def take(self, method: str, arguments: Json) -> Fault | None:
        """The fault that this call meets, used up by one."""
        for fault in self.pending:
            if fault.meets(method, arguments):
                fault.times -= 1
                if fault.times == 0:
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
