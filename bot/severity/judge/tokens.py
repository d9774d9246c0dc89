"""A message as tokens that remember where they stood.

Slack markup, identifiers, numbers and contractions are understood here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.severity.judge.vocabulary.phrases import BRANDS

LENGTH_JUDGED = 1200  # characters; what stands later in a message is not read, so that time is bounded

_TOKEN = re.compile(
    r"(?P<markup><[@!#][^>\s]{0,80}>|<?https?://[^\s>|]{1,300}(?:\|[^>]{0,200})?>?)"
    r"|(?P<emoji>:[a-z0-9_+\-]{2,40}:)"
    r"|(?P<escape>&(?:gt|lt|amp);)"
    r"|(?P<money>[$€£]\s?\d[\d.,]*\s?[kKmM]?\b|\d[\d.,]*\s?[kKmM]?\s?(?:[$€£]|(?:usd|eur|gbp|dollars?|euros?)\b))"
    r"|(?P<percent>\d+(?:[.,]\d+)?\s?(?:%|percent\b|per cent\b|pct\b))"
    r"|(?P<ratio>\d[\d,]*\s?(?:/|of|out of)\s?\d[\d,]*(?![\d/.%]))"
    r"|(?P<number>\d+(?:[.,:]\d+)*(?:[kKmM]\b)?)"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)"
    r"|(?P<stop>[.!?;,\n(){}\[\]—–|…]+|->|→|\s-\s)"
    r"|(?P<other>[^\s])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_BRANDS = frozenset(BRANDS.split())
_NOT = {
    "can": "cant",
    "could": "cant",
    "does": "dont",
    "do": "dont",
    "did": "dont",
    "is": "isnt",
    "are": "isnt",
    "was": "isnt",
    "were": "isnt",
    "will": "wont",
    "would": "wont",
    "has": "hasnt",
    "have": "hasnt",
    "had": "hasnt",
}
_CONTRACTED = {
    "can't": "cant",
    "cannot": "cant",
    "cant": "cant",
    "couldn't": "cant",
    "couldnt": "cant",
    "doesn't": "dont",
    "doesnt": "dont",
    "don't": "dont",
    "dont": "dont",
    "didn't": "dont",
    "didnt": "dont",
    "isn't": "isnt",
    "isnt": "isnt",
    "aren't": "isnt",
    "arent": "isnt",
    "wasn't": "isnt",
    "wasnt": "isnt",
    "weren't": "isnt",
    "werent": "isnt",
    "ain't": "isnt",
    "won't": "wont",
    "wont": "wont",
    "wouldn't": "wont",
    "wouldnt": "wont",
    "hasn't": "hasnt",
    "hasnt": "hasnt",
    "haven't": "hasnt",
    "havent": "hasnt",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark of the message. `text` is normalised, `kind` the group of the pattern that read it."""

    text: str
    kind: str
    start: int
    end: int


def read(message: str) -> list[Token]:
    """Tokens of the first `LENGTH_JUDGED` characters, in order; spans point into `message`."""
    found: list[Token] = []
    for match in _TOKEN.finditer(message[:LENGTH_JUDGED]):
        kind = match.lastgroup or "other"
        start, end = match.span()
        if kind == "word":
            found.extend(_words(match.group(), start))
        elif match.group() == "-" and start > 0 and message[start - 1].isalnum() and message[end : end + 1].isalnum():
            continue  # sign-in is sign in
        elif kind == "escape":
            found.append(Token({"&gt;": ">", "&lt;": "<", "&amp;": "&"}[match.group().lower()], "other", start, end))
        else:
            found.append(Token(match.group().lower().strip(), kind, start, end))
    return _joined(found)


def _words(word: str, start: int) -> list[Token]:
    """One token per word, and one per part of an identifier such as `HealthyHostCount`."""
    parts = (
        list(_CAMEL.finditer(word))
        if word.isascii() and not (word.islower() or word.isupper() or word.istitle())
        else []
    )
    if len(parts) > 1 and len(parts[0].group()) > 1 and "'" not in word and word.lower() not in _BRANDS:
        return [Token(part.group().lower(), "word", start + part.start(), start + part.end()) for part in parts]
    text = word.lower().replace("’", "'")
    return [Token(_CONTRACTED.get(text, text), "word", start, start + len(word))]


def _joined(found: list[Token]) -> list[Token]:
    """`does not` and `doesn't` become the same token."""
    joined: list[Token] = []
    for token in found:
        if token.text == "not" and joined and joined[-1].text in _NOT:
            before = joined.pop()
            joined.append(Token(_NOT[before.text], "word", before.start, token.end))
        else:
            joined.append(token)
    return joined
