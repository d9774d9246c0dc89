"""Text to keys: words, wholes, neighbouring pairs, concepts. Documents are read here, queries in reading.py."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, pairwise
from operator import itemgetter
from typing import Generic, TypeVar

from bot.memory.index.ranking import Weights
from bot.memory.index.stems import Token, chunks_of, plain_stem, split_anew
from bot.memory.index.vocabulary import Vocabulary

CONCEPT = "§"  # first character of a concept's key: no word begins with it
PAIR = "&"  # first character of a pair's key
_REMEMBERED = 65_536  # written words whose reading is kept while documents are read

K = TypeVar("K")


# What a written word says, whatever stands beside it: its keys (words, wholes, concepts that it names alone), its words
# of which pairs are made, its stems of which phrases are made, and whether one of these begins a phrase of several
# words. A bare tuple: there are as many as words, and the garbage collector passes over those.
Chunk = tuple[tuple[K, ...], tuple[str, ...], tuple[str, ...], bool]
_KEYS, _WORDS, _STEMS, _BEGINS = (itemgetter(place) for place in range(4))


class KeyReader(Generic[K]):
    """The keys of documents' texts, as often as they are there, each as `named` calls it."""

    def __init__(self, vocabulary: Vocabulary, pairs: bool, named: Callable[[str], K]) -> None:
        self._vocabulary = vocabulary
        self._pairs = pairs
        self._named = named
        self._chunks = _Chunks(self._read)  # most words of a text were read in another

    def keys(self, text: str) -> list[K]:
        """The keys of `text`."""
        chunks = list(map(self._chunks.__getitem__, chunks_of(text)))
        keys = list(chain.from_iterable(map(_KEYS, chunks)))
        if self._pairs:
            words = list(chain.from_iterable(map(_WORDS, chunks)))
            named = self._named
            keys += [named(f"{PAIR}{one} {other}") for one, other in pairwise(words) if one != other]
        if any(map(_BEGINS, chunks)):
            walk = list(chain.from_iterable(map(_STEMS, chunks)))
            keys += [self._named(CONCEPT + concept) for concept, _ in self._vocabulary.phrases_in(walk)]
        return keys

    def _read(self, chunk: str) -> Chunk[K]:
        vocabulary = self._vocabulary
        term = plain_stem(chunk)
        if len(term) > 1 and term not in vocabulary.known:
            said = (term,)  # as the rest would find, for most words
            return (self._named(term),), said, said, False
        tokens = split_anew(chunk)
        plain = [token.term for token in tokens if not token.whole]
        words = [term for term in plain if term not in vocabulary.stop and (len(term) > 1 or term.isdigit())]
        keys = words + [token.term for token in tokens if token.whole]
        keys += [CONCEPT + concept for concept in vocabulary.concepts_alone(tokens)]
        walk = [term for term in plain if term not in vocabulary.skip]
        begins = any(stem in vocabulary.longer for stem in walk)
        return tuple([self._named(key) for key in keys]), tuple(words), tuple(walk), begins


class _Chunks(dict[str, Chunk[K]]):
    """Written words as they were read; forgotten when there are too many."""

    def __init__(self, read: Callable[[str], Chunk[K]]) -> None:
        self._read = read

    def __missing__(self, chunk: str) -> Chunk[K]:
        found = self._read(chunk)
        if len(found[2]) < 2:  # of identifiers there are many, most of them said once
            if len(self) >= _REMEMBERED:
                self.clear()
            self[chunk] = found
        return found


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
