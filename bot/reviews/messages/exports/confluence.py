"""The review in Confluence's storage format: XHTML with Atlassian's macros, as its REST API and source editor take it.

https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from bot.reviews.messages.exports.parts import ACTIONS, PAIRS, TIMELINE, is_done, lead, source, tail
from bot.reviews.messages.renderings import standing
from bot.reviews.rules.document import Line, Nature, Review, Section
from bot.severity.rules import Severity

_COLOURS = {Severity.P0: "Red", Severity.P1: "Red", Severity.P2: "Yellow", Severity.P3: "Blue"}
# What XML 1.0 has no place for: controls, lone surrogates, and the two characters that are none.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FOLDED = frozenset({"figures", "escalations", "similar"})  # sections that open on a press


def to_confluence(review: Review) -> str:
    """A page's body in storage format; well-formed once a root declares the prefixes `ac` and `ri`."""
    status = _macro(
        "status", f"{_parameter('colour', _COLOURS[review.severity])}{_parameter('title', review.severity)}"
    )
    parts = [
        f"<p>{status} <strong>{_text(f'{review.ref}: {review.title}')}</strong></p>",
        _macro("info", f"<ac:rich-text-body><p>{_text(standing(review))}</p></ac:rich-text-body>"),
        _macro("toc", _parameter("maxLevel", "2")),
    ]
    return "\n".join([*parts, *(_section(section) for section in review.sections)]) + "\n"


def _macro(name: str, body: str) -> str:
    return f'<ac:structured-macro ac:name="{name}" ac:schema-version="1">{body}</ac:structured-macro>'


def _parameter(name: str, value: str) -> str:
    return f'<ac:parameter ac:name="{name}">{_text(value)}</ac:parameter>'


def _text(words: str) -> str:
    """Escaped, each line after the first broken where it was, its indentation kept."""
    lines = _NO_XML.sub("", words).split("\n")
    kept = ("\u00a0" * (len(line) - len(line.lstrip(" "))) + line.lstrip(" ") for line in lines)
    return "<br />".join(escape(line) for line in kept)


def _section(section: Section) -> str:
    note = f"<p><em>{_text(section.note)}</em></p>" if section.note else ""
    body = note + _body(section)
    if section.name in _FOLDED:
        body = _macro("expand", f"{_parameter('title', 'Show')}<ac:rich-text-body>{body}</ac:rich-text-body>")
    return f"<h2>{_text(section.title)}</h2>\n{body}"


def _body(section: Section) -> str:
    if not section.lines:
        return ""
    if section.name == ACTIONS:
        return _tasks(section.lines)
    if section.name == TIMELINE:
        return _table((_linked(line.clock or "", source(line)), _words(line)) for line in section.lines)
    if section.name in PAIRS:
        return _table(
            (f"<strong>{_text(line.label or '')}</strong>", _words(line, led=False)) for line in section.lines
        )
    return f"<ul>{''.join(f'<li>{_words(line)}</li>' for line in section.lines)}</ul>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{first}</th><td>{second}</td></tr>" for first, second in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def _linked(words: str, link: str | None) -> str:
    return f"<a href={quoteattr(_NO_XML.sub('', link))}>{_text(words)}</a>" if link else _text(words)


def _words(line: Line, *, led: bool = True) -> str:
    ahead = f"<strong>{_text(lead(line))}</strong>: " if led and lead(line) else ""
    text = f"<em>{_text(line.text)}</em>" if line.nature is Nature.ASKED else _text(line.text)
    behind = f" <em>{_text(tail(line))}</em>" if tail(line) else ""
    key = "<strong>★</strong> " if line.key else ""
    return f"{key}{ahead}{text}{behind}"


def _tasks(lines: Sequence[Line]) -> str:
    """Agreed items as tasks that can be ticked; proposals and questions as a list below."""
    agreed = [line for line in lines if line.nature is Nature.RECORDED]
    others = [line for line in lines if line.nature is not Nature.RECORDED]
    tasks = "".join(
        f"<ac:task><ac:task-id>{number}</ac:task-id>"
        f"<ac:task-status>{'complete' if is_done(line) else 'incomplete'}</ac:task-status>"
        f"<ac:task-body><span>{_words(line)}</span></ac:task-body></ac:task>"
        for number, line in enumerate(agreed, 1)
    )
    listed = f"<ul>{''.join(f'<li>{_words(line)}</li>' for line in others)}</ul>" if others else ""
    return (f"<ac:task-list>{tasks}</ac:task-list>" if tasks else "") + listed
