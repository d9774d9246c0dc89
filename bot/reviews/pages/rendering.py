"""A review as an HTML page. Knows no request, no database, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.reviews.rules.document import Line, Nature, Review
from bot.reviews.rules.renderings import standing
from bot.web.rendering import render


def render_review_html(review: Review) -> str:
    """The review as one self-contained HTML page: inline style, no script, nothing fetched."""
    return render("review.html", **review_context(review))


def review_context(review: Review) -> dict[str, Any]:
    """What the templates of a review need to know."""
    return {
        "review": review,
        "standing": standing(review),
        "headline": _headline(review),
        "missing": sum(line.nature is Nature.ASKED for line in review.section("gaps").lines),
        "on_page": {one.entry_id for line in review.section("timeline").lines for one in line.entries},
    }


@dataclass(frozen=True, slots=True)
class _Tile:
    """One figure at the top of the page: the value large, the rest of its line below."""

    label: str
    value: str
    detail: str
    met: bool | None


def _headline(review: Review) -> list[_Tile]:
    """The figures a reader looks for first: how long, and against which targets."""
    lines = [line for line in review.section("summary").lines if line.label == "Duration"]
    lines += [line for line in review.section("figures").lines if line.label and line.label.startswith("Time to")]
    return [_tile(line) for line in lines]


def _tile(line: Line) -> _Tile:
    value, *rest = re.split(r"; | by | after |, open for | \(", line.text, maxsplit=1)
    detail = line.text[len(value) :].strip(" ;,").removeprefix("(").removesuffix(")") if rest else ""
    return _Tile(line.label or "", value[:1].upper() + value[1:], detail, line.met)
