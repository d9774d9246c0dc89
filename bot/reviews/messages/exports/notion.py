"""The review as the Markdown that Notion imports: tables, to-dos, and no HTML, which it would show as text."""

from __future__ import annotations

import re
import unicodedata

from bot.reviews.messages.exports.parts import ACTIONS, PAIRS, TIMELINE, is_done, lead, source, tail
from bot.reviews.messages.renderings import standing
from bot.reviews.rules.document import Line, Nature, Review, Section

# Everything that Markdown gives a meaning to; a backslash takes it, where an entity would be shown as it is written.
_MARKS = re.compile(r"([\\`*_\[\]<>#+\-.)!|~$&=])")
_AHEAD = frozenset("+-=.)")  # these mean something at the beginning of a line only
_MENTION = re.compile(r"(?<![\w.+-])@(?=\w)")
_LONE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def to_notion(review: Review) -> str:
    """Markdown for Notion's import, or to be pasted into a page; nothing in it mentions anybody."""
    parts = [
        f"# Post-incident review: {_text(review.ref)}",
        f"**{_text(f'{review.severity} · {review.title}')}**",
        f"> {_text(standing(review))}",
        *map(_section, review.sections),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(words: str) -> str:
    """One line of words, escaped: what only begins lines is left alone elsewhere, as nobody reads `3\\-4`."""
    words = " ".join(_LONE.sub("", words).split())
    escaped = _MARKS.sub(lambda found: _escaped(words, found), words)
    escaped = _MENTION.sub("@\u200b", escaped)
    if any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in words):
        return f"\u2068{escaped}\u2069"
    return escaped


def _escaped(words: str, found: re.Match[str]) -> str:
    mark, ahead = found[1], words[: found.start()]
    if mark in _AHEAD and ahead and not (ahead.isdigit() and mark in ".)"):
        return mark
    return f"\\{mark}"


def _lines(words: str) -> str:
    """Several lines as one that breaks where they did."""
    return "  \n  ".join(_text(line) for line in words.split("\n"))


def _section(section: Section) -> str:
    note = f"_{_text(section.note)}_" if section.note else ""
    return "\n\n".join(part for part in (f"## {section.title}", note, _body(section)) if part)


def _body(section: Section) -> str:
    if section.name in PAIRS and section.lines and not any("\n" in line.text for line in section.lines):
        rows = (f"| **{_text(line.label or '')}** | {_words(line, led=False)} |" for line in section.lines)
        return "\n".join(("|  |  |", "| --- | --- |", *rows))
    if section.name == ACTIONS:
        return "\n".join(_item(line) for line in section.lines)
    return "\n".join(f"- {_clock(line) if section.name == TIMELINE else ''}{_words(line)}" for line in section.lines)


def _item(line: Line) -> str:
    """An agreed item as a to-do; proposals and questions as points."""
    if line.nature is not Nature.RECORDED:
        return f"- {_words(line)}"
    return f"- [{'x' if is_done(line) else ' '}] {_words(line)}"


def _clock(line: Line) -> str:
    words, link = _text(line.clock or ""), source(line)
    return f"[{words}]({link}) " if link else f"{words} "


def _words(line: Line, *, led: bool = True) -> str:
    ahead = f"**{_text(lead(line))}:** " if led and lead(line) else ""
    behind = f" _{_text(tail(line))}_" if tail(line) else ""
    return f"{'★ ' if line.key else ''}{ahead}{_lines(line.text)}{behind}"
