"""knowledge/policy/security.yaml → what makes an incident a security incident."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.policy.reading import read


@dataclass(frozen=True, slots=True)
class SecurityPolicy:
    """`rows` are ids of rows of the severity matrix; `playbook` is the reference of the one to follow."""

    rows: frozenset[str]
    playbook: str


def load_security(path: Path) -> SecurityPolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields("rows", "playbook")
    return SecurityPolicy(frozenset(node.text() for node in fields["rows"].items()), fields["playbook"].text())
