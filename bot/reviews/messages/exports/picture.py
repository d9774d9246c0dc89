"""The picture of a timeline, as PNG or SVG. The library that draws is an extra, loaded only when one is asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import BadRequest
from bot.extras import NO_CHARTS, Extra
from bot.reviews.rules.chart import Band, Chart, Lane

_COLOURS = {
    **{"investigating": "#c0392b", "identified": "#d68910", "mitigated": "#2e86c1", "resolved": "#239b56"},
    **{"P0": "#7b1a1a", "P1": "#b4420e", "P2": "#d9a520", "P3": "#3d6487"},
}
_INK, _QUIET, _PAGE, _ACT, _FINDING = "#1d2330", "#5b6474", "#a4361c", "#1f5a99", "#44508a"
_TICKS = 7
_LONGEST_NAME = 24


def draw(chart: Chart, form: str) -> bytes:
    """The picture as `png` or `svg`; the same chart gives the same bytes. Raises BadRequest without the extra."""
    if not Extra.CHARTS.is_installed:
        raise BadRequest(NO_CHARTS)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    lanes = [*chart.pages, *chart.people, *([chart.findings] if chart.findings.at else [])]
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": chart.title, "svg.fonttype": "path", "font.family": "DejaVu Sans"}):
        canvas = Figure(figsize=(11, 1.7 + 0.34 * (len(lanes) + 2)), dpi=110, layout="constrained")
        axes = canvas.subplots()
        _draw_bands(axes, chart, len(lanes))
        _draw_lanes(axes, chart, lanes)
        _draw_axis(axes, chart, lanes)
        axes.set_title(_plain(chart.title, 90), fontsize=11, loc="left", color=_INK)
        canvas.savefig(out, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return out.getvalue()


def _minutes(at: datetime, chart: Chart) -> float:
    return (at - chart.since).total_seconds() / 60


def _plain(text: str, limit: int) -> str:
    """What people wrote, short and without what would be read as a formula."""
    return (f"{text[: limit - 1]}…" if len(text) > limit else text).replace("$", r"\$")


def _draw_bands(axes: Any, chart: Chart, top: int) -> None:
    """Status and severity above the lanes, each stretch with its name where there is room for it."""
    for place, bands in ((top + 1, chart.statuses), (top, chart.severities)):
        for band in bands:
            _draw_band(axes, chart, band, place)


def _draw_band(axes: Any, chart: Chart, band: Band, place: int) -> None:
    begin, end = _minutes(band.since, chart), _minutes(band.until, chart)
    axes.barh(place, end - begin, left=begin, height=0.72, color=_COLOURS.get(band.name, _QUIET), edgecolor="white")
    if (end - begin) > _minutes(chart.until, chart) * 0.009 * len(band.name):
        axes.text((begin + end) / 2, place, band.name, ha="center", va="center", color="white", fontsize=8)


def _draw_lanes(axes: Any, chart: Chart, lanes: Sequence[Lane]) -> None:
    for index, lane in enumerate(lanes):
        place = len(lanes) - 1 - index
        axes.axhline(place, color="#e2ded5", linewidth=0.8, zorder=0)
        page, finding = index < len(chart.pages), lane is chart.findings
        marker, colour = ("v", _PAGE) if page else ("D", _FINDING) if finding else ("o", _ACT)
        axes.scatter([_minutes(at, chart) for at in lane.at], [place] * len(lane.at), s=26, marker=marker, color=colour)


def _draw_axis(axes: Any, chart: Chart, lanes: Sequence[Lane]) -> None:
    names = [f"paged: {lane.name}" if at < len(chart.pages) else lane.name for at, lane in enumerate(lanes)]
    rows = ["status", "severity", *names]
    axes.set_yticks(range(len(rows) - 1, -1, -1), [_plain(name, _LONGEST_NAME + 7) for name in rows], fontsize=8)
    whole = _minutes(chart.until, chart)
    places = [whole * number / (_TICKS - 1) for number in range(_TICKS)]
    axes.set_xticks(places, [_clock(chart, place) for place in places], fontsize=8)
    axes.set_xlim(-whole * 0.01, whole * 1.01)
    axes.set_ylim(-0.7, len(rows) - 0.4)
    axes.set_xlabel("UTC", fontsize=8, color=_QUIET)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _clock(chart: Chart, minutes: float) -> str:
    """`14:30`, with the day where the picture goes over several."""
    at = (chart.since + timedelta(minutes=minutes)).astimezone(UTC)
    one_day = chart.since.astimezone(UTC).date() == chart.until.astimezone(UTC).date()
    return f"{at:%H:%M}" if one_day else f"{at:%d %b %H:%M}"
