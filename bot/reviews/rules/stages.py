"""The stages of a review and the only ways between them: draft, in review, changes asked, approved."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from bot.errors import TransitionRefused


class Stage(enum.StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in review"
    CHANGES_ASKED = "changes asked"
    APPROVED = "approved"

    @property
    def label(self) -> str:
        """What people read. The values are stored."""
        return "changes requested" if self is Stage.CHANGES_ASKED else self.value


ALLOWED: dict[Stage, frozenset[Stage]] = {
    Stage.DRAFT: frozenset({Stage.IN_REVIEW, Stage.CHANGES_ASKED, Stage.APPROVED}),
    Stage.IN_REVIEW: frozenset({Stage.CHANGES_ASKED, Stage.APPROVED}),
    Stage.CHANGES_ASKED: frozenset({Stage.IN_REVIEW}),
    Stage.APPROVED: frozenset({Stage.CHANGES_ASKED}),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Who moved a review to a stage, when (aware UTC) and why. `by` is a name; None is Tocsin."""

    stage: Stage
    at: datetime
    by: str | None
    note: str = ""


def check_stage(ref: str, current: Stage, wanted: Stage, by: str = "") -> None:
    """Raise TransitionRefused, saying who was first and what to do, unless `current` → `wanted` is allowed.

    `by` names who moved it to where it is: "team-lead at 2026-11-20 19:50 UTC".
    """
    if wanted in ALLOWED[current]:
        return
    who = f" by {by}" if by else ""
    if current is Stage.APPROVED:
        again = "Nothing left to approve." if wanted is Stage.APPROVED else "Request changes to reopen it."
        raise TransitionRefused(f"The review of {ref} was approved{who}. {again}")
    if current is wanted:
        raise TransitionRefused(f"The review of {ref} is already “{current.label}”{who}. Nothing changed.")
    raise TransitionRefused(
        f"Changes to the review of {ref} were requested{who}. Make them and send it for review before approving."
    )


def check_editable(ref: str, current: Stage, by: str = "") -> None:
    """Raise TransitionRefused for a review that is approved."""
    if current is Stage.APPROVED:
        who = f" by {by}" if by else ""
        raise TransitionRefused(
            f"The review of {ref} was approved{who} and can't be edited. Request changes to reopen it."
        )
