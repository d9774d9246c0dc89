"""Why people decided otherwise than the judge: the reasons that are offered. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.severity.rules import Severity

# Why somebody pressed otherwise than the judge thought, one tap each. The words of the key are stored.
WHY_DISMISSED: Mapping[str, str] = {
    "chatter": "Only talk",
    "known": "Known already",
    "test": "A test",
    "duplicate": "Reported before",
}


WHY_RAISED: Mapping[str, str] = {
    "more": "More affected",
    "worse": "Worse than it sounds",
    "matrix": "The matrix is off",
}


WHY_LOWERED: Mapping[str, str] = {"fewer": "Fewer affected", "around": "A way around", "matrix": "The matrix is off"}


IN_WORDS = "words"


def why_choices(judged: Severity | None, decision: str | None, chosen: Severity | None) -> Mapping[str, str]:
    """The reasons to offer for a decision, word → label; none where people did what the judge said."""
    if decision == "not_incident":
        return WHY_DISMISSED
    if decision != "declared" or judged is None or chosen is None or chosen is judged:
        return {}
    return WHY_RAISED if chosen.worse_than(judged) else WHY_LOWERED
