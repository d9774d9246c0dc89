"""What people decided on a report, and the reasons offered where they disagree with the judge. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on a report: "declared", "not_incident" or "part_of" an open incident."""

    kind: str
    by: str | None  # Slack user id, as all people here
    severity: str | None = None  # that it was declared with
    ref: str | None = None
    channel_id: str | None = None
    private: bool = False
    dismissed_by: str | None = None  # who had called it no incident before


# Why somebody disagreed with the judge, one tap each. The keys are stored.
WHY_DISMISSED: Mapping[str, str] = {
    "chatter": "Just chatter",
    "known": "Known issue",
    "test": "A test",
    "duplicate": "Already reported",
}

WHY_RAISED: Mapping[str, str] = {
    "more": "More affected",
    "worse": "Worse than it sounds",
    "matrix": "Matrix is wrong",
}

WHY_LOWERED: Mapping[str, str] = {"fewer": "Fewer affected", "around": "Has a workaround", "matrix": "Matrix is wrong"}

IN_WORDS = "words"


def why_choices(judged: Severity | None, decision: str | None, chosen: Severity | None) -> Mapping[str, str]:
    """The reasons to offer for a decision, key → label; none where people agreed with the judge."""
    if decision == "not_incident":
        return WHY_DISMISSED
    if decision != "declared" or judged is None or chosen is None or chosen is judged:
        return {}
    return WHY_RAISED if chosen.worse_than(judged) else WHY_LOWERED
