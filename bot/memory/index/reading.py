"""A query to the keys it asks for: misspelled words as their neighbors, units merged by key, the weightiest kept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from bot.memory.index.ranking import Weights
from bot.memory.index.spelling import ONE_SLIP, Guesses, Speller
from bot.memory.index.stems import Token, chunks_of, plain_stem, split_anew
from bot.memory.index.terms import CONCEPT, PAIR, word_weight
from bot.memory.index.vocabulary import Vocabulary

MOST_RESPELT = 24  # unknown words looked up in one query
MOST_READ = 8_192  # written words whose reading is kept
UNHELD = -1


class Asked(NamedTuple):
    """What a query asks for: key, weight, the words it stands for, how often the query says it, the key's number in
    the fit (UNHELD where it has none), how rare it is and what answering it is worth.
    """

    key: str
    weight: float
    text: str
    times: int
    term: int
    rarity: float
    worth: float  # what it adds to a perfect score: less where no entry has it, nothing for a pair


class _Read(NamedTuple):
    """A written word as it is read, whatever stands beside it."""

    units: tuple[Asked, ...]
    paired: tuple[str, ...]  # its stems that make pairs with their neighbors; empty ones are in no document
    concepts: tuple[Asked, ...]  # which it names alone
    others: tuple[Asked, ...]  # second readings of a misspelled one
    walk: tuple[str, ...]  # its stems of which phrases are made
    begins: bool  # whether a phrase of several words begins with one of them
    likeness: float  # how sure the reading is, 0..1
    looked_up: int  # unknown words among its parts


_UNITS, _CONCEPTS, _OTHERS = (itemgetter(_Read._fields.index(name)) for name in ("units", "concepts", "others"))
_BEGINS = itemgetter(_Read._fields.index("begins"))


class QueryReader:
    """Reads queries as one state of the index knows words, and remembers how each written word is read.

    People ask about the same things in the same words: most of a query was read before.
    """

    def __init__(
        self,
        numbers: Mapping[str, int],
        rarity: Sequence[float],
        rarest: float,
        fresh: frozenset[str],
        speller: Speller,
        vocabulary: Vocabulary,
        weights: Weights,
        pairs: bool,
    ) -> None:
        """`numbers` are the fit's keys and `rarity` their idf, `rarest` that of a key which the fit never saw, `fresh`
        the keys that came since; `pairs`: whether any document was read for pairs of words.
        """
        self._numbers = numbers
        self._rarity = rarity
        self._rarest = rarest
        self._fresh = fresh
        self._speller = speller
        self._vocabulary = vocabulary
        self._weights = weights
        self._pairs = pairs and weights.pair > 0
        self._reads: dict[str, _Read] = {}

    def read(self, query: str) -> list[Asked]:
        """What `query` asks for: words, pairs, concepts, other readings. A pair that no document has is left out."""
        chunks = chunks_of(query)
        reads = self._reads_of(chunks)
        units = list(chain.from_iterable(map(_UNITS, reads)))
        if self._pairs:
            units += self._paired(chunks, reads)
        if any(map(_BEGINS, reads)):
            units += self._phrases(chunks, reads)
        if any(map(_CONCEPTS, reads)):
            units += self._named(chunks, reads)
        units += chain.from_iterable(map(_OTHERS, reads))
        merged = {asked.key: asked for asked in units}
        return units if len(merged) == len(units) else self._merged(units)

    def _merged(self, units: Iterable[Asked]) -> list[Asked]:
        """Each key once, with what repeating it adds."""
        merged: dict[str, Asked] = {}
        for asked in units:
            before = merged.get(asked.key)
            if before is not None:
                asked = (before if before.weight >= asked.weight else asked)._replace(times=before.times + 1)
            merged[asked.key] = asked
        return [asked if asked.times == 1 else self._repeated(asked) for asked in merged.values()]

    def _repeated(self, asked: Asked) -> Asked:
        return self._counting(asked, 1 + self._weights.repeated * math.log(asked.times))

    @staticmethod
    def _counting(asked: Asked, share: float) -> Asked:
        return asked._replace(weight=asked.weight * share, worth=asked.worth * share)

    def _reads_of(self, chunks: Sequence[str]) -> list[_Read]:
        """In a long text only the first MOST_RESPELT unknown words are looked up."""
        held = self._reads
        try:
            reads = [held[chunk] for chunk in chunks]
            if len(chunks) <= MOST_RESPELT or sum([read.looked_up for read in reads]) <= MOST_RESPELT:
                return reads
        except KeyError:
            pass  # a word that was not read before
        reads, looked_up = [], 0
        for chunk in chunks:
            read = held.get(chunk)
            if read is None or (read.looked_up and looked_up >= MOST_RESPELT):
                read = self._read(chunk, respell=looked_up < MOST_RESPELT)
                if looked_up < MOST_RESPELT:
                    if len(held) >= MOST_READ:
                        held.clear()
                    held[chunk] = read
            looked_up += read.looked_up
            reads.append(read)
        return reads

    def _paired(self, chunks: Sequence[str], reads: Sequence[_Read]) -> list[Asked]:
        """Neighboring words, where a document has them so."""
        numbers, fresh = self._numbers, self._fresh
        found = []
        previous, at = "", 0
        for place, read in enumerate(reads):
            for term in read.paired:
                if term and previous and term != previous:
                    key = f"{PAIR}{previous} {term}"
                    if key in numbers or key in fresh:
                        weight = self._weights.pair * min(reads[at].likeness, read.likeness)
                        found.append(self._asked(key, weight, _joined((chunks[at], chunks[place]))))
                previous, at = term, place
        return found

    def _named(self, chunks: Sequence[str], reads: Sequence[_Read]) -> Iterator[Asked]:
        """The concepts that words name alone; those of several meanings count less for each of them."""
        times = Counter(chunks) if len(set(chunks)) < len(chunks) else {}
        for chunk, read in zip(chunks, reads, strict=True):
            for asked in read.concepts:
                said = times.get(chunk, 1)
                yield self._counting(asked, said**-self._weights.ambiguity) if said > 1 else asked

    def _phrases(self, chunks: Sequence[str], reads: Sequence[_Read]) -> Iterator[Asked]:
        """The concepts named by several words together."""
        owners = [place for place, read in enumerate(reads) for _ in read.walk]
        stems = [stem for read in reads for stem in read.walk]
        found = [(concept, [owners[at] for at in places]) for concept, places in self._vocabulary.phrases_in(stems)]
        named = Counter(tuple([chunks[place] for place in places]) for _, places in found)
        for concept, places in found:
            words = tuple([chunks[place] for place in places])
            share = self._weights.concept / named[words] ** self._weights.ambiguity
            yield self._asked(
                CONCEPT + concept, share * min([reads[place].likeness for place in places]), _joined(words)
            )

    def _asked(self, key: str, weight: float, text: str) -> Asked:
        term = self._numbers.get(key, UNHELD)
        if term == UNHELD:
            rarity = self._rarest
            worth = weight * rarity * self._weights.unknown
        else:
            rarity = self._rarity[term]
            worth = weight * rarity
        return Asked(key, weight, text, 1, term, rarity, 0.0 if key[0] == PAIR else worth)

    def _read(self, chunk: str, respell: bool) -> _Read:
        term = plain_stem(chunk)
        known = self._knows(term) if term else False
        if known and term not in self._vocabulary.known:
            return self._read_plain(term, chunk, term, 0)
        if not term or known or not respell:
            return self._read_any(chunk, respell)
        guesses = self._speller.guesses(term)
        return self._read_guessed(chunk, guesses) if guesses else self._read_plain(term, chunk, "", 1)

    def _read_plain(self, term: str, chunk: str, paired: str, looked_up: int) -> _Read:
        """A word that the vocabulary says nothing of: as the long way would read it, for most words."""
        if len(term) < 2:
            return _Read((), (), (), (), (term,), False, 1.0, looked_up)
        return _Read((self._asked(term, 1.0, chunk),), (paired,), (), (), (term,), False, 1.0, looked_up)

    def _read_guessed(self, chunk: str, guesses: Guesses) -> _Read:
        (nearest, value), *rest = guesses
        sure = self._weights.slip if value >= ONE_SLIP else self._weights.guess * value
        others = [(term, self._other(term, chunk, likeness)) for term, likeness in rest]
        return self._read_tokens(chunk, (Token(nearest, chunk),), sure, others, 1)

    def _read_any(self, chunk: str, respell: bool) -> _Read:
        return self._read_tokens(chunk, *self._respelt(split_anew(chunk), respell))

    def _read_tokens(
        self, chunk: str, tokens: Sequence[Token], likeness: float, others: Sequence[tuple[str, float]], looked_up: int
    ) -> _Read:
        vocabulary = self._vocabulary
        weights = [word_weight(token, vocabulary, self._weights) for token in tokens]
        plain = [(token.term, weight) for token, weight in zip(tokens, weights, strict=True) if not token.whole]
        walk = tuple([term for term, _ in plain if term not in vocabulary.skip])
        concepts = vocabulary.concepts_alone(tokens)
        longer = vocabulary.longer
        return _Read(
            tuple(
                [
                    self._asked(token.term, weight * likeness, chunk)
                    for token, weight in zip(tokens, weights, strict=True)
                    if weight
                ]
            ),
            tuple([term for term, weight in plain if weight]),
            self._asked_alone(concepts, likeness, chunk) if concepts else (),
            tuple([self._asked(term, weight, chunk) for term, weight in others]) if others else (),
            walk,
            any(stem in longer for stem in walk),
            likeness,
            looked_up,
        )

    def _asked_alone(self, concepts: Sequence[str], likeness: float, chunk: str) -> tuple[Asked, ...]:
        weight = self._weights.concept / len(concepts) ** self._weights.ambiguity * likeness
        return tuple([self._asked(CONCEPT + concept, weight, chunk) for concept in concepts])

    def _respelt(
        self, tokens: Sequence[Token], respell: bool
    ) -> tuple[Sequence[Token], float, Sequence[tuple[str, float]], int]:
        """The tokens as known words read them, how sure that is, other readings, and how many were looked up."""
        unknown = [token for token in tokens if not (token.whole or self._knows(token.term))] if respell else ()
        if not unknown:
            return tokens, 1.0, (), 0
        read: list[Token] = []
        others: list[tuple[str, float]] = []
        sure = 1.0
        for token in tokens:
            guesses = self._speller.guesses(token.term) if token in unknown else ()
            if not guesses:
                read.append(token)
                continue
            (nearest, value), *rest = guesses
            read.append(Token(nearest, token.word))
            sure = self._weights.slip if value >= ONE_SLIP else self._weights.guess * value
            others += [(term, self._other(term, token.word, likeness)) for term, likeness in rest]
        return read, sure, others, len(unknown)

    def _knows(self, term: str) -> bool:
        return term in self._numbers or term in self._vocabulary.known or term in self._fresh

    def _other(self, term: str, word: str, likeness: float) -> float:
        """What a second reading of a written word weighs."""
        return word_weight(Token(term, word), self._vocabulary, self._weights) * likeness * self._weights.guess


def _joined(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(words))
