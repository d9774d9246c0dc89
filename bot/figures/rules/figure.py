"""A figure: what it measures, of how many, and how they spread. Lengths of time are seconds, shares are 0..1."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.text.durations import span

FEW = 5  # fewer than so many are listed one by one: a median of three says nothing


class Unit(enum.StrEnum):
    SECONDS = "seconds"
    SHARE = "share"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure means, in a sentence that stands beside it. `name` is the key for machines."""

    name: str
    title: str
    sentence: str
    unit: Unit
    lower_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one period.

    `count` is how many were measured. Lengths of time have `median`, `p90` and `mean` from FEW on, and `values` below
    that. Shares have `part` of `count`. `target` is in the figure's unit, and `met` says how many met it. `before` is
    the same of the period before, without one of its own.
    """

    definition: Definition
    of: str = ""  # which severity, service, kind or person; empty for all
    count: int = 0
    median: float | None = None
    p90: float | None = None
    mean: float | None = None
    values: tuple[float, ...] = ()
    part: int | None = None
    target: float | None = None
    met: int | None = None
    before: Figure | None = None

    @property
    def name(self) -> str:
        return f"{self.definition.name}.{self.of}" if self.of else self.definition.name

    @property
    def share(self) -> float | None:
        """Of those measured, the share that the definition speaks of; None where none were measured."""
        return self.part / self.count if self.part is not None and self.count else None

    @property
    def value(self) -> float | None:
        """The one number to compare by: the median, the share or the count; None where there is none to trust."""
        match self.definition.unit:
            case Unit.SECONDS:
                return self.median
            case Unit.SHARE:
                return self.share
        return float(self.count)

    @property
    def text(self) -> str:
        """The figure in words, without its title."""
        match self.definition.unit:
            case Unit.SECONDS:
                return self._times()
            case Unit.SHARE:
                return f"{self.share:.0%} ({self.part:,} of {self.count:,})" if self.share is not None else "none"
        return f"{self.count:,}"

    @property
    def target_text(self) -> str:
        """`target under 30 min, met by 3 of 4`; empty without a target."""
        if self.target is None:
            return ""
        aim = length(self.target) if self.definition.unit is Unit.SECONDS else f"{self.target:.0%}"
        met = f", met by {self.met:,} of {self.count:,}" if self.met is not None and self.count else ""
        return f"target under {aim}{met}"

    @property
    def on_target(self) -> bool | None:
        """Whether the median is under the target; of few, whether each is. None without either."""
        if self.target is None or not self.count:
            return None
        return self.median < self.target if self.median is not None else max(self.values) < self.target

    @property
    def change(self) -> str:
        """Against the period before: `was 42 min`; empty where that has nothing to compare."""
        before = self.before
        if before is None or (not before.count and before.definition.unit is not Unit.COUNT):
            return ""
        match self.definition.unit:
            case Unit.SECONDS:
                return f"was {before._times(short=True)}"
            case Unit.SHARE:
                return f"was {before.share:.0%} of {before.count:,}"
        return f"was {before.count:,}"

    @property
    def better(self) -> bool | None:
        """Whether it improved on the period before; None where that cannot be said, as of few, or of plain counts."""
        if self.before is None or self.definition.unit is Unit.COUNT or min(self.count, self.before.count) < FEW:
            return None
        if self.value is None or self.before.value is None or self.value == self.before.value:
            return None
        return (self.value < self.before.value) == self.definition.lower_is_better

    def _times(self, short: bool = False) -> str:
        if not self.count:
            return "none"
        if self.median is None or self.p90 is None:
            return ", ".join(length(value) for value in self.values)
        if short:
            return f"{length(self.median)} of {self.count:,}"
        return f"median {length(self.median)}, p90 {length(self.p90)}, of {self.count:,}"

    def with_before(self, before: Figure | None) -> Figure:
        """The same, compared with the same figure of the period before."""
        return replace(self, before=replace(before, before=None) if before is not None else None)

    def document(self) -> dict[str, object]:
        """For machines: seconds, shares from 0 to 1, counts; null where there is no such number."""
        before = self.before
        return {
            "name": self.name,
            "title": self.definition.title,
            "of": self.of or None,
            "definition": self.definition.sentence,
            "unit": self.definition.unit.value,
            "count": self.count,
            "median": self.median,
            "p90": self.p90,
            "mean": self.mean,
            "values": list(self.values),
            "part": self.part,
            "share": self.share,
            "target": self.target,
            "met": self.met,
            "before": None
            if before is None
            else {"value": before.value, "count": before.count, "values": list(before.values)},
        }


@dataclass(frozen=True, slots=True)
class Spread:
    """How lengths of time spread, in seconds: from FEW on the median and so on, below that all of them."""

    count: int
    median: float | None
    p90: float | None
    mean: float | None
    values: tuple[float, ...]
    met: int | None = None


NONE = Spread(0, None, None, None, ())


def spread(
    count: int, mean: float | None, quantiles: Sequence[float], each: Sequence[float], met: int | None
) -> Spread:
    """The spread as the aggregates give it.

    `quantiles` are the median and the 90th percentile; `each` are the values at the shares of EACH, from which those of
    fewer than FEW are read.
    """
    if count >= FEW:
        return Spread(count, float(quantiles[0]), float(quantiles[1]), mean, (), met)
    picks: tuple[int, ...] = ((), (5,), (2, 5), (1, 3, 5), (0, 2, 4, 5))[count]
    return Spread(count, None, None, None, tuple(float(each[pick]) for pick in picks), met)


EACH = (0.25, 0.33, 0.5, 0.66, 0.75, 1.0)  # at these shares lie all values of one, two, three or four


def length(seconds: float) -> str:
    """A length of time for people."""
    return span(timedelta(seconds=seconds))
