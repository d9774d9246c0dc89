"""knowledge/policy/escalation.yaml → the matrix of role × severity and the interval of repeats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bot.escalation.rules.calendar import BusinessCalendar
from bot.escalation.rules.matrix import LADDER, LATE_AFTER, EscalationPolicy, Rule, When
from bot.policy.reading import Node, did_you_mean, read
from bot.severity.rules import Severity
from bot.text.durations import parse_duration

_WORDS = tuple(when.value for when in When if when is not When.AFTER)


def load_escalation(
    path: Path, calendar: BusinessCalendar, respond_within: Mapping[Severity, timedelta]
) -> EscalationPolicy:
    """The escalation policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields("matrix", optional=("repeat_every", "late_after"))
    rows = fields["matrix"].fields(*(role.value for role in LADDER))
    return EscalationPolicy(
        matrix={role: _row(rows[role.value]) for role in LADDER},
        calendar=calendar,
        respond_within=respond_within,
        repeat_every=_repeats(fields.get("repeat_every")),
        late_after=fields["late_after"].duration() if "late_after" in fields else LATE_AFTER,
    )


def load_response_times(path: Path) -> dict[Severity, timedelta]:
    """The response time of each severity, from the levels of severity.yaml. Raises InvalidPolicy."""
    top = read(path)
    if "levels" not in top.mapping():
        raise top.refuse('severity: "levels" is missing. Add the four severities with their response times.')
    levels = top.mapping()["levels"].fields(*(severity.value for severity in Severity))
    times = {}
    longest = timedelta()
    for severity in Severity:
        level = levels[severity.value]
        if "respond_within" not in level.mapping():
            raise level.refuse(f'{level.name}: "respond_within" is missing. Add for example `respond_within: 1 h`.')
        node = level.mapping()["respond_within"]
        times[severity] = node.duration()
        if times[severity] < longest:
            raise node.refuse(f"{node.name}: {severity} must not be answered sooner than a worse severity.")
        longest = times[severity]
    return times


def parse_rule(node: Node) -> Rule:
    """One cell of the matrix. Raises InvalidPolicy."""
    typed = " ".join(node.text().lower().split())
    if typed in _WORDS:
        return Rule(When(typed))
    if parse_duration(typed) is not None:
        return Rule(When.AFTER, node.duration())
    if typed[0].isdigit():
        raise node.refuse(f'{node.name}: "{node.text()}" is not a span of time. Write for example 30 min or 2 h.')
    raise node.refuse(
        f'{node.name}: unknown rule "{node.text()}".{did_you_mean(typed, _WORDS)} Or write a span: 30 min.'
    )


def _row(node: Node) -> dict[Severity, Rule]:
    cells = node.fields(*(severity.value for severity in Severity))
    return {severity: parse_rule(cells[severity.value]) for severity in Severity}


def _repeats(node: Node | None) -> dict[Severity, timedelta]:
    if node is None or node.is_empty:
        return {}
    cells = node.fields(optional=tuple(severity.value for severity in Severity))
    return {Severity(name): cell.duration() for name, cell in cells.items() if not cell.is_empty}
