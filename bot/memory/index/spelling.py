"""Reads a word that nobody wrote before as the nearest known ones: by slips of the hand, then by letter runs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from math import sqrt

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
_MOST_COMPARED = 10
_REMEMBERED = 4_096  # words read last; people name the same unknown product again and again

Guesses = list[tuple[str, float]]


class Speller:
    """Known words by their first letters. Words are given most frequent first; beyond MOST_WORDS they are left out.

    A word is compared only with those that begin like it, or would but for a slip in its first letter, so that the
    time does not grow with all the words that are known.
    """

    def __init__(self, words: Sequence[str]) -> None:
        known = [word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()][:MOST_WORDS]
        self._by_letter: dict[tuple[str, int], list[str]] = {}  # first letter and length
        self._by_start: dict[str, list[str]] = {}  # first three letters
        self._by_second: dict[str, list[str]] = {}  # the three after the first
        for word in known:
            self._by_letter.setdefault((word[0], len(word)), []).append(word)
            self._by_start.setdefault(word[:3], []).append(word)
            self._by_second.setdefault(word[1:4], []).append(word)
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
        grams: set[str] = set()
        found: dict[str, tuple[float, float]] = {}  # likeness, and what decides between equals
        for known, slips in self._one_or_two_slips(word):
            grams = grams or ngrams(word)
            shared = _cosine(grams, known)
            # One letter replaced in a short word makes another word; two swapped ones seldom do.
            if shared >= _LEAST_SHARED or sorted(known) == sorted(word):
                found[known] = max(shared, 1.0 - (1 - ONE_SLIP) * slips), shared
        for known in self._begin_alike(word):
            grams = grams or ngrams(word)
            shared = _cosine(grams, known)
            value = shared if known[:3] == word[:3] else shared * 0.8
            if value >= SIMILAR and value > found.get(known, (0.0,))[0]:
                found[known] = value, shared
        order = sorted(found.items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))
        return [(known, value) for known, (value, _) in order[:MOST_GUESSES]]

    def _one_or_two_slips(self, word: str) -> Iterator[tuple[str, int]]:
        """Known words with the same first letter that so many slips of the hand turn into `word`."""
        allowed = 1 if len(word) < _LONG_WORD else 2
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            alike = self._by_letter.get((word[0], length))
            if alike:
                for known, slips, _ in process.extract(
                    word, alike, scorer=OSA.distance, score_cutoff=allowed, limit=None
                ):
                    yield known, slips

    def _begin_alike(self, word: str) -> Iterator[str]:
        """Words that begin with the same three letters, or would but for a slip or a prefix."""
        start, second = word[:3], word[1:4]
        for columns, key in (
            (self._by_start, start),
            (self._by_start, second),  # a letter too many
            (self._by_start, word[2:5]),  # un-, re-, in-
            (self._by_start, word[1] + word[0] + word[2]),  # two letters swapped
            (self._by_second, start),  # a letter missed
            (self._by_second, second),  # another letter
        ):
            alike = columns.get(key)
            if alike:
                for known, _, _ in process.extract(
                    word, alike, scorer=Indel.normalized_similarity, score_cutoff=_NEAR, limit=_MOST_COMPARED
                ):
                    yield known


def _cosine(grams: set[str], known: str) -> float:
    """Cosine of two sets of letter runs, 0..1."""
    others = ngrams(known)
    return len(grams & others) / sqrt(len(grams) * len(others))


def ngrams(word: str) -> set[str]:
    """The 2-, 3- and 4-letter runs of ^word$ (2-letter ones inside only)."""
    marked = f"^{word}$"
    return {marked[i : i + size] for size in (3, 4) for i in range(len(marked) - size + 1)} | {
        word[i : i + 2] for i in range(len(word) - 1)
    }


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; `most + 1` when there are more."""
    return OSA.distance(one, other, score_cutoff=most)
