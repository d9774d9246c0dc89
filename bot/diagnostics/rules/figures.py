"""Figures of three windows - the hour, the hour before and the same hour a week before - and how they compare. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one metric in one window, one for each period that had data."""

    values: tuple[float, ...] = ()

    @property
    def total(self) -> float:
        return sum(self.values)

    @property
    def highest(self) -> float:
        return max(self.values, default=0.0)

    @property
    def lowest(self) -> float:
        return min(self.values, default=0.0)

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values) if self.values else 0.0


NOTHING = Series()


@dataclass(frozen=True, slots=True)
class Figures:
    """Series by the key under which they were asked for."""

    now: Mapping[str, Series] = field(default_factory=dict)
    before: Mapping[str, Series] = field(default_factory=dict)
    week: Mapping[str, Series] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Series:
        return self.now.get(key, NOTHING)

    def compare(self, key: str, figure: Callable[[Series], float], unit: str = "") -> str:
        """`the hour before: 3; a week before: no data`."""
        parts = (("the hour before", self.before), ("a week before", self.week))
        return "; ".join(f"{name}: {_shown(window.get(key, NOTHING), figure, unit)}" for name, window in parts)


def _shown(series: Series, figure: Callable[[Series], float], unit: str) -> str:
    return number(figure(series), unit) if series.values else "no data"


def total(series: Series) -> float:
    return series.total


def highest(series: Series) -> float:
    return series.highest


def lowest(series: Series) -> float:
    return series.lowest


def mean(series: Series) -> float:
    return series.mean


def number(value: float, unit: str = "") -> str:
    """`1,204`, `0.4 %`, `2.9 s` (of milliseconds), `1.5 GB` (of bytes)."""
    if unit == "ms":
        return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:,.0f} ms"
    if unit == "B":
        for size, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if abs(value) >= size:
                return f"{value / size:,.1f} {name}"
        return f"{value:,.0f} B"
    shown = f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.1f}"
    return f"{shown} {unit}".rstrip()


def share(part: float, whole: float) -> float:
    """Percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0


def listed(names: Sequence[str], most: int = 5) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
