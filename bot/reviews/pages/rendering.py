"""A review as an HTML page. Knows no request, no database, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.reviews.messages.renderings import settled, standing
from bot.reviews.messages.sections.summary import EXECUTIVE
from bot.reviews.rules.document import Line, Nature, Review, Section
from bot.web.rendering import render


def render_review_html(review: Review) -> str:
    """The review as one self-contained HTML page: inline style, no script, nothing fetched."""
    return render("review.html", **review_context(review))


def review_context(review: Review) -> dict[str, Any]:
    """What the templates of a review need to know."""
    review = settled(review)
    return {
        "review": review,
        "standing": standing(review),
        "headline": _headline(review),
        "missing": _missing(review),
        "on_page": {one.entry_id for line in review.section("timeline").lines for one in line.entries},
    }


def _missing(review: Review) -> dict[str, str]:
    """What is still to be recorded, by its label or its section's title, with the section that asks for it."""
    return {
        line.label or _unlabelled(line, section): section.name
        for section in review.sections
        if section.name != EXECUTIVE
        for line in section.lines
        if line.nature is Nature.ASKED
    }


def _unlabelled(line: Line, section: Section) -> str:
    """Of the gaps what they say is missing; of free lines the title of their section."""
    asked = re.fullmatch(r"Nobody recorded (.+)\.", line.text)
    return asked[1] if asked else section.title


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
