"""What grows by the day: the day on which far more came than usual. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

_RECENT = 3  # days among which the one that stands out is looked for
_TIMES = 5.0  # a usual day


@dataclass(frozen=True, slots=True)
class Growth:
    """What came in the day that ended `at`, what comes on a usual day, and what there is now."""

    at: datetime
    added: float
    usual: float
    total: float


def stands_out(points: Sequence[tuple[datetime, float]], least: float) -> Growth | None:
    """The day of the last few on which most came, where that is far more than usual and `least` at least.

    `points` are what there was at the end of each day, in order. A usual day is the median of those before.
    """
    days = [(at, value - before) for (_, before), (at, value) in pairwise(points)]
    if not days:
        return None
    at, added = max(days[-_RECENT:], key=lambda day: day[1])
    earlier = [came for _, came in days[:-_RECENT]]
    usual = max(0.0, statistics.median(earlier)) if earlier else 0.0
    if added < least or added < _TIMES * usual:
        return None
    return Growth(at, added, usual, points[-1][1])
