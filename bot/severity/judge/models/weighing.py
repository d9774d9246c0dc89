"""What the models' probabilities come to: how likely it is trouble, and which level costs least if it is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bot.severity.judge.models.examples import LABELS

# What it costs more to call a P0 or P1 two levels too mild, and to answer what is no report.
_TOO_MILD, _ANSWERED_TALK = 1.0, 0.05
# How much the margins count that tell P0 and P1 from talk, and from P2 and P3, and a P2 in what must not be passed
# over. Chosen on examples of writers left out.
_ALARM, _WEIGHT, _P2_COUNTS = 3.0, 1.5, 0.2
_MEDIUM, _MINOR, NONE = LABELS.index("P2"), LABELS.index("P3"), LABELS.index("none")
_SIDES = np.array([1.0, 1.0, -1.0, -1.0, 0.0])  # of that second margin, for each label
LEAST = 1e-9


def cost_of(truth: str, said: str) -> float:
    """What a judgement costs where people say `truth`; 0 where it is right."""
    return _cost(LABELS.index(truth), LABELS.index(said))


def _cost(truth: int, said: int) -> float:
    """What it costs to say one level where another is true: 1 a mistake, and more where an outage is made little of."""
    too_mild, talk = truth <= 1 and said - truth >= 2, truth == NONE != said
    return float(said != truth) + _TOO_MILD * too_mild + _ANSWERED_TALK * talk


_COSTS = tuple(tuple(_cost(truth, said) for truth in range(len(LABELS))) for said in range(len(LABELS)))


def said_at_least_cost(shares: Sequence[float]) -> str:
    """The label that is said where the labels have these probabilities."""
    return LABELS[cheapest(shares)[0]]


def as_outage(shares: Sequence[float]) -> list[float]:
    """The same shares where it is known to be neither talk nor a minor issue."""
    rest = max(sum(shares[:_MINOR]), LEAST)
    return [share / rest if place < _MINOR else 0.0 for place, share in enumerate(shares)]


def told_apart(shares: npt.NDArray[np.float64], weight: float) -> list[float]:
    """The same shares where a margin tells P0 and P1 from P2 and P3. How likely talk is stays as it is."""
    raised = shares * np.exp(_WEIGHT * weight / 2 * _SIDES)
    raised[NONE] = 0.0
    raised *= (1 - shares[NONE]) / max(float(raised.sum()), LEAST)
    raised[NONE] = shares[NONE]
    return [float(share) for share in raised]


def trouble_of(shares: Sequence[float], alarm: float = 0.0) -> float:
    """How likely it is trouble, not talk, that must not be passed over: a P2 counts a fifth, a P3 not at all.

    `alarm` is the margin by which it is P0 or P1, not talk. Where one outage in a hundred meets silence, talk is asked
    about less by a quarter than without it.
    """
    serious = shares[0] + shares[1] + _P2_COUNTS * shares[_MEDIUM]
    odds = serious / max(shares[NONE], LEAST) * math.exp(_ALARM * alarm)
    return odds / (1 + odds)


def cheapest(shares: Sequence[float]) -> tuple[int, int]:
    """The places of the two labels that cost least, if wrong."""
    costs = [sum(share * cost for share, cost in zip(shares, column, strict=True)) for column in _COSTS]
    best, after = sorted(range(len(costs)), key=costs.__getitem__)[:2]
    return best, after
