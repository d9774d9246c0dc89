"""The beginning of a Markdown section as one plain line, for places where there is room for no more."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark")


def opening(markdown: str, limit: int = 160) -> str:
    """The first words of `markdown`, at most `limit` characters; whole sentences where they fit."""
    pieces = [
        "".join(_words(child) for child in token.children).strip()
        for token in _markdown().parse(markdown)
        if token.type == "inline" and token.children
    ]
    text = " ".join(" ".join(pieces).split())
    if len(text) <= limit:
        return text
    cut = text[:limit]
    end = max(cut.rfind(mark) for mark in (". ", "; "))
    return cut[: end + 1].rstrip("; ") if end > limit // 2 else cut[:-1].rsplit(" ", 1)[0] + "…"


def _words(token: Token) -> str:
    return " " if token.type in ("softbreak", "hardbreak") else token.content
