"""A query to the keys it asks for: misspelled words as their neighbors, units merged by key, the weightiest kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

from bot.memory.index.ranking import Weights
from bot.memory.index.spelling import ONE_SLIP, Speller
from bot.memory.index.stems import Token, tokenize
from bot.memory.index.terms import PAIR, Unit, units_of, word_weight
from bot.memory.index.vocabulary import Vocabulary

MOST_RESPELT = 24  # unknown words looked up in one query


class Asked(NamedTuple):
    """A unit of the query after merging: key, weight, the words it stands for, and how often the query says it."""

    key: str
    weight: float
    words: tuple[str, ...]
    times: int


class QueryReader:
    """Reads queries as one state of the index knows words: `known` are its keys, `fresh` those added since the fit."""

    def __init__(
        self,
        known: Collection[str],
        fresh: frozenset[str],
        speller: Speller,
        vocabulary: Vocabulary,
        weights: Weights,
        pairs: bool,
    ) -> None:
        """`pairs`: whether any document was read for pairs of words."""
        self._known = known
        self._fresh = fresh
        self._speller = speller
        self._vocabulary = vocabulary
        self._weights = weights
        self._pairs = pairs and weights.pair > 0

    def read(self, query: str) -> list[Asked]:
        """What `query` asks for, in the order in which it says it. A pair that no document has is left out."""
        tokens, likeness, others = self._respelt(list(tokenize(query)))
        merged: dict[str, Asked] = {}
        known, fresh = self._known, self._fresh
        for unit in units_of(tokens, self._vocabulary, self._weights, self._pairs):
            key, weight, words = unit
            if key[0] == PAIR and key not in known and key not in fresh:
                continue
            if likeness:
                weight *= min([likeness.get(word, 1.0) for word in words], default=1.0)
            _merge(merged, key, weight, words)
        for unit in others:
            _merge(merged, *unit)
        repeated = self._weights.repeated
        return [
            asked if asked.times == 1 else asked._replace(weight=asked.weight * (1 + repeated * math.log(asked.times)))
            for asked in merged.values()
        ]

    def _respelt(self, tokens: Sequence[Token]) -> tuple[list[Token], dict[str, float], list[Unit]]:
        """The tokens as known words read them, how sure each written word is that is not certain, and other readings.

        In a long text only the first MOST_RESPELT unknown words are looked up.
        """
        read: list[Token] = []
        likeness: dict[str, float] = {}
        others: list[Unit] = []
        known, fresh, listed = self._known, self._fresh, self._vocabulary.known
        looked_up = 0
        for token in tokens:
            term = token.term
            if token.whole or term in known or term in listed or term in fresh or looked_up >= MOST_RESPELT:
                read.append(token)
                continue
            looked_up += 1
            guesses = self._speller.guesses(term)
            if not guesses:
                read.append(token)
                continue
            (nearest, value), *rest = guesses
            read.append(Token(nearest, token.word))
            likeness[token.word] = self._weights.slip if value >= ONE_SLIP else self._weights.guess * value
            others += [self._other(token.word, other, value) for other, value in rest]
        return read, likeness, others

    def _other(self, word: str, term: str, likeness: float) -> Unit:
        """A second reading of a written word."""
        base = word_weight(Token(term, word), self._vocabulary, self._weights)
        return Unit(term, base * likeness * self._weights.guess, (word,))


def _merge(merged: dict[str, Asked], key: str, weight: float, words: tuple[str, ...]) -> None:
    before = merged.get(key)
    if before is None:
        merged[key] = Asked(key, weight, words, 1)
    else:
        merged[key] = Asked(key, max(before.weight, weight), before.words, before.times + 1)
