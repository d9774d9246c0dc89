"""Reviews and short notices as HTML pages (Jinja2, everything escaped). Knows no request, no database, no clock."""

from __future__ import annotations

from bot.domain.review import Review


def render_review_html(review: Review) -> str:
    """The review as one self-contained HTML page: inline style, no script, nothing fetched."""
    raise NotImplementedError


def render_notice_html(title: str, sentences: tuple[str, ...]) -> str:
    """A short page that says one thing: not found, link expired, no key set."""
    raise NotImplementedError
