"""Reads a word that nobody wrote before as the nearest known ones, by its character n-grams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

SHORTEST = 4  # shorter words have too few n-grams to say what was meant
MOST_WORDS = 50_000
SIMILAR = 0.5  # least cosine of the n-gram sets
MOST_GUESSES = 2
ONE_SLIP = 0.85  # likeness of two words that one slip of the hand turns into each other


class Speller:
    """N-gram columns over known words. Words are given most frequent first; the tail beyond MOST_WORDS is left out."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = [word for word in words if len(word) >= SHORTEST and word.isalpha()][:MOST_WORDS]
        columns: dict[str, list[int]] = {}
        sizes = np.zeros(len(self._words), np.float32)
        for place, word in enumerate(self._words):
            grams = ngrams(word)
            sizes[place] = len(grams)
            for gram in grams:
                columns.setdefault(gram, []).append(place)
        self._columns: dict[str, npt.NDArray[np.int32]] = {g: np.array(p, np.int32) for g, p in columns.items()}
        self._sizes = sizes

    def guesses(self, word: str) -> list[tuple[str, float]]:
        """Known words that `word` may stand for, with a likeness 0..1, best first; none for short words."""
        if len(word) < SHORTEST or not word.isalpha() or len(word) > 40:
            return []
        grams = ngrams(word)
        columns = [self._columns[gram] for gram in sorted(grams) if gram in self._columns]
        if not columns:
            return []
        shared = np.bincount(np.concatenate(columns), minlength=len(self._words))
        likeness = shared / np.sqrt(np.maximum(self._sizes, 1) * len(grams))
        order = np.lexsort((np.arange(len(likeness)), -likeness))[:20]
        found = [(self._words[i], self._judge(word, self._words[i], float(likeness[i]))) for i in order]
        found = [(known, value) for known, value in found if value >= SIMILAR]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MOST_GUESSES]

    @staticmethod
    def _judge(word: str, known: str, likeness: float) -> float:
        """Likeness of two words: a slip of one or two letters counts more than shared n-grams alone."""
        allowed = 1 if len(word) < 8 else 2
        slips = edits(word, known, allowed)
        if slips <= allowed and word[0] == known[0]:
            return max(likeness, 1.0 - (1 - ONE_SLIP) * slips)
        return likeness if word[:3] == known[:3] else likeness * 0.8


def ngrams(word: str) -> set[str]:
    """The 2-, 3- and 4-letter runs of ^word$ (2-letter ones inside only)."""
    marked = f"^{word}$"
    return {marked[i : i + size] for size in (3, 4) for i in range(len(marked) - size + 1)} | {
        word[i : i + 2] for i in range(len(word) - 1)
    }


def edits(one: str, other: str, most: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; `most + 1` when there are more."""
    return OSA.distance(one, other, score_cutoff=most)
