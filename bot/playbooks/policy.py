"""knowledge/policy/upkeep.yaml → when owners are asked to look at what they own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from bot.policy.loading import PolicyModel, load
from bot.policy.values import DURATION_SCHEMA, Duration, Many, Typed, duration, one_of
from bot.severity.rules import Severity

_NEVER = "never"


def _span(typed: str) -> timedelta | None:
    return None if typed.lower() == _NEVER else duration(typed)


def _count(typed: str) -> int:
    if not typed.isdecimal() or not 1 <= int(typed) <= 50:
        raise ValueError(f'"{typed}" is not a number from 1 to 50.')
    return int(typed)


_Span = Annotated[timedelta | None, Typed(_span, {"anyOf": [{"const": _NEVER}, DURATION_SCHEMA]})]
_Severity = Annotated[Severity, one_of(tuple(Severity), Severity)]


class UpkeepPolicy(PolicyModel):
    """Spans are counted from the last time; None: never. `most_a_day` bounds what owners are asked anew in a day."""

    review_every: _Span = timedelta(days=90)
    check_commands_every: _Span = timedelta(days=30)
    archive_after: _Span = timedelta(days=365)
    lessons_of: Many[_Severity] = ()
    snooze: Duration = timedelta(days=7)
    ask_again_after: Duration = timedelta(days=14)
    most_a_day: Annotated[int, Typed(_count, {"type": "integer", "minimum": 1, "maximum": 50})] = Field(2)


def load_upkeep(path: Path) -> UpkeepPolicy:
    """The policy that the file describes; without the file, the defaults. Raises InvalidPolicy with the line."""
    return load(path, UpkeepPolicy) if path.exists() else UpkeepPolicy()
