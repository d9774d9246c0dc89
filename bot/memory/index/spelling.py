"""Reads a word that nobody wrote before as the nearest known ones: by slips of the hand, then by letter runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
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
_NEAR = 0.55  # least share of letters in common, in order, of words that begin alike
_NEARER = 0.74  # the same of other words: what one slip leaves of four letters, or two of eight
_MOST_COMPARED = 12
_REMEMBERED = 4_096  # words read last; people name the same unknown product again and again

Guesses = list[tuple[str, float]]


class Speller:
    """Known words by their first letters and by their ends; most frequent first, beyond MOST_WORDS they are left out.

    A word is compared only with those that begin like it, or would but for a slip, and with those of the same ends:
    the time grows little with the words that are known.
    """

    def __init__(self, words: Sequence[str]) -> None:
        known = [word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()][:MOST_WORDS]
        self._by_part: dict[str, list[str]] = {}  # the first three letters, and the three after the first
        self._by_ends: dict[str, list[str]] = {}  # the first letter and the last two; of four letters all but the third
        for word in known:
            self._by_part.setdefault(word[:3], []).append(word)
            self._by_part.setdefault(word[1:4], []).append(word)
            self._by_ends.setdefault(word[0] + word[-2:], []).append(word)
            if len(word) == SHORTEST:
                self._by_ends.setdefault(word[:2] + "?" + word[3], []).append(word)
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

    def _look_up(self, word: str) -> Guesses:
        near = self._near(word)
        if not near:
            return []
        found: dict[str, tuple[float, float]] = {}  # likeness, and what decides between equals
        own: list[str] = []
        start = word[:3]
        for known, common, _ in process.extract(
            word, near, scorer=Indel.normalized_similarity, score_cutoff=_NEAR, limit=_MOST_COMPARED
        ):
            alike = known[:3] == start
            slips = _slips(word, known) if common >= _NEARER and known[0] == word[0] else 0
            if not slips and (not _may_share_half(word, known, common) if alike else common < _NEARER):
                continue
            own = own or list(runs(word))
            shared = _cosine(own, known)
            value = shared if alike else shared * 0.8
            # One letter replaced in a short word makes another word; two swapped ones seldom do.
            if slips and (shared >= _LEAST_SHARED or sorted(known) == sorted(word)):
                value = max(shared, 1.0 - (1 - ONE_SLIP) * slips)
            if value >= SIMILAR:
                found[known] = value, shared
        order = sorted(found.items(), key=lambda one: (-one[1][0], -one[1][1], one[0])) if found else ()
        return [(known, value) for known, (value, _) in order[:MOST_GUESSES]]

    def _near(self, word: str) -> list[str]:
        """Words that begin like `word`, or would but for a slip or a prefix, and words of the same ends.

        A slip after the third letter leaves the first three as they are, one in the first letter the three after it,
        and any other of a long word its ends.
        """
        by_part = self._by_part.get
        first, second, third, fourth = word[0], word[1], word[2], word[3]
        near: list[str] = []
        for words in (
            by_part(word[:3]),
            by_part(word[1:4]),
            by_part(word[2:5]),  # un-, re-, in-
            by_part(second + first + third),  # two letters swapped
            self._by_ends.get(first + word[-2:]),
        ):
            if words:
                near += words
        if len(word) <= SHORTEST + 1:  # of which a slip leaves less
            for words in (
                by_part(first + third + second),
                by_part(first + second + fourth),
                self._by_ends.get(first + second + "?" + fourth),
            ):
                if words:
                    near += words
        return near


def _slips(word: str, known: str) -> int:
    """How many slips of the hand turn one word into the other; 0 where they are too many."""
    allowed = 1 if len(word) < _LONG_WORD else 2
    slips = OSA.distance(word, known, score_cutoff=allowed)
    return slips if slips <= allowed else 0


def _may_share_half(word: str, known: str, likeness: float) -> bool:
    """Whether two words that begin alike can have the cosine that is asked for: far quicker than to count.

    Runs are shared most where the letters in common stand in one piece, or in two where the fourth letters differ.
    """
    size, other = len(word), len(known)
    common = likeness * (size + other) / 2
    most = 3 * common - (4 if common < 3.5 or word[3] == known[3] else 8)
    return most * most >= 0.249 * (3 * size - 2) * (3 * other - 2)


def _cosine(own: Sequence[str], known: str) -> float:
    """Cosine of two words' sets of letter runs, 0..1, of which one is given as its runs."""
    return sum(map(f"^{known}$".__contains__, own)) / sqrt(len(own) * _run_count(known))


def runs(word: str) -> set[str]:
    """The runs of 2, 3 and 4 letters of ^word$; those of 2 inside only."""
    marked, end = f"^{word}$", len(word)
    inside = {word[at : at + 2] for at in range(end - 1)}
    return inside.union([marked[at : at + 3] for at in range(end)], [marked[at : at + 4] for at in range(end - 1)])


def _run_count(word: str) -> int:
    """How many runs a word has: counted only where it may say one twice."""
    end = len(word)
    return 3 * end - 2 if len(set(pairwise(word))) == end - 1 else len(runs(word))
