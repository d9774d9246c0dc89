"""Reads a word that nobody wrote before as the nearest known ones: by slips of the hand, then by letter runs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import sqrt

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel, Postfix, Prefix

SHORTEST = 4  # shorter words have too few letter runs to say what was meant
LONGEST = 40
MOST_WORDS = 50_000
SIMILAR = 0.5  # least cosine of the sets of letter runs
MOST_GUESSES = 2
ONE_SLIP = 0.85  # likeness of two words that one slip of the hand turns into each other
_LEAST_SHARED = 0.2  # least cosine of a word that one slip away is taken for the one that was meant
_LONG_WORD = 8  # letters from which on two slips are allowed
_NEAR = 0.55  # least share of letters in common, in order, of words that are looked at closely
_MOST_COMPARED = 12
_LEAST_BEGUN = 4  # letters at the beginning of a long word that are enough, as are so many
_LEAST_ENDED = 3  # at its end
_ALIKE = 3  # letters from which on words begin alike
_FEW = 4  # near words that are looked at closely at once
_AFTER_ALL = chr(0x10FFFF)
_REMEMBERED = 4_096  # words read last; people name the same unknown product again and again

Guesses = list[tuple[str, float]]


class Speller:
    """Known words in their order, and in that of their ends; most frequent first, beyond MOST_WORDS they are left out.

    A slip leaves one half of a word as it was, or swaps the letters in its middle. So a word is compared only with
    those that share a half, which stand side by side, and those of the same letters: one that nobody said before, as
    most are that are looked up, is seldom compared with any.
    """

    def __init__(self, words: Sequence[str]) -> None:
        known = [word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()][:MOST_WORDS]
        self._by_letters = {"".join(sorted(word)): word for word in reversed(known)}
        self._words = sorted(known)
        self._ends = sorted([word[::-1] for word in known])
        self._firsts = sorted([word[0] + word[::-1] for word in known])  # the first letter, and the word from its end
        self._read: dict[str, Guesses] = {}

    def guesses(self, word: str) -> Guesses:
        """Known words that `word` may stand for, with a likeness 0..1, best first; none for short words."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
            return []
        found = self._read.get(word)
        if found is None:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            found = self._read[word] = self._look_up(word)
        return found

    def _near(self, word: str) -> list[str]:
        """Words that share the first half of `word` or its beginning, or the last with the first letter; those that are
        `word` with something before it or in place of its first letters; and one of the same letters.
        """
        size = len(word)
        half = size // 2
        near = _beginning(self._words, word[: min(size - half, _LEAST_BEGUN)])
        if ends := _beginning(self._firsts, word[0] + word[: -min(half, _LEAST_ENDED) - 1 : -1]):
            near += [end[:0:-1] for end in ends]
        if ends := _beginning(self._ends, word[:1:-1] if size > SHORTEST + 1 else word[: -SHORTEST - 1 : -1]):
            near += [end[::-1] for end in ends]
        if swapped := self._by_letters.get("".join(sorted(word))):
            near.append(swapped)
        return near

    def _look_up(self, word: str) -> Guesses:
        near = self._near(word)
        if len(near) > _FEW:
            compared = process.extract(
                word, near, scorer=Indel.normalized_similarity, score_cutoff=_NEAR, limit=_MOST_COMPARED
            )
            near = [known for known, _, _ in compared]
        found: dict[str, tuple[float, float]] = {}  # likeness, and what decides between equals
        for known in near:
            value, shared = _likeness(word, known)
            if value >= SIMILAR:
                found[known] = value, shared
        order = sorted(found.items(), key=lambda one: (-one[1][0], -one[1][1], one[0])) if found else ()
        return [(known, value) for known, (value, _) in order[:MOST_GUESSES]]


def _beginning(words: list[str], start: str) -> list[str]:
    """Those of the sorted `words` that begin so."""
    first = bisect_left(words, start)
    if first == len(words) or not words[first].startswith(start):
        return []
    return words[first : bisect_left(words, start + _AFTER_ALL, first)]


def _likeness(word: str, known: str) -> tuple[float, float]:
    """How alike two words are, 0..1, and the share of their letter runs that they have in common.

    The runs are those of two, three and four letters, the word's ends among them, of which each stretch in common at
    the beginning or the end of n letters has 3 n - 4; what else they share between two slips is not counted.
    """
    size, other = len(word), len(known)
    begun, ended = Prefix.similarity(word, known), Postfix.similarity(word, known)
    common = max(0, 3 * begun - 4) + max(0, 3 * ended - 4)
    shared = min(1.0, common / sqrt((3 * size - 2) * (3 * other - 2)))
    value = shared if begun >= _ALIKE else shared * 0.8
    allowed = 1 if size < _LONG_WORD else 2
    if begun and abs(size - other) <= allowed:
        slips = OSA.distance(word, known, score_cutoff=allowed)
        # One letter replaced in a short word makes another word; two swapped ones seldom do.
        if slips <= allowed and (shared >= _LEAST_SHARED or sorted(known) == sorted(word)):
            return max(shared, 1.0 - (1 - ONE_SLIP) * slips), shared
    return value, shared
