"""Finds phrases in tokens in one pass, and corrects one-letter typing errors against the words that it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.severity.judge.tokens import Token
from bot.severity.judge.tokens import read as read_tokens

_STEM = 3  # letters of a stem by which `word*` is found
_CORRECTED = 5  # shorter words are not corrected: they have too many neighbours


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the lexicon found at tokens `first` up to but not including `after`."""

    signal: str
    first: int
    after: int


class Lexicon:
    """Phrases by their first word. Built once from `signal → phrases`, read-only afterwards."""

    def __init__(self, phrases: Mapping[str, Iterable[str]], plain: Iterable[str]) -> None:
        self._exact: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._stems: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        known: set[str] = set(plain)
        correctable: set[str] = set()
        for signal, listed in phrases.items():
            for phrase in listed:
                for parts in _expanded(phrase):
                    self._add(parts, signal)
                    words = {part.rstrip("*") for part in parts if part.isalpha() or part.endswith("*")}
                    known |= words
                    correctable |= {word for word in words if len(word) >= _CORRECTED}
        self._known = known
        self._correctable = correctable
        self._near: dict[str, str] = {}
        for word in sorted(correctable, reverse=True):
            for form in _deletions(word):
                self._near[form] = word

    def _add(self, parts: tuple[str, ...], signal: str) -> None:
        head = parts[0]
        if head.endswith("*"):
            self._stems.setdefault(head[:_STEM], []).append((parts, signal))
        else:
            self._exact.setdefault(head, []).append((parts, signal))

    def corrected(self, word: str) -> str:
        """The known word at one typing error's distance, else the word itself."""
        if len(word) < _CORRECTED or word in self._known or not word.isalpha() or self._stemmed(word):
            return word
        for form in [word, *_deletions(word)]:  # a letter is missing, one too many, or two are swapped
            for near in (self._near.get(form), form if form in self._correctable else None):
                if near and (len(near) != len(word) or sorted(near) == sorted(word)) and _same_ends(near, word):
                    return near
        return word

    def knows(self, word: str) -> bool:
        """Whether the word stands in any phrase, or begins as one with a star does."""
        return word in self._known or self._stemmed(word)

    def _stemmed(self, word: str) -> bool:
        return any(word.startswith(parts[0][:-1]) for parts, _ in self._stems.get(word[:_STEM], ()))

    def find(self, words: list[str]) -> list[Hit]:
        """Every phrase, at every place."""
        hits: list[Hit] = []
        for place, word in enumerate(words):
            for parts, signal in self._exact.get(word, ()):
                if len(parts) == 1 or _matches(parts, words, place):
                    hits.append(Hit(signal, place, place + len(parts)))
            for parts, signal in self._stems.get(word[:_STEM], ()):
                if _matches(parts, words, place):
                    hits.append(Hit(signal, place, place + len(parts)))
        return hits


def correct_typo(tokens: list[Token], lexicon: Lexicon) -> list[str]:
    """The tokens' words, with typing errors corrected."""
    return [lexicon.corrected(token.text) if token.kind == "word" else token.text for token in tokens]


def _matches(parts: tuple[str, ...], words: list[str], place: int) -> bool:
    if place + len(parts) > len(words):
        return False
    for offset, part in enumerate(parts):
        word = words[place + offset]
        if part == "_" or part == word:
            continue
        if not (part.endswith("*") and word.startswith(part[:-1])):
            return False
    return True


def _expanded(phrase: str) -> list[tuple[str, ...]]:
    """`in _ days|weeks` → (in, _, days), (in, _, weeks); other words are cut as a message would be."""
    forms: list[tuple[str, ...]] = [()]
    for word in phrase.split():
        choices = [_cut(choice) for choice in word.split("|")]
        forms = [form + choice for form in forms for choice in choices]
    return [form for form in forms if form]


def _cut(word: str) -> tuple[str, ...]:
    if word in {"_", "*"}:
        return ("_",)
    star = word.endswith("*")
    parts = [token.text for token in read_tokens(word.rstrip("*"))]
    if star and parts:
        parts[-1] += "*"
    return tuple(parts)


def _same_ends(one: str, other: str) -> bool:
    """Other first or last letters are another word or another ending, not a slip of the finger."""
    return one[0] == other[0] and one[-1] == other[-1]


def _deletions(word: str) -> list[str]:
    return [word[:place] + word[place + 1 :] for place in range(len(word))]
