"""Printing figures: one line each, with the bound and the ratio to it."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def figure(name: str, value: float, unit: str, bound: float | None = None) -> None:
    """Print one figure; a ratio over 1 is short of the bound."""
    against = f"   bound {bound:g} {unit}   ratio {value / bound:.2f}" if bound is not None else ""
    print(f"{name:52} {value:10.1f} {unit}{against}", flush=True)
