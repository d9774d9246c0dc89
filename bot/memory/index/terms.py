"""Text to weighted terms: words, wholes, neighbouring pairs, concepts. The same reading for documents and queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from bot.memory.index.ranking import Weights
from bot.memory.index.stems import Token, tokenize
from bot.memory.index.vocabulary import Vocabulary

CONCEPT = "§"  # first character of a concept's key: no word begins with it
PAIR = "&"  # first character of a pair's key


class Unit(NamedTuple):
    """A key of the index, what it counts by its nature (0..), and the words of the text that it stands for."""

    key: str
    weight: float
    words: tuple[str, ...]


def read_keys(text: str, vocabulary: Vocabulary, pairs: bool) -> list[str]:
    """The keys of a document's `text`, as often as they are there. The quick way of `units_of`, without the words."""
    stop = vocabulary.stop
    tokens = list(tokenize(text))
    plain = [token.term for token in tokens if not token.whole]
    words = [term for term in plain if term not in stop and (len(term) > 1 or term.isdigit())]
    keys = words + [token.term for token in tokens if token.whole]
    if pairs:
        keys += [f"{PAIR}{one} {other}" for one, other in pairwise(words) if one != other]
    return keys + [CONCEPT + concept for concept in vocabulary.concepts_in(tokens)]


def units_of(tokens: list[Token], vocabulary: Vocabulary, weights: Weights, pairs: bool = True) -> Iterator[Unit]:
    """The units of `tokens`: words, wholes, pairs of neighboring words where they are wanted, concepts."""
    previous: Token | None = None
    for token in tokens:
        weight = word_weight(token, vocabulary, weights)
        if weight:
            yield Unit(token.term, weight, (token.word,))
        if token.whole:
            continue
        if weight and pairs:
            if previous is not None and previous.term != token.term:
                yield Unit(f"{PAIR}{previous.term} {token.term}", weights.pair, (previous.word, token.word))
            previous = token
    sightings = list(vocabulary.sightings(tokens))
    named = Counter(sighting.words for sighting in sightings)  # words of several meanings count less for each of them
    for sighting in sightings:
        share = weights.concept / named[sighting.words] ** weights.ambiguity
        yield Unit(CONCEPT + sighting.concept, share, sighting.words)


def word_weight(token: Token, vocabulary: Vocabulary, weights: Weights) -> float:
    """What a word counts: nothing for stop words and single letters, little for weak words and numbers."""
    term = token.term
    if token.whole:
        return weights.whole
    if term in vocabulary.stop or (len(term) < 2 and not term.isdigit()):
        return 0.0
    if term in vocabulary.weak:
        return weights.weak
    if term.isdigit():
        return weights.number
    return 1.0
