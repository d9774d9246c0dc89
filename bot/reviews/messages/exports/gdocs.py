"""The review as the HTML that Google Docs keeps when it opens a file: headings, tables, lists, links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from bot.reviews.messages.exports.parts import ACTIONS, PAIRS, TIMELINE, lead, source, tail
from bot.reviews.messages.renderings import standing
from bot.reviews.rules.document import Line, Nature, Review, Section

_HEAD = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{}</title></head>\n<body>\n'
_CELL = 'style="vertical-align: top; padding: 4pt; border: 1px solid #cccccc"'
_LONE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def to_gdocs(review: Review) -> str:
    """A whole document: upload it to Drive and open it with Google Docs, or paste what a browser shows of it."""
    title = f"Post-incident review: {review.ref}"
    parts = [
        f"<h1>{_text(title)}</h1>",
        f"<p><b>{_text(f'{review.severity} · {review.title}')}</b></p>",
        f"<p><i>{_text(standing(review))}</i></p>",
        *map(_section, review.sections),
    ]
    return _HEAD.format(_text(title)) + "\n".join(parts) + "\n</body></html>\n"


def _text(words: str) -> str:
    """Escaped, each line after the first broken where it was, its indentation kept."""
    lines = _LONE.sub("", words).split("\n")
    kept = ("\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines)
    return "<br>".join(escape(line) for line in kept)


def _section(section: Section) -> str:
    note = f"<p><i>{_text(section.note)}</i></p>\n" if section.note else ""
    return f"<h2>{_text(section.title)}</h2>\n{note}{_body(section)}"


def _body(section: Section) -> str:
    if not section.lines:
        return ""
    if section.name == TIMELINE:
        return _table((_linked(line.clock or "", source(line)), _words(line)) for line in section.lines)
    if section.name in PAIRS:
        return _table((f"<b>{_text(line.label or '')}</b>", _words(line, led=False)) for line in section.lines)
    kind = "ol" if section.name == ACTIONS else "ul"
    return f"<{kind}>{''.join(f'<li>{_words(line)}</li>' for line in section.lines)}</{kind}>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td {_CELL}>{first}</td><td {_CELL}>{second}</td></tr>" for first, second in rows)
    return f'<table style="border-collapse: collapse">{cells}</table>'


def _linked(words: str, link: str | None) -> str:
    return f'<a href="{escape(link)}">{_text(words)}</a>' if link else _text(words)


def _words(line: Line, *, led: bool = True) -> str:
    ahead = f"<b>{_text(lead(line))}</b>: " if led and lead(line) else ""
    text = f"<i>{_text(line.text)}</i>" if line.nature is Nature.ASKED else _text(line.text)
    behind = f" <i>{_text(tail(line))}</i>" if tail(line) else ""
    return f"{'<b>★</b> ' if line.key else ''}{ahead}{text}{behind}"
