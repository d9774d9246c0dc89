"""Reads a word that nobody wrote before as the nearest known ones: by slips of the hand, then by letter runs."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

SHORTEST = 4  # shorter words have too few letter runs to say what was meant
LONGEST = 40
MOST_WORDS = 50_000
SIMILAR = 0.5  # least cosine of the sets of letter runs
MOST_GUESSES = 2
ONE_SLIP = 0.85  # likeness of two words that one slip of the hand turns into each other
_LEAST_SHARED = 0.2  # least cosine of a word that one slip away is taken for the one that was meant
_LONG_WORD = 8  # letters from which on two slips are allowed
_NEAR = 0.55  # least share of letters in common, in order, of words whose letter runs are worth counting
_NEARER = 0.75  # the same for words that begin otherwise
_MOST_COMPARED = 5
_REMEMBERED = 4_096  # words read last; people name the same unknown product again and again

Guesses = list[tuple[str, float]]


class _Shelf:
    """Words with one first letter, by length, and for each the set of its letters as bits."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = sorted(words, key=len)
        self._letters = np.array([_letters(word) for word in self._words], np.uint32)
        lengths = [len(word) for word in self._words]
        self._starts = [bisect_left(lengths, length) for length in range(LONGEST + 4)]

    def near(self, word: str, allowed: int) -> list[str]:
        """The words that `allowed` slips may turn into `word`: of about its length, and of about its letters."""
        start, stop = self._starts[len(word) - allowed], self._starts[len(word) + allowed + 1]
        differing = np.bitwise_count(self._letters[start:stop] ^ np.uint32(_letters(word)))
        words = self._words
        return [words[start + at] for at in np.flatnonzero(differing <= 2 * allowed).tolist()]


class Speller:
    """Known words by their first letters. Words are given most frequent first; beyond MOST_WORDS they are left out.

    A word is compared only with those that begin like it, or would but for a slip in its first letter, so that the
    time does not grow with all the words that are known.
    """

    def __init__(self, words: Sequence[str]) -> None:
        known = [word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()][:MOST_WORDS]
        by_letter: dict[str, list[str]] = {}
        self._by_start: dict[str, list[str]] = {}  # first three letters
        self._by_second: dict[str, list[str]] = {}  # the three after the first
        for word in known:
            by_letter.setdefault(word[0], []).append(word)
            self._by_start.setdefault(word[:3], []).append(word)
            self._by_second.setdefault(word[1:4], []).append(word)
        self._by_letter = {letter: _Shelf(of_letter) for letter, of_letter in by_letter.items()}
        self._read: OrderedDict[str, Guesses] = OrderedDict()

    def guesses(self, word: str) -> Guesses:
        """Known words that `word` may stand for, with a likeness 0..1, best first; none for short words."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
            return []
        found = self._read.get(word)
        if found is None:
            found = self._read[word] = self._look_up(word)
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return found

    def _look_up(self, word: str) -> Guesses:
        own: set[tuple[str, ...]] = set()
        found: dict[str, tuple[float, float]] = {}  # likeness, and what decides between equals
        for known, slips in self._one_or_two_slips(word):
            own = own or runs(word)
            shared = _cosine(own, known)
            # One letter replaced in a short word makes another word; two swapped ones seldom do.
            if shared >= _LEAST_SHARED or sorted(known) == sorted(word):
                found[known] = max(shared, 1.0 - (1 - ONE_SLIP) * slips), shared
        for known in self._begin_alike(word):
            own = own or runs(word)
            shared = _cosine(own, known)
            value = shared if known[:3] == word[:3] else shared * 0.8
            if value >= SIMILAR and value > found.get(known, (0.0,))[0]:
                found[known] = value, shared
        order = sorted(found.items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))
        return [(known, value) for known, (value, _) in order[:MOST_GUESSES]]

    def _one_or_two_slips(self, word: str) -> Iterator[tuple[str, int]]:
        """Known words with the same first letter that so many slips of the hand turn into `word`."""
        allowed = 1 if len(word) < _LONG_WORD else 2
        shelf = self._by_letter.get(word[0])
        if shelf is None:
            return
        for known, slips, _ in process.extract(
            word, shelf.near(word, allowed), scorer=OSA.distance, score_cutoff=allowed, limit=None
        ):
            yield known, slips

    def _begin_alike(self, word: str) -> Iterator[str]:
        """Words that begin with the same three letters, or would but for a slip or a prefix."""
        start, second = word[:3], word[1:4]
        by_start, by_second = self._by_start, self._by_second
        otherwise = (
            *by_start.get(second, ()),  # a letter too many
            *by_start.get(word[2:5], ()),  # un-, re-, in-
            *by_start.get(word[1] + word[0] + word[2], ()),  # two letters swapped
            *by_second.get(start, ()),  # a letter missed
            *by_second.get(second, ()),  # another letter
        )
        for words, least in ((by_start.get(start), _NEAR), (otherwise, _NEARER)):
            if words:
                for known, _, _ in process.extract(
                    word, words, scorer=Indel.normalized_similarity, score_cutoff=least, limit=_MOST_COMPARED
                ):
                    yield known


def _letters(word: str) -> int:
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits


def _cosine(own: set[tuple[str, ...]], known: str) -> float:
    """Cosine of two sets of letter runs, 0..1."""
    others = runs(known)
    return len(own & others) / sqrt(len(own) * len(others))


def runs(word: str) -> set[tuple[str, ...]]:
    """The runs of 2, 3 and 4 letters of ^word$; those of 2 inside only."""
    marked = f"^{word}$"
    second, third = marked[1:], marked[2:]
    threes, fours = zip(marked, second, third, strict=False), zip(marked, second, third, marked[3:], strict=False)
    return {*threes, *fours, *pairwise(word)}
