"""Figures: printed as they are measured, kept for the table at the end, compared with those of another run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `bound` is what it may be at most, or at least where `rising`; `peer` what another program took for
    the same in the same run.
    """

    part: str
    name: str
    value: float
    unit: str
    bound: float | None = None
    peer: float | None = None
    rising: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it is within its bound; None where it has none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.rising else self.value <= self.bound

    @property
    def wanted(self) -> str:
        """The bound as it is shown."""
        return f"{'≥ ' if self.rising else ''}{_with(self.bound, self.unit)}" if self.bound is not None else ""


class Figures:
    """All figures of one run."""

    def __init__(self) -> None:
        self.part = ""
        self.all: list[Figure] = []

    def add(
        self, name: str, value: float, unit: str, bound: float | None, peer: float | None, rising: bool = False
    ) -> None:
        one = Figure(self.part, " ".join(name.split()), value, unit, bound, peer, rising)
        self.all.append(one)
        against = f"   bound {one.wanted} {_MARKS[one.holds]}" if bound is not None else ""
        beside = f"   peer {_number(peer)} {unit}" if peer is not None else ""
        print(f"{name:62} {_number(value):>10} {unit}{against}{beside}", flush=True)


RUN = Figures()  # of this process: the parts of a run print and keep their figures here
_MARKS = {True: "✓", False: "✗", None: ""}


def figure(name: str, value: float, unit: str, bound: float | None = None, peer: float | None = None) -> None:
    """Print one figure and keep it for the table. Over its bound is ✗."""
    RUN.add(name, value, unit, bound, peer)


def rising(name: str, value: float, unit: str, bound: float | None = None) -> None:
    """Print one figure that should be high, and keep it for the table. Under its bound is ✗."""
    RUN.add(name, value, unit, bound, None, rising=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def markdown(figures: Sequence[Figure]) -> str:
    """A table with the bound, the peer and ✓ or ✗ by line."""
    rows = [
        [f.part, f.name, f"{_number(f.value)} {f.unit}", f.wanted, _with(f.peer, f.unit), _MARKS[f.holds]]
        for f in figures
    ]
    return _table(["Part", "Figure", "Measured", "Bound", "Peer, same run", ""], rows)


def comparison(before: Sequence[Figure], after: Sequence[Figure]) -> str:
    """Two runs side by side, with the ratio of the second to the first. The machine may have been slower in one."""
    known = {(f.part, f.name): f for f in before}
    rows = []
    for f in after:
        old = known.get((f.part, f.name))
        ratio = f"×{f.value / old.value:.2f}" if old is not None and old.value else ""
        rows.append([f.part, f.name, _with(old.value if old else None, f.unit), _with(f.value, f.unit), ratio])
    return _table(["Part", "Figure", "Before", "Now", "Now over before"], rows)


def write(path: Path, figures: Sequence[Figure]) -> None:
    """The figures as JSON."""
    path.write_text(json.dumps([asdict(f) for f in figures], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> list[Figure]:
    """What `write` wrote. Raises OSError, ValueError and TypeError as reading, JSON and its keys do."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise ValueError("not a list")
    return [Figure(**row) for row in rows]


def _with(value: float | None, unit: str) -> str:
    return "" if value is None else f"{_number(value)} {unit}".strip()


def _number(value: float) -> str:
    """Three digits that say something: 0.062, 1.85, 43.1, 1,204."""
    if value and abs(value) < 10:
        return f"{value:.3g}"
    return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [heads, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(heads), *lines[1:]])
