"""Pictures of figures, as PNG. The library that draws is an extra and is loaded only when a picture is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.errors import BadRequest
from bot.figures.rules.agreement import LABELS

_MISSING = "Pictures need matplotlib. Install it with `pip install 'tocsin[charts]'`."


def draw_confusion(figures: dict[str, Any], title: str, path: Path) -> None:
    """The judged severity against what people said, from the figures of `domain.agreement`; overrides by row beside it.

    Raises BadRequest where the library is missing or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure  # an extra: most installations never draw
    except ImportError:
        raise BadRequest(_MISSING) from None
    figure = Figure(figsize=(11, 5), dpi=130, layout="constrained")
    table, rows = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_table(table, figures["confusion"])
    _draw_rows(rows, [row for row in figures["rows"] if row["decided"]][:12])
    figure.suptitle(title, fontsize=12)
    try:
        figure.savefig(path, format="png")
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
