"""Whether words smell of a break-in: phrases and signs of the policy, matched word by word. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_GAP = ".."  # in a phrase: up to four words of any kind
_READ = 4000  # characters of a text; who reports a break-in says so before that
_LONGEST = 45  # words; a longer sentence has a bit of everything, as a log line has
_FULL = 5  # acts and things in a sentence that is full of them
_ANY_WORDS = r"(?:\w+ ){0,4}"


def is_phrase(phrase: str) -> bool:
    """Whether it is words, `one/other` and `begin*` among them, with `..` for a few words between."""
    parts = phrase.lower().split()
    words = [part for part in parts if part != _GAP]
    fits = all(re.fullmatch(r"[a-z0-9]+\*?(/[a-z0-9]+\*?)*", word) for word in words)
    return bool(words) and fits and parts[0] != _GAP and parts[-1] != _GAP


def smells_of_break_in(text: str, phrases: Iterable[str], unless: Iterable[str] = ()) -> bool:
    """True where one of `phrases` is in the text once those of `unless` are taken out of it."""
    said = _without(_plain(text), unless)
    return any(re.search(_pattern(phrase), said) for phrase in phrases)


def _without(said: str, unless: Iterable[str]) -> str:
    """What is left when those phrases are taken out, each as a sentence ends."""
    for phrase in unless:
        said = re.sub(_pattern(phrase), " | ", said)
    return said


@dataclass(frozen=True, slots=True)
class Signs:
    """Phrases of what makes a break-in: who should not be there, or only may not (`anyone`), what they do, what to."""

    strange: tuple[str, ...] = ()
    anyone: tuple[str, ...] = ()
    does: tuple[str, ...] = ()
    what: tuple[str, ...] = ()


def shows_signs(text: str, signs: Signs, unless: Iterable[str] = ()) -> bool:
    """True where one sentence has a strange one, or two who may be, that do something to something.

    One who may be suffices where the sentence is full of such acts and things. Those of `unless` are taken out first.
    """
    said = _without(_plain(text[:_READ]), unless)
    return any(_shows(f" {sentence.strip()} ", signs) for sentence in said.split("|"))


def _shows(sentence: str, signs: Signs) -> bool:
    if sentence.count(" ") > _LONGEST:
        return False
    acts, things = _found(sentence, signs.does), _found(sentence, signs.what)
    if not acts or not things:
        return False
    maybe = len(_found(sentence, signs.anyone))
    full = maybe > 0 and len(acts | things) >= _FULL
    return full or maybe > 1 or bool(_found(sentence, signs.strange))


def _found(sentence: str, phrases: Iterable[str]) -> set[str]:
    return {phrase for phrase in phrases if re.search(_pattern(phrase), sentence)}


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
