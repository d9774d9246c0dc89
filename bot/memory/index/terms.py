"""Text to weighted terms: words, wholes, neighbouring pairs, concepts. The same reading for documents and queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bot.memory.index.ranking import Weights
from bot.memory.index.stems import Token, tokenize
from bot.memory.index.vocabulary import Vocabulary

CONCEPT = "§"  # first character of a concept's key: no word begins with it
PAIR = "&"  # first character of a pair's key


@dataclass(frozen=True, slots=True)
class Unit:
    """A key of the index, what it counts by its nature (0..), and the words of the text that it stands for."""

    key: str
    weight: float
    words: tuple[str, ...]


def read_keys(text: str, vocabulary: Vocabulary, pairs: bool) -> Iterator[str]:
    """The keys of a document's `text`, as often as they are there. The quick way of `units_of`, without the words."""
    stop = vocabulary.stop
    tokens = list(tokenize(text))
    previous = ""
    for token in tokens:
        term = token.term
        if token.whole:
            yield term
        elif term not in stop and (len(term) > 1 or term.isdigit()):
            yield term
            if pairs and previous and previous != term:
                yield f"{PAIR}{previous} {term}"
            previous = term
    for concept in vocabulary.concepts_in(tokens):
        yield CONCEPT + concept


def units_of(tokens: list[Token], vocabulary: Vocabulary, weights: Weights) -> Iterator[Unit]:
    """The units of `tokens`: words, wholes, pairs of neighbouring words, concepts."""
    previous: Token | None = None
    for token in tokens:
        weight = word_weight(token, vocabulary, weights)
        if weight:
            yield Unit(token.term, weight, (token.word,))
        if token.whole:
            continue
        if weight and weights.pair:
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
