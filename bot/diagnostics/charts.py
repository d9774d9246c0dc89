"""The picture of what a diagnosis measured: one panel for each metric. The library that draws is an extra."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.diagnostics.rules.picture import Drawn, Picture

_INK, _QUIET, _LINE, _DECLARED, _CHANGE = "#1d2330", "#5b6474", "#1f5a99", "#a4361c", "#8a6d1b"
_MINUTE = 60.0


def draw(picture: Picture) -> bytes:
    """PNG; the same picture gives the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = io.BytesIO()
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        canvas = Figure(figsize=(9, 0.7 + 1.5 * len(picture.panels)), dpi=110, layout="constrained")
        every = canvas.subplots(len(picture.panels), sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(every, picture.panels, strict=True):
            _draw_panel(axes, picture, panel)
        _draw_times(every[-1], picture)
        canvas.suptitle(picture.title.replace("$", r"\$"), fontsize=11, x=0.01, ha="left", color=_INK)
        canvas.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _draw_panel(axes: Any, picture: Picture, panel: Drawn) -> None:
    minutes = [_minutes(at, picture) for at, _ in panel.points]
    values = [value for _, value in panel.points]
    axes.plot(minutes, values, color=_LINE, linewidth=1.6, marker="o", markersize=2.5)
    axes.fill_between(minutes, values, color=_LINE, alpha=0.12)
    axes.set_title(panel.title.replace("$", r"\$"), fontsize=9, loc="left", color=_QUIET)
    axes.set_ylim(bottom=0, top=(panel.highest or 1.0) * 1.15)
    for at in _inside(picture.changes, picture):
        axes.axvline(at, color=_CHANGE, linewidth=1.2, linestyle=":")
    for at in _inside([picture.declared_at] if picture.declared_at else [], picture):
        axes.axvline(at, color=_DECLARED, linewidth=1.4, linestyle="--")
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color="#e2ded5", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_times(axes: Any, picture: Picture) -> None:
    whole = _minutes(picture.end, picture)
    places = [whole * number / 6 for number in range(7)]
    clocks = [datetime.fromtimestamp(picture.begin.timestamp() + place * _MINUTE, UTC) for place in places]
    axes.set_xticks(places, [f"{at:%H:%M}" for at in clocks], fontsize=8)
    axes.set_xlim(0, whole)
    marks = ["UTC"]
    marks += ["dashed: declared"] if picture.declared_at and _inside([picture.declared_at], picture) else []
    marks += ["dotted: a change"] if _inside(picture.changes, picture) else []
    axes.set_xlabel(" · ".join(marks), fontsize=8, color=_QUIET)


def _minutes(at: datetime, picture: Picture) -> float:
    return (at - picture.begin).total_seconds() / _MINUTE


def _inside(instants: Sequence[datetime], picture: Picture) -> list[float]:
    return [_minutes(at, picture) for at in instants if picture.begin <= at <= picture.end]
