"""What people decided on a report, and the reasons offered where they disagree with the judge. Pure."""

from __future__ import annotations

import hashlib
import re
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
    asked: bool = False  # whether it is a security incident was asked, and not answered yet
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


# Of an alert's words, those that say how it stands, and whatever differs from one time to the next.
_STATES = re.compile(
    r"\b(?:firing|fires?|alarm|alert(?:ing)?|trigger(?:ed)?|problem|open(?:ed)?|ok|okay|resolved?|recover(?:ed|y)?"
    r"|cleared|closed|normal|healthy|insufficient[ _]data|no data|in alarm|is|up|down|still|again|new|ongoing)\b"
)
_CHANGING = re.compile(r"<[^>]*>|:[a-z0-9_+-]+:|[^\s]*\d[^\s]*|[^\w\s]|_")
# A word within a name, as in `tickets-resolved-rate` or `payments.ok.rate`, says nothing of how it stands.
_OVER = re.compile(
    r"(?<![\w.-])(?:resolved|recovered|recovery|cleared|ok|back to (?:normal|ok)|(?:(?:is|are) up|healthy) again)"
    r"(?![\w-]|\.\w)|\bstate:? ok\b|:white_check_mark:|:large_green_circle:|:heavy_check_mark:"
)
_STILL = re.compile(
    r"\bnot (?:yet )?(?:resolved|recovered|ok)\b|\bfiring\b|\bin alarm\b|\balarm:|\btriggered\b"
    r"|^\W*alarm(?! (?:is |was |has )?(?:resolved|recovered|cleared|ok|over))\b"
)
_HEAD = 160  # characters in which an alert says how it stands
_WORDS = 12  # of an alert's beginning that make it the same one


def alert_key(bot: str, text: str) -> str:
    """What two messages of one bot have in common that are the same alert: a digest of its words without numbers and
    states, as words are kept no longer than the policy allows.
    """
    words: list[str] = []
    for line in text.lower().splitlines():
        words += _CHANGING.sub(" ", _STATES.sub(" ", line)).split()
        if len(words) >= 2:
            break  # the lines below it tell of values
    return f"{bot}:{hashlib.sha256(' '.join(words[:_WORDS]).encode()).hexdigest()[:32]}"


def alert_recovered(text: str) -> bool:
    """Whether an alert's message says that it is over."""
    head = text.lower()[:_HEAD]
    return bool(_OVER.search(head)) and not _STILL.search(head)
