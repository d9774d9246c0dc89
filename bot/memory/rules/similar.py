"""What looks like a text, as it is stored with a report or an incident and shown to people. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

EARLIER = "earlier"  # the kind of our own incidents that look the same but are beyond those shown


@dataclass(frozen=True, slots=True)
class MatchedTerm:
    """Words that made the match, their share of the score (0..1), and the field in which they matched."""

    text: str
    share: float
    field: str


@dataclass(frozen=True, slots=True)
class SimilarItem:
    """A past incident, playbook or guide that looks like the text. What an older row does not hold is empty."""

    ref: str
    kind: str  # incident, playbook, guide, or EARLIER
    title: str = ""
    score: float = 0.0
    terms: tuple[MatchedTerm, ...] = ()  # the weightiest first
    words: tuple[str, ...] = ()  # their texts; older rows hold only these
    same: bool = False  # an incident of our own with the same trouble
    cause: str = ""
    fix: str = ""
    took: str = ""  # "1 h 20 min", as it is shown
    happened_on: date | None = None
    by_meaning: bool = False  # found by what it means; its words alone would not have done

    @property
    def is_incident(self) -> bool:
        """Whether it is a past incident, among those shown or beyond them."""
        return self.kind in ("incident", EARLIER)


def same_before(similar: Iterable[SimilarItem]) -> list[tuple[str, date]]:
    """(ref, day) of our own incidents that looked the same; the oldest first."""
    same = [(item.ref, item.happened_on) for item in similar if item.same and item.happened_on]
    return sorted(same, key=lambda one: one[::-1])
