"""knowledge/policy/retention.yaml → how long what people wrote is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from bot.policy.loading import PolicyModel, load
from bot.policy.values import Typed
from bot.text.durations import parse_duration
from bot.text.wording import counted

_FOREVER = "forever"
_SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """What each counts from: `keep_messages` from the closing of the incident, `keep_access` from each access,
    `keep_alarms` from when an alarm was last heard of. None: forever.
    """

    keep_messages: timedelta | None = None
    keep_access: timedelta | None = None
    keep_alarms: timedelta | None = None

    @property
    def sentence(self) -> str:
        """For people who ask what is kept."""
        if self.keep_messages is None:
            return "Messages of incident channels are kept forever."
        return f"Messages of incident channels are removed {in_days(self.keep_messages)} after closing."


def in_days(span: timedelta) -> str:
    """`1 day`, `400 days`."""
    return counted(span.days, "day")


def _kept(typed: str) -> timedelta | None:
    if typed.lower() == _FOREVER:
        return None
    span = parse_duration(typed)
    if span is None:
        raise ValueError(f'"{typed}" is no span of time. Write forever, or for example 400 days.')
    if span < _SHORTEST or span % _SHORTEST:
        raise ValueError(f'"{typed}" must be whole days, at least one.')
    return span


_TOLD = {"anyOf": [{"const": _FOREVER}, {"type": "string", "pattern": r"^[0-9].*[a-z]"}], "examples": ["400 days"]}


class RetentionFile(PolicyModel):
    """How long what people wrote is kept."""

    keep_messages: Annotated[timedelta | None, Typed(_kept, _TOLD)]
    keep_access: Annotated[timedelta | None, Typed(_kept, _TOLD)] = None
    keep_alarms: Annotated[timedelta | None, Typed(_kept, _TOLD)] = None


def load_retention(path: Path) -> RetentionPolicy:
    """The policy that the file describes; without the file everything is kept. Raises InvalidPolicy with the line."""
    if not path.exists():
        return RetentionPolicy()
    file = load(path, RetentionFile)
    return RetentionPolicy(file.keep_messages, file.keep_access, file.keep_alarms)
