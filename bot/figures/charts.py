"""Pictures of figures, as PNG. The library that draws is an extra and is loaded only when a picture is asked for."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.errors import BadRequest
from bot.extras import NO_CHARTS, Extra
from bot.figures.rules.agreement import LABELS
from bot.figures.rules.definitions import RESOLVE
from bot.figures.rules.report import Bucket, Report


def draw_confusion(figures: dict[str, Any], title: str, path: Path) -> None:
    """The judged severity against what people said, from the figures of `domain.agreement`; overrides by row beside it.

    Raises BadRequest where the library is missing or the file cannot be written.
    """
    if not Extra.CHARTS.is_installed:
        raise BadRequest(NO_CHARTS)
    from matplotlib.figure import Figure  # an extra: most installations never draw

    figure = Figure(figsize=(11, 5), dpi=130, layout="constrained")
    table, rows = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_table(table, figures["confusion"])
    _draw_rows(rows, [row for row in figures["rows"] if row["decided"]][:12])
    figure.suptitle(title, fontsize=12)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    write_picture(path, out.getvalue())


def write_picture(path: Path, content: bytes) -> None:
    """Raises BadRequest where the file cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadRequest(f"{path} cannot be written: {error.strerror}.") from None


def _draw_table(axes: Any, confusion: dict[str, dict[str, int]]) -> None:
    counts = [[confusion[judged][said] for said in LABELS] for judged in LABELS]
    most = max(max(row) for row in counts)
    axes.imshow(counts, cmap="Blues", vmin=0, vmax=max(most, 1))
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set_xlabel("people say")
    axes.set_ylabel("judged")
    axes.set_title("Reports by judged and decided severity", fontsize=10)
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            weight = "bold" if x == y else "normal"
            axes.text(
                x, y, count, ha="center", va="center", color="white" if count > most / 2 else "black", weight=weight
            )


def _draw_rows(axes: Any, rows: list[dict[str, Any]]) -> None:
    axes.set_title("Rows of the matrix: decided by people, and otherwise", fontsize=10)
    if not rows:
        axes.text(0.5, 0.5, "nothing decided yet", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    names = [row["row"][:28] for row in rows]
    axes.barh(names, [row["decided"] for row in rows], color="#c6dbef", label="decided")
    axes.barh(names, [row["overridden"] for row in rows], color="#cb4335", label="otherwise than judged")
    axes.invert_yaxis()
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower right", fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def draw_report(report: Report, buckets: Sequence[Bucket], by: str, hours: Mapping[tuple[int, int], int]) -> bytes:
    """A PNG: incidents and the time to resolve by bucket, by severity against targets, and pages by hour.

    `hours` are pages by (weekday, hour), 0 being Monday. Raises BadRequest where the library is missing.
    """
    if not Extra.CHARTS.is_installed:
        raise BadRequest(NO_CHARTS)
    from matplotlib.figure import Figure as Canvas  # an extra: most installations never draw

    canvas = Canvas(figsize=(11, 10), dpi=110, layout="constrained")
    incidents, resolve, severities, heat = canvas.subplots(4, 1, height_ratios=(1, 1, 0.8, 1.1))
    _draw_counts(incidents, buckets, by)
    _draw_medians(resolve, buckets, by)
    _draw_severities(severities, report)
    _draw_hours(heat, hours, report.zone)
    canvas.suptitle(f"Figures: {report.title}", fontsize=13)
    out = io.BytesIO()
    canvas.savefig(out, format="png")
    return out.getvalue()


def _draw_counts(axes: Any, buckets: Sequence[Bucket], by: str) -> None:
    axes.set_title(f"Incidents by {by}", fontsize=10, loc="left")
    if not _place(axes, buckets):
        return
    axes.bar(range(len(buckets)), [bucket.incidents for bucket in buckets], color="#3d6487")
    axes.yaxis.get_major_locator().set_params(integer=True)


def _draw_medians(axes: Any, buckets: Sequence[Bucket], by: str) -> None:
    """The median of five or more; of fewer each value is a point."""
    axes.set_title(
        f"Time to resolve by {by}, minutes: median and 90th percentile; few are points", fontsize=10, loc="left"
    )
    if not _place(axes, buckets):
        return
    many = [(at, each.resolve) for at, each in enumerate(buckets) if each.resolve.median is not None]
    few = [(at, value / 60) for at, each in enumerate(buckets) for value in each.resolve.values]
    axes.bar([at for at, _ in many], [(spread.p90 or 0) / 60 for _, spread in many], color="#e2d3c3", label="p90")
    axes.bar([at for at, _ in many], [(spread.median or 0) / 60 for _, spread in many], color="#a4361c", label="median")
    axes.scatter([at for at, _ in few], [value for _, value in few], color="#a4361c", s=18, zorder=3)
    axes.set_ylim(bottom=0)
    if many:
        axes.legend(loc="upper left", fontsize=8, frameon=False)


def _place(axes: Any, buckets: Sequence[Bucket]) -> bool:
    """The names under the axis, as many as there is room for; False where there is nothing to draw."""
    axes.spines[["top", "right"]].set_visible(False)
    if not buckets:
        axes.text(0.5, 0.5, "no incidents", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return False
    every = -(-len(buckets) // 14)
    shown = range(0, len(buckets), every)
    axes.set_xticks(list(shown), [_plain(buckets[at].name) for at in shown], fontsize=8)
    axes.set_xlim(-0.6, len(buckets) - 0.4)
    return True


def _plain(name: str) -> str:
    """A name that people wrote, short and without what would be read as a formula."""
    return name[:14].replace("$", r"\$")


def _draw_severities(axes: Any, report: Report) -> None:
    axes.set_title("Time to resolve by severity, minutes; the line is the target", fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    figures = [figure for figure in report.of(RESOLVE) if figure.of]
    for at, figure in enumerate(figures):
        if figure.median is not None:
            axes.barh(at, figure.median / 60, color="#3d6487", height=0.6)
        axes.scatter([value / 60 for value in figure.values], [at] * len(figure.values), color="#3d6487", s=18)
        if figure.target is not None:
            axes.plot([figure.target / 60] * 2, [at - 0.4, at + 0.4], color="#a4361c", linewidth=2)
    axes.set_yticks(range(len(figures)), [f"{figure.of} ({figure.count:,})" for figure in figures])
    axes.set_xlim(left=0)
    axes.invert_yaxis()


def _draw_hours(axes: Any, hours: Mapping[tuple[int, int], int], zone: str) -> None:
    axes.set_title(f"Pages by weekday and hour, {zone}", fontsize=10, loc="left")
    grid = [[hours.get((day, hour), 0) for hour in range(24)] for day in range(7)]
    most = max(max(row) for row in grid)
    axes.imshow(grid, cmap="Oranges", vmin=0, vmax=max(most, 1), aspect="auto")
    axes.set_yticks(range(7), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    axes.set_xticks(range(24), [f"{hour:02}" for hour in range(24)], fontsize=8)
    for day, row in enumerate(grid):
        for hour, count in enumerate(row):
            if count:
                color = "white" if count > most / 2 else "black"
                axes.text(hour, day, count, ha="center", va="center", fontsize=8, color=color)
