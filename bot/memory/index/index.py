"""The similar-incident index: fit once, ask often, change one entry at a time. Says which words made a match."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bot.memory.entries.entries import Entry
from bot.memory.index.documents import Document, document_of, documents_of
from bot.memory.index.fitting import Fit, content_hash, count_document, fit_documents
from bot.memory.index.naming import names_nothing_else
from bot.memory.index.postings import best
from bot.memory.index.ranking import Weights
from bot.memory.index.snapshot import load_fit, save_fit
from bot.memory.index.spelling import ONE_SLIP, Speller
from bot.memory.index.stems import Token, tokenize
from bot.memory.index.terms import CONCEPT, PAIR, Unit, units_of, word_weight
from bot.memory.index.vocabulary import Vocabulary

KEPT_TERMS = 8  # words named in an explanation
MOST_READ = 200_000  # terms, most frequent first, among which the speller's words are found
MOST_RESPELT = 24
LARGE = 2_000  # documents from which on a fit prepares at once what the first query would wait for

_Reading = tuple[Token, float, list[tuple[str, float]]]  # the best reading, how sure it is, other readings


@dataclass(frozen=True, slots=True)
class Term:
    """Words of the query, their share of the match's score (0..1), and the field in which they matched."""

    text: str
    share: float
    field: str


@dataclass(frozen=True, slots=True)
class Match:
    """A document that looks like the query. `score` 0..1 is the share of the query's weight that it answers."""

    ref: str
    score: float
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A unit of the query after merging: key, weight, and the words it stands for."""

    key: str
    weight: float
    words: tuple[str, ...]


class Index:
    """A fit, and the entries added or removed since. Immutable: a change gives a new Index that shares the fit."""

    def __init__(
        self,
        fit: Fit,
        vocabulary: Vocabulary,
        weights: Weights,
        added: dict[str, tuple[str, dict[str, tuple[float, int]]]] | None = None,
        removed: frozenset[str] = frozenset(),
    ) -> None:
        self._fit = fit
        self._vocabulary = vocabulary
        self._weights = weights
        self._added = added or {}  # ref → (kind, key → (weight without idf, field))
        self._removed = removed

    def __len__(self) -> int:
        return len(self._fit.refs) - len(self._removed) + len(self._added)

    @property
    def changes(self) -> int:
        """Entries added or removed since the fit; the owner refits when they are many."""
        return len(self._added) + len(self._removed)

    @cached_property
    def _term_ids(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self._fit.terms)}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ref: place for place, ref in enumerate(self._fit.refs)}

    @cached_property
    def _kind_codes(self) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        return np.array(self._fit.kinds, dtype=object)

    @cached_property
    def _fresh(self) -> frozenset[str]:
        """Keys that only entries added since the fit may have."""
        return frozenset(key for _, held in self._added.values() for key in held)

    @cached_property
    def _speller(self) -> Speller:
        held = np.diff(self._fit.postings.starts)
        order = np.lexsort((np.arange(len(held)), -held))
        words = [self._fit.terms[i] for i in order[:MOST_READ] if self._fit.terms[i][0] not in (CONCEPT, PAIR)]
        return Speller([*words, *sorted(self._vocabulary.known - set(words))])

    def warm(self) -> Index:
        """Build now what the first queries would wait for; the same index."""
        assert self._term_ids is not None and self._places is not None and self._kind_codes is not None
        assert self._speller is not None
        return self

    def with_entry(self, entry: Entry | Document) -> Index:
        """The index with `entry` added, or in place of the one that had its ref. Nothing is fitted again."""
        document = entry if isinstance(entry, Document) else document_of(entry)
        counts = count_document(document, self._fit, self._vocabulary, self._weights)
        k1 = self._weights.saturation
        held = {key: (f * (k1 + 1) / (f + k1), strongest) for key, (f, strongest) in counts.items()}
        removed = self._removed | {document.ref} if document.ref in self._places else self._removed
        return self._changed({**self._added, document.ref: (document.kind, held)}, removed)

    def without(self, ref: str) -> Index:
        """The index without `ref`; the same index when it holds no such ref."""
        if ref not in self._added and (ref not in self._places or ref in self._removed):
            return self
        added = {known: held for known, held in self._added.items() if known != ref}
        return self._changed(added, self._removed | {ref} if ref in self._places else self._removed)

    def _changed(self, added: dict[str, tuple[str, dict[str, tuple[float, int]]]], removed: frozenset[str]) -> Index:
        index = Index(self._fit, self._vocabulary, self._weights, added, removed)
        for name in ("_term_ids", "_places", "_kind_codes", "_speller"):  # what follows from the fit alone is shared
            if name in self.__dict__:
                index.__dict__[name] = self.__dict__[name]
        return index

    def search(
        self, query: str, *, limit: int = 3, kind: str | None = None, below_threshold: bool = False
    ) -> tuple[Match, ...]:
        """The `limit` best matches, best first, ties by ref. Nothing that scores under the threshold unless asked for.

        The same query on the same entries gives the same answer. Empty queries, stop words only, other languages: ().
        """
        asked = self._ask(query)
        whole = self._whole(asked)
        if limit < 1 or whole <= 0:
            return ()
        found = self._in_fit(asked, limit, kind) + self._in_added(asked, kind)
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        matches = []
        for ref, raw in found[:limit]:
            score = min(1.0, raw / whole)
            if raw > 0 and (below_threshold or score >= self._weights.threshold):
                matches.append(Match(ref, round(score, 6), self._explain(ref, asked)))
        return tuple(matches)

    def names_nothing_else(self, query: str, match: Match) -> bool:
        """Whether all that the query names, beside that it is broken and for whom, is among the words that matched."""
        return names_nothing_else(query, [term.text for term in match.terms], self._vocabulary, self._weights)

    def _in_fit(self, asked: Sequence[_Asked], limit: int, kind: str | None) -> list[tuple[str, float]]:
        allowed = None
        if kind is not None:
            allowed = self._kind_codes == kind
        query = [(self._term_ids[unit.key], unit.weight) for unit in asked if unit.key in self._term_ids]
        found = best(self._fit.postings, query, allowed, limit + len(self._removed))
        refs = self._fit.refs
        return [(refs[place], score) for place, score in found if refs[place] not in self._removed]

    def _in_added(self, asked: Sequence[_Asked], kind: str | None) -> list[tuple[str, float]]:
        found = []
        for ref, (its_kind, held) in self._added.items():
            if kind is None or its_kind == kind:
                score = sum(u.weight * held[u.key][0] * self._rarity(u.key) for u in asked if u.key in held)
                if score > 0:
                    found.append((ref, score))
        return found

    def _rarity(self, key: str) -> float:
        """idf of a key; one that the fit never saw is as rare as can be."""
        place = self._term_ids.get(key)
        if place is not None:
            return float(self._fit.postings.rarity[place])
        return math.log1p((len(self) + 0.5) / 1.5)

    def _whole(self, asked: Sequence[_Asked]) -> float:
        """What the score 1.0 stands for: every word of the query answered well, and enough words to be sure."""
        total = 0.0
        for unit in asked:
            if unit.key[0] != PAIR:
                known = unit.key in self._term_ids
                total += unit.weight * self._rarity(unit.key) * (1.0 if known else self._weights.unknown)
        if total <= 0:
            return 0.0
        return self._weights.full * (total + self._weights.doubt * math.log1p((len(self) + 0.5) / 1.5))

    def _ask(self, query: str) -> list[_Asked]:
        """The query's units merged by key, misspelt words read as their neighbours, the weightiest kept."""
        tokens = self._respelt_all(tokenize(query))
        weight: dict[str, float] = {}
        times: dict[str, int] = {}
        words: dict[str, tuple[str, ...]] = {}
        for unit in self._query_units(tokens):
            times[unit.key] = times.get(unit.key, 0) + 1
            weight[unit.key] = max(weight.get(unit.key, 0.0), unit.weight)
            words.setdefault(unit.key, unit.words)
        asked = [
            _Asked(key, weight[key] * (1 + self._weights.repeated * math.log(times[key])), words[key]) for key in weight
        ]
        asked.sort(key=lambda unit: (-unit.weight * self._rarity(unit.key), unit.key))
        return asked[: self._weights.query_terms]

    def _query_units(self, tokens: list[_Reading]) -> Iterable[Unit]:
        likeness = {token.word: value for token, value, _ in tokens if value < 1}
        for unit in units_of([token for token, _, _ in tokens], self._vocabulary, self._weights):
            sure = min((likeness.get(word, 1.0) for word in unit.words), default=1.0)
            yield Unit(unit.key, unit.weight * sure, unit.words)
        for token, _, others in tokens:
            for term, value in others:
                base = word_weight(Token(term, token.word), self._vocabulary, self._weights)
                yield Unit(term, base * value, (token.word,))

    def _respelt_all(self, tokens: Iterable[Token]) -> list[_Reading]:
        """Every token as known words read it; in a long text only the first MOST_RESPELT unknown are looked up."""
        readings = []
        looked_up = 0
        for token in tokens:
            known = token.whole or self._knows(token.term) or looked_up >= MOST_RESPELT
            looked_up += not known
            readings.append((token, 1.0, []) if known else self._respelt(token))
        return readings

    def _respelt(self, token: Token) -> _Reading:
        """The token as known words read it: best reading, how sure, and other readings with their weights."""
        guesses = self._speller.guesses(token.term)
        if not guesses:
            return token, 1.0, []
        (nearest, likeness), *rest = guesses
        factor = self._weights.slip if likeness >= ONE_SLIP else self._weights.guess * likeness
        return Token(nearest, token.word), factor, [(known, value * self._weights.guess) for known, value in rest]

    def _knows(self, term: str) -> bool:
        return term in self._term_ids or term in self._vocabulary.known or term in self._fresh

    def _explain(self, ref: str, asked: Sequence[_Asked]) -> tuple[Term, ...]:
        """The query's words that matched `ref`, strongest first, shares of the score, at most KEPT_TERMS."""
        gains: dict[str, float] = {}
        places: dict[str, tuple[float, str]] = {}
        total = 0.0
        for unit in asked:
            gain, name = self._gain(ref, unit)
            if gain <= 0:
                continue
            total += gain
            text = " ".join(dict.fromkeys(unit.words))
            gains[text] = gains.get(text, 0.0) + gain
            if gain > places.get(text, (0.0, ""))[0]:
                places[text] = (gain, name)
        order = sorted(gains, key=lambda text: (-gains[text], text))[:KEPT_TERMS]
        return tuple(Term(text, round(gains[text] / total, 4), places[text][1]) for text in order)

    def _gain(self, ref: str, unit: _Asked) -> tuple[float, str]:
        """What `unit` adds to the score of `ref`, and the field it matched in."""
        if ref in self._added:
            value, strongest = self._added[ref][1].get(unit.key, (0.0, 0))
            return unit.weight * value * self._rarity(unit.key), self._fit.fields[strongest]
        term = self._term_ids.get(unit.key)
        if term is None:
            return 0.0, ""
        postings, place = self._fit.postings, self._places[ref]
        column = postings.column(term)
        held = postings.documents[column]
        at = int(held.searchsorted(np.int32(place)))  # the same type, or the column would be copied
        if at == len(held) or held[at] != place:
            return 0.0, ""
        return unit.weight * float(postings.weights[column][at]), self._fit.fields[int(postings.fields[column][at])]


def build_index(
    items: Iterable[Entry | Document],
    vocabulary: Vocabulary,
    cache_folder: Path | None = None,
    *,
    weights: Weights | None = None,
    progress: Callable[[int], None] | None = None,
) -> Index:
    """The index over `items` (entries or documents, any order).

    With `cache_folder` the fit is kept there under a hash of content, vocabulary and weights, and read back instead of
    fitted when nothing changed; a damaged or missing cache file is fitted again. `progress` hears of each thousand
    documents read. Raises InvalidKnowledge for a ref that
    comes twice.
    """
    weights = weights or Weights()
    documents = documents_of(items)
    if cache_folder is None:
        return _ready(Index(fit_documents(documents, vocabulary, weights, progress), vocabulary, weights))
    path = cache_folder / f"index-{content_hash(documents, vocabulary, weights)}.npz"
    fit = load_fit(path)
    if fit is None:
        fit = fit_documents(documents, vocabulary, weights, progress)
        save_fit(path, fit)
    return _ready(Index(fit, vocabulary, weights))


def _ready(index: Index) -> Index:
    return index.warm() if len(index) > LARGE else index
