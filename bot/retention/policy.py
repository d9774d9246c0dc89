"""knowledge/policy/retention.yaml → how long what people wrote is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.policy.reading import read
from bot.text.durations import parse_duration

_FOREVER = "forever"
_SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """`keep_messages` counts from the closing of the incident; None: forever."""

    keep_messages: timedelta | None = None

    @property
    def sentence(self) -> str:
        """For people who ask what is kept."""
        if self.keep_messages is None:
            return "Messages of incident channels are kept forever."
        return f"Messages of incident channels are removed {in_days(self.keep_messages)} after closing."


def in_days(span: timedelta) -> str:
    """`1 day`, `400 days`."""
    return f"{span.days} day{'s' if span.days != 1 else ''}"


def load_retention(path: Path) -> RetentionPolicy:
    """The policy that the file describes; without the file everything is kept. Raises InvalidPolicy with the line."""
    if not path.exists():
        return RetentionPolicy()
    node = read(path).fields("keep_messages")["keep_messages"]
    typed = node.text()
    if typed.lower() == _FOREVER:
        return RetentionPolicy()
    span = parse_duration(typed)
    if span is None:
        raise node.refuse(f'{node.name}: "{typed}" is no span of time. Write forever, or for example 400 days.')
    if span < _SHORTEST or span % _SHORTEST:
        raise node.refuse(f'{node.name}: "{typed}" must be whole days, at least one.')
    return RetentionPolicy(span)
