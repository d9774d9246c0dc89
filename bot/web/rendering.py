"""Reviews and short notices as HTML pages (Jinja2, everything escaped). Knows no request, no database, no clock."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.reviews.rules.document import Line, Nature, Review
from bot.reviews.rules.renderings import standing, web_address
from bot.slack.text import unturned
from bot.text.wording import instant


@functools.cache
def _style() -> str:
    """The style sheet, put inline into every page so that a saved or printed page stands alone."""
    return resources.files("bot.web").joinpath("static/page.css").read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_straight,
    )
    environment.filters["instant"] = instant
    environment.filters["web_address"] = web_address
    environment.globals["style"] = Markup(_style())  # our own file, no text of people
    return environment


def _straight(value: Any) -> Any:
    """What a template puts out, without marks that turn the direction of the text around them; markup stays markup."""
    if isinstance(value, Markup):
        return Markup(unturned(value))  # taking characters away makes no element of what was none
    return unturned(value) if isinstance(value, str) else value


def style_source() -> str:
    """What a Content-Security-Policy must name in `style-src` so that the inline style, and no other, is applied."""
    digest = hashlib.sha256(_style().encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


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
        "on_page": {one.entry_id for line in review.section("timeline").lines for one in line.origins},
    }


def render(template: str, **context: Any) -> str:
    """A page from its template."""
    return _environment().get_template(template).render(**context)


def render_notice_html(title: str, sentences: tuple[str, ...]) -> str:
    """A short page that says one thing: not found, link expired, no key set."""
    return _environment().get_template("notice.html").render(title=title, sentences=sentences)


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
