"""knowledge/policy/review.yaml → when reviews are due, who approves them, what their figures are measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.escalation.rules.matrix import Role
from bot.policy.reading import Node, read
from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """`due_within`, `remind_after` count from the resolution; a severity not in `resolve_within` has no target."""

    due_within: timedelta
    resolve_within: Mapping[Severity, timedelta]
    silence_after: timedelta
    remind_after: tuple[timedelta, ...] = ()  # ascending, all shorter than due_within
    approved_by: tuple[Role, ...] = ()  # empty: whoever has a personal link


def load_review(path: Path) -> ReviewPolicy:
    """The review policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields(
        "due_within", "resolve_within", "silence_after", optional=("remind_after", "approved_by")
    )
    targets = fields["resolve_within"].fields(optional=tuple(severity.value for severity in Severity))
    due_within = fields["due_within"].duration()
    return ReviewPolicy(
        due_within=due_within,
        resolve_within={Severity(name): node.duration() for name, node in targets.items() if not node.is_empty},
        silence_after=fields["silence_after"].duration(),
        remind_after=_reminders(fields.get("remind_after"), due_within),
        approved_by=tuple(
            Role(item.choice([role.value for role in Role])) for item in _items(fields.get("approved_by"))
        ),
    )


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items() if node is not None else ()


def _reminders(node: Node | None, due_within: timedelta) -> tuple[timedelta, ...]:
    spans: list[timedelta] = []
    for item in _items(node):
        span = item.duration()
        if span >= due_within:
            raise item.refuse(
                f'{item.name}: "{item.text()}" is not shorter than due_within; overdue reviews are reported anyway.'
            )
        spans.append(span)
    return tuple(sorted(set(spans)))
