"""Which of people's decisions the judge learns from, and when what it learnt is better. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SETTLED_AFTER = timedelta(hours=1)  # the severity that an incident has by then is what people made of it
LEAST_DECISIONS, LEAST_TESTED = 40, 12  # with fewer nothing is learnt
LATER = 0.3  # share of the decisions, the latest, on which what was learnt from the others is tested
STRENGTHS = (0.3, 1.0, 3.0, 10.0)  # how much is learnt from each decision
_LEAST_SAVED = 2.0  # mistakes: with fewer it may be luck


@dataclass(frozen=True, slots=True)
class Decided:
    """A message, and what people made of it: P0 to P3 or none."""

    text: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Score:
    """How a judge did on decisions: how often it was right, what its mistakes cost, the outages it made little of."""

    right: int
    cost: float
    too_mild: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A strength that was tried, on the later decisions."""

    strength: float
    score: Score


def divide(decided: Sequence[Decided]) -> tuple[list[Decided], list[Decided]]:
    """The earlier decisions and the later ones."""
    ordered = sorted(decided, key=lambda one: one.at)
    cut = len(ordered) - max(LEAST_TESTED, round(len(ordered) * LATER))
    return ordered[:cut], ordered[cut:]


def best_of(tested: Sequence[Attempt]) -> Attempt:
    """The strength whose mistakes cost least; of those alike, the one that learns least."""
    return min(tested, key=lambda one: (one.score.cost, one.strength))


def is_better(shipped: Score, learnt: Score) -> bool:
    """Whether it is to be used: clearly fewer mistakes, and no outage more that is made little of."""
    fewer = shipped.cost - learnt.cost >= _LEAST_SAVED and learnt.right > shipped.right
    return fewer and learnt.too_mild <= shipped.too_mild
