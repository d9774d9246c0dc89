"""Why a report was judged as it was: the few words that decided, in the sentence in which they stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.severity.rules import Judgement
from bot.slack.text import plain, shorten
from bot.text.markup import plain_text

_WORDS = 4  # pieces of evidence shown; more is not read at 3 AM
_SENTENCES = 2
_LONGEST_SENTENCE = 160  # characters
_LONGEST_ROW = 300  # characters of a sentence of the matrix
_LEAD = 40  # characters before the first of the words, where a sentence is cut
_ENDS = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")
_BEGIN, _END = "\ue000", "\ue001"  # stand for the marks of bold until the rest is safe to show

Span = tuple[int, int]


def reasons(text: str, judgement: Judgement) -> list[str]:
    """Lines of markup: the sentences of `text` that decided, their words in bold, and the row of the matrix.

    Words that are not in the text as it is kept, because a secret was masked there, are quoted by themselves.
    """
    row = plain(shorten(judgement.row, _LONGEST_ROW))
    row = row if not row or row.endswith((".", "!", "?", "…")) else f"{row}."
    words = [" ".join(plain_text(item.text).split()) for item in judgement.evidence[:_WORDS]]
    words = [word for word in words if word]
    quoted = _quoted(plain_text(text), words)
    if quoted:
        return [f"> {quoted}", *([row] if row else [])]
    listed = ", ".join(f"“{plain(shorten(word, 80))}”" for word in words)
    return [line for line in (f"> {listed}" if listed else "", row) if line]


def _quoted(text: str, words: Sequence[str]) -> str:
    """The sentences that hold most of the words, in their order; empty where none of the words is found."""
    sentences = [" ".join(part.split()) for part in _ENDS.split(text)]
    found = [(place, sentence, _spans(sentence, words)) for place, sentence in enumerate(sentences) if sentence]
    weighed = [(_weight(sentence, words), place, sentence, spans) for place, sentence, spans in found if spans]
    best = sorted(weighed, key=lambda each: (-each[0], each[1]))
    covered: set[str] = set()
    chosen: list[tuple[int, str]] = []
    for _, place, sentence, spans in best:
        held = {word for word in words if _spans(sentence, [word])}
        if held - covered and len(chosen) < _SENTENCES:
            covered |= held
            chosen.append((place, _marked(sentence, spans)))
    return " ".join(shown for _, shown in sorted(chosen))


def _weight(sentence: str, words: Sequence[str]) -> float:
    """More for the words that come first in the evidence: those decided most."""
    return sum(1 / (1 + place) for place, word in enumerate(words) if _spans(sentence, [word]))


def _spans(sentence: str, words: Sequence[str]) -> list[Span]:
    """Where the words stand, each once and at its first place; what overlaps or follows directly is one span."""
    found = []
    for word in words:
        match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", sentence, re.IGNORECASE)
        if match:
            found.append(match.span())
    merged: list[Span] = []
    for start, end in sorted(found):
        if merged and not sentence[merged[-1][1] : start].strip():
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _marked(sentence: str, spans: Sequence[Span]) -> str:
    """The sentence as markup, cut around the words where it is long, with the words in bold."""
    first, last = 0, len(sentence)
    if last > _LONGEST_SENTENCE:
        first = max(0, min(spans[0][0] - _LEAD, last - _LONGEST_SENTENCE))
        first = sentence.find(" ", first, spans[0][0]) + 1 if first else 0
        last = min(last, first + _LONGEST_SENTENCE)
    shown, at = [], first
    for start, end in spans:
        end = min(end, last)
        if start < end:
            shown += [sentence[at:start], _BEGIN, sentence[start:end], _END]
            at = end
    shown.append(sentence[at:last])
    # A star of the person's own would pair with one of ours.
    marked = plain("".join(shown).replace("*", "\u2217")).replace(_BEGIN, "*").replace(_END, "*")
    return ("…" if first else "") + marked + ("…" if last < len(sentence) else "")
