"""knowledge/policy/security.yaml → what makes an incident a security incident."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from bot.policy.loading import PolicyModel, load
from bot.policy.values import OneOrMany, Text


class SecurityPolicy(PolicyModel):
    """`rows` are ids of rows of the severity matrix; `playbook` is the reference of the one to follow."""

    rows: Annotated[frozenset[Text], OneOrMany()]
    playbook: Text


def load_security(path: Path) -> SecurityPolicy:
    """The policy that the file describes. Raises InvalidPolicy with file, line and reason."""
    return load(path, SecurityPolicy)
