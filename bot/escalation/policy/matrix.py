"""knowledge/policy/escalation.yaml → the matrix of role × severity and the interval of repeats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from bot.escalation.rules.calendar import BusinessCalendar
from bot.escalation.rules.matrix import (
    LADDER,
    LATE_AFTER,
    Burst,
    Climb,
    DrillPagers,
    EscalationPolicy,
    Role,
    Rule,
    When,
)
from bot.policy.loading import Keys, PolicyModel, load
from bot.policy.values import DURATION_SCHEMA, Duration, Typed, did_you_mean, duration, one_of
from bot.severity.policy import EachSeverity, SomeSeverities
from bot.severity.rules import Severity
from bot.text.durations import parse_duration

_WORDS = tuple(when.value for when in When if when is not When.AFTER)


def _rule(typed: str) -> Rule:
    words = " ".join(typed.lower().split())
    if words in _WORDS:
        return Rule(When(words))
    if parse_duration(words) is not None or words[0].isdigit():
        return Rule(When.AFTER, duration(typed))
    raise ValueError(f'unknown rule "{typed}".{did_you_mean(words, _WORDS)} Or write a span: 30 min.')


Row = EachSeverity[Annotated[Rule, Typed(_rule, {"anyOf": [{"enum": list(_WORDS)}, DURATION_SCHEMA]})]]


def _whole(typed: str) -> int:
    if typed.isdecimal() and 1 <= int(typed[:5]) <= 1000:
        return int(typed)
    raise ValueError(f'"{typed}" is not a whole number from 1 to 1000.')


Whole = Annotated[int, Typed(_whole, {"type": "integer", "minimum": 1, "maximum": 1000})]


class BurstFile(PolicyModel):
    """So many incidents declared by one person within so long: before the next one they are asked."""

    declarations: Whole
    within: Duration


class ClimbFile(PolicyModel):
    """What pages that nobody answers do beside being repeated: whom they page after how many, and how rare they get."""

    secondary: Whole
    next_rung: Whole
    longest: Duration


class EscalationFile(PolicyModel):
    """Who is paged when, by role and severity."""

    matrix: Annotated[dict[Role, Row], Keys(*LADDER)]
    repeat_every: SomeSeverities[Duration] | None = None
    climb: ClimbFile | None = None
    late_after: Duration = LATE_AFTER
    ask_after: BurstFile | None = None
    drill_pagers: Annotated[DrillPagers, one_of(tuple(map(str, DrillPagers)), DrillPagers)] = DrillPagers.LOW


def load_escalation(
    path: Path, calendar: BusinessCalendar, respond_within: Mapping[Severity, timedelta]
) -> EscalationPolicy:
    """The escalation policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    file = load(path, EscalationFile)
    burst = Burst(file.ask_after.declarations, file.ask_after.within) if file.ask_after else Burst()
    climb = Climb(file.climb.secondary, file.climb.next_rung, file.climb.longest) if file.climb else None
    return EscalationPolicy(
        file.matrix,
        calendar,
        respond_within,
        file.repeat_every or {},
        file.late_after,
        burst,
        climb,
        file.drill_pagers,
    )
