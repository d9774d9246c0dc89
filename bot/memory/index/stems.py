"""Text to stemmed words for the index; identifiers kept whole and split. Pure: the same text gives the same words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

MAX_CHARACTERS = 20_000  # longer texts are read up to here: a pasted log says what it says at its start
_CHUNK = re.compile(r"[^\W_]+(?:[-_.:/@$#*'’+]+[^\W_]+)*", re.UNICODE)
_MARKUP = re.compile(
    r"<(?:https?://|mailto:)[^>]*>|</?[a-zA-Z][^<>]{0,200}>|https?://\S+|(?<!\w):[a-z][a-z0-9_+-]*:(?!\w)"
)
_SEPARATORS = re.compile(r"[-_.:/@$#*+]+")
_CAMEL = re.compile(r"\d[xX]{2}(?![a-z])|[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+|\d+[a-z]{1,2}(?![a-z])|\d+|[^\W\d_]+")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?|\d{4}-\d{2}-\d{2}(?:t.*)?", re.IGNORECASE)
_VERBAL = ("edly", "ingly", "ing", "ed")
_VOWEL = re.compile(r"[aeiouy]")


class Token(NamedTuple):
    """One word of a text. `term` is the stem, `word` what was written; `whole` tokens stand for a split identifier."""

    term: str
    word: str
    whole: bool = False


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of `text` in order. A split identifier gives its parts and then itself whole."""
    return chain.from_iterable(map(split, chunks_of(text)))


def chunks_of(text: str) -> list[str]:
    """The runs of letters, digits and inner punctuation in `text`, which `split` makes tokens of."""
    plain = text[:MAX_CHARACTERS]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    if "<" in plain or ":" in plain:
        plain = _MARKUP.sub(" ", plain)
    return _CHUNK.findall(plain)


@lru_cache(maxsize=20_000)
def split(chunk: str) -> tuple[Token, ...]:
    """Tokens of one run of letters, digits and inner punctuation."""
    return split_anew(chunk)


def split_anew(chunk: str) -> tuple[Token, ...]:
    """As `split`, for who remembers what is made of them."""
    term = plain_stem(chunk)
    if term:
        return (Token(term, chunk),)  # as the rest would find
    if _CLOCK.fullmatch(chunk):
        return ()  # times of day and dates match by accident only
    word = chunk.replace("’", "'")
    if word.lower().endswith("'s"):
        word = word[:-2]
    word = word.replace("'", "")
    parts = [piece for bare in _SEPARATORS.split(word) for piece in _camel_parts(bare)]
    if len(parts) <= 1:
        return (Token(stem(word.lower()), chunk),)
    tokens = [Token(stem(part.lower()), chunk) for part in parts]
    joined = _SEPARATORS.sub("", word.lower())
    if len(parts) <= 12:  # beyond that it is a path or an ARN, and nobody writes that twice
        tokens.append(Token(stem(joined) if joined.isalpha() else joined, chunk, whole=True))
    return tuple(tokens)


def _camel_parts(bare: str) -> list[str]:
    """`5XXError` → 5XX, Error; `DynamoDB` → Dynamo, DB; words in one case stay whole."""
    if not bare:
        return []
    inner = bare[1:]
    if bare.isupper() or bare.islower() or inner.islower() or not any(c.isupper() for c in inner):
        return [bare]
    return _CAMEL.findall(bare)


def plain_stem(chunk: str) -> str:
    """The stem of a plain word, as most are: letters, of which the first alone may be large. Empty for what is more."""
    if chunk.isalpha():
        if chunk.islower():
            return _stem(chunk)
        if chunk[1:].islower():
            return _stem(chunk.lower())
    return ""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light English stem: plurals, -ed, -ing, -ly and a few noun endings go, so that forms of one word meet."""
    return _stem(word)


def _stem(word: str) -> str:
    if len(word) <= 3 or word[-1] not in _LAST or not word.isalpha() or not word.isascii():
        return word
    if word[-1] == "s":
        word = _strip_plural(word)
    if word.endswith(_VERBAL):
        for ending in _VERBAL:
            base = word.removesuffix(ending)
            if base != word and len(base) >= 3 and _VOWEL.search(base):
                word = _repair(base)
                break
    return _strip_noun_ending(word)


def _strip_plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _repair(base: str) -> str:
    """`stopp` → stop; `serv` and `serve` meet because a final e is dropped later."""
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
        return base[:-1]
    return base


_ENDINGS = (
    ("ization", "iz"),
    ("isation", "iz"),
    ("ational", "at"),
    ("ability", "abl"),
    ("ation", "at"),
    ("ition", "it"),
    ("ction", "ct"),
    ("ption", "pt"),
    ("ment", ""),
    ("ness", ""),
    ("ally", "al"),
    ("ly", ""),
    ("ise", "iz"),
    ("ize", "iz"),
    ("is", "iz"),
)


_LAST = frozenset("sdgyenlt")  # what all endings end with: no other word is looked at
_ANY_ENDING = tuple(ending for ending, _ in _ENDINGS)


def _strip_noun_ending(word: str) -> str:
    for ending, instead in _ENDINGS if word.endswith(_ANY_ENDING) else ():
        base = word.removesuffix(ending)
        if base != word and len(base) >= (3 if instead else 4):
            word = base + instead
            break
    if len(word) > 4 and word.endswith("y"):
        return word[:-1] + "i"
    if len(word) > 3 and word.endswith("e"):
        return word[:-1]
    return word
