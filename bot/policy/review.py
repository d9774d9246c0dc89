"""knowledge/policy/review.yaml → when reviews are due and what their figures are measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.domain.severity import Severity
from bot.policy.reading import read


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """`due_within` counts from the resolution; a severity missing from `resolve_within` has no target."""

    due_within: timedelta
    resolve_within: Mapping[Severity, timedelta]
    silence_after: timedelta


def load_review(path: Path) -> ReviewPolicy:
    """The review policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields("due_within", "resolve_within", "silence_after")
    targets = fields["resolve_within"].fields(optional=tuple(severity.value for severity in Severity))
    return ReviewPolicy(
        due_within=fields["due_within"].duration(),
        resolve_within={Severity(name): node.duration() for name, node in targets.items() if not node.is_empty},
        silence_after=fields["silence_after"].duration(),
    )
