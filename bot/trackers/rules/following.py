"""Who follows whom: closed here or there, compared with what both last agreed on. Pure.

An item and its issue are open or closed. Whoever changed since both last agreed has the latest word; where both did,
they did the same, as there are but two states. So what is closed in either place is closed in both, and what is
reopened in either is open in both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Step(StrEnum):
    NOTHING = "nothing"  # they agree
    PUSH = "push"  # the issue follows the item
    TAKE = "take"  # the item follows the issue


def step(here_closed: bool, there_closed: bool, agreed_closed: bool) -> Step:
    """What brings the two together."""
    if here_closed == there_closed:
        return Step.NOTHING
    return Step.TAKE if there_closed != agreed_closed else Step.PUSH


def route(teams: Mapping[str, str], default: str | None, owners: Iterable[str]) -> str | None:
    """The tracker of the first of these owners that a team of the policy is called like; else the default."""
    by_name = {name.casefold(): tracker for name, tracker in teams.items()}
    return next((by_name[owner.casefold()] for owner in owners if owner.casefold() in by_name), default)


def marker_of(request_key: str) -> str:
    """The word by which an item's issue is found again. It says nothing, and no other installation has it."""
    return f"tocsin-{hashlib.sha256(request_key.encode()).hexdigest()[:16]}"
