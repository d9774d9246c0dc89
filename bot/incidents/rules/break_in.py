"""Whether words smell of a break-in: phrases of the policy, matched word by word. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_GAP = ".."  # in a phrase: up to four words of any kind
_ANY_WORDS = r"(?:\w+ ){0,4}"


def is_phrase(phrase: str) -> bool:
    """Whether it is words, `one/other` and `begin*` among them, with `..` for a few words between."""
    parts = phrase.lower().split()
    words = [part for part in parts if part != _GAP]
    fits = all(re.fullmatch(r"[a-z0-9]+\*?(/[a-z0-9]+\*?)*", word) for word in words)
    return bool(words) and fits and parts[0] != _GAP and parts[-1] != _GAP


def smells_of_break_in(text: str, phrases: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """True where one of `phrases` is in the text once those of `unless` are taken out of it."""
    said = _plain(text)
    for phrase in unless:
        said = re.sub(_pattern(phrase), " | ", said)
    return any(re.search(_pattern(phrase), said) for phrase in phrases)


def _plain(text: str) -> str:
    """The words in lower case with a space around each; apostrophes are left out and sentences kept apart by `|`."""
    lower = unicodedata.normalize("NFKD", text).lower().replace("’", "").replace("'", "")
    apart = re.sub(r"[.!?;](?= |$)|\n", " | ", lower)
    return f" {re.sub(r'[^a-z0-9|]+', ' ', apart)} "


def _pattern(phrase: str) -> str:
    parts = (_ANY_WORDS if part == _GAP else _word(part) for part in phrase.lower().split())
    return " " + "".join(parts).removesuffix(" ") + r"(?= )"


def _word(part: str) -> str:
    either = "|".join(re.escape(one).replace(r"\*", r"\w*") for one in part.split("/"))
    return f"(?:{either}) "
