"""The similar-incident index: fit once, ask often, change one entry at a time. Says which words made a match."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.memory.entries.entries import Entry
from bot.memory.index.documents import Document, document_of, documents_of, passage_of
from bot.memory.index.fitting import Fit, content_hash, count_document, fit_documents
from bot.memory.index.naming import names_nothing_else
from bot.memory.index.postings import best, gains_of
from bot.memory.index.ranking import Weights
from bot.memory.index.reading import UNHELD, Asked, QueryReader
from bot.memory.index.snapshot import load_fit, save_fit
from bot.memory.index.spelling import Speller
from bot.memory.index.terms import CONCEPT, PAIR
from bot.memory.index.vocabulary import Vocabulary, read_vocabulary
from bot.memory.meaning.blending import POOL, Blend
from bot.memory.meaning.vectors import Meanings

_MARKS = (CONCEPT, PAIR)
KEPT_TERMS = 8  # words named in an explanation
MOST_READ = 200_000  # terms, most frequent first, among which the speller's words are found


class Term(NamedTuple):
    """Words of the query, their share of the match's score (0..1), and the field in which they matched."""

    text: str
    share: float
    field: str


class Match(NamedTuple):
    """A document that looks like the query. `by_words` 0..1 is the share of the query's weight that it answers.

    `score` orders matches: the same, and with a sentence encoder how near the meanings are beside it.
    """

    ref: str
    score: float
    terms: tuple[Term, ...]
    by_words: float = 0.0
    meaning: float = 0.0  # cosine, 0 without encoder
    by_meaning_alone: bool = False  # by its words it would not have been found


class _Found(NamedTuple):
    """A document, its score before it is divided, and (place in `asked`, gain, field) of what matched."""

    ref: str
    raw: float
    gains: Sequence[tuple[int, float, int]]
    asked: Sequence[Asked]


class Index:
    """A fit, and the entries added or removed since. Immutable: a change gives a new Index that shares the fit."""

    def __init__(
        self,
        fit: Fit,
        vocabulary: Vocabulary,
        weights: Weights,
        added: dict[str, tuple[str, dict[str, tuple[float, int]]]] | None = None,
        removed: frozenset[str] = frozenset(),
        blend: Blend | None = None,
        added_keys: dict[str, str] | None = None,
    ) -> None:
        self._fit = fit
        self._vocabulary = vocabulary
        self._weights = weights
        self._added = added or {}  # ref → (kind, key → (weight without idf, field))
        self._removed = removed
        self._blend = blend
        self._added_keys = added_keys or {}  # ref → the key of its passage

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
        order = np.argsort(-np.diff(self._fit.postings.starts), kind="stable")[:MOST_READ].tolist()
        terms = self._fit.terms
        words = [term for term in [terms[i] for i in order] if term[0] not in _MARKS]
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
        keys = self._added_keys if self._blend is None else {**self._added_keys, document.ref: passage_of(document).key}
        return self._changed({**self._added, document.ref: (document.kind, held)}, removed, keys)

    def without(self, ref: str) -> Index:
        """The index without `ref`; the same index when it holds no such ref."""
        if ref not in self._added and (ref not in self._places or ref in self._removed):
            return self
        added = {known: held for known, held in self._added.items() if known != ref}
        keys = {known: key for known, key in self._added_keys.items() if known != ref}
        return self._changed(added, self._removed | {ref} if ref in self._places else self._removed, keys)

    def _changed(
        self,
        added: dict[str, tuple[str, dict[str, tuple[float, int]]]],
        removed: frozenset[str],
        keys: dict[str, str],
    ) -> Index:
        index = Index(self._fit, self._vocabulary, self._weights, added, removed, self._blend, keys)
        for name in ("_term_ids", "_places", "_kind_codes", "_speller"):  # what follows from the fit alone is shared
            if name in self.__dict__:
                index.__dict__[name] = self.__dict__[name]
        return index

    def search(
        self,
        query: str,
        *,
        limit: int = 3,
        kind: str | None = None,
        below_threshold: bool = False,
        explained: int | None = None,
    ) -> tuple[Match, ...]:
        """The `limit` best matches, best first, ties by ref. Nothing that scores under the threshold unless asked for.

        Only the first `explained` matches say their terms, all where it is None. The same query on the same entries
        gives the same answer. Empty queries, stop words only, other languages: ().
        """
        asked = self._ask(query)
        whole = self._whole(asked)
        if limit < 1 or (whole <= 0 and (self._blend is None or not query.strip())):
            return ()
        explained = limit if explained is None else explained
        if self._blend is not None:
            return self._search_by_both(query, asked, limit, kind, below_threshold, explained)
        least = 0.0 if below_threshold else self._weights.threshold
        matches: list[Match] = []
        for found in self._found(asked, limit, kind, explained)[:limit]:
            score = _rounded(min(1.0, found.raw / whole), 1e6)
            if score >= least and found.raw > 0:
                terms = self._explain(found) if len(matches) < explained else ()
                matches.append(Match(found.ref, score, terms, score))
        return tuple(matches)

    def _found(self, asked: Sequence[Asked], limit: int, kind: str | None, explained: int) -> list[_Found]:
        """The best by words, best first."""
        found = self._in_fit(asked, limit, kind, explained)
        if self._added:
            found += self._in_added(asked, kind)
            found.sort(key=lambda one: (-one.raw, one.ref))
        return found

    def _search_by_both(
        self,
        query: str,
        asked: Sequence[Asked],
        limit: int,
        kind: str | None,
        below_threshold: bool,
        explained: int,
    ) -> tuple[Match, ...]:
        """As `search`, by words and meaning together."""
        weights, whole = self._weights, self._whole(asked)
        found = {one.ref: one for one in self._found(asked, max(limit, POOL), kind, 0)} if whole > 0 else {}
        likeness = self._likeness(query, kind)
        matches = []
        for ref in {**found, **likeness}:
            near, words = likeness.get(ref, 0.0), min(1.0, found[ref].raw / whole) if ref in found else 0.0
            known = words >= weights.threshold
            if below_threshold or known or near >= weights.alike:
                score = round(min(1.0, words + weights.meaning * near), 6)
                matches.append(Match(ref, score, (), round(words, 6), round(near, 4), not known))
        matches.sort(key=lambda match: (-match.score, match.ref))
        best_few = matches[:limit]
        for number, match in enumerate(best_few[:explained]):
            if match.ref in found:
                best_few[number] = match._replace(terms=self._explain(self._with_gains(found[match.ref])))
        return tuple(best_few)

    def _likeness(self, query: str, kind: str | None) -> dict[str, float]:
        """Ref → cosine of those documents that are nearest in meaning."""
        assert self._blend is not None
        allowed = None if kind is None else self._kind_codes == kind
        refs = self._fit.refs
        near = {refs[place]: cosine for place, cosine in self._blend.nearest(query, allowed).items()}
        near = {ref: cosine for ref, cosine in near.items() if ref not in self._removed}
        keys = {ref: key for ref, key in self._added_keys.items() if kind is None or self._added[ref][0] == kind}
        return near | self._blend.of_added(query, keys)

    def _with_gains(self, found: _Found) -> _Found:
        """A match that was found without them, with what each word of the query added to it."""
        if found.ref in self._added:
            return found
        query = [(asked.term, asked.weight) for asked in found.asked]
        return found._replace(gains=gains_of(self._fit.postings, query, self._places[found.ref]))

    def names_nothing_else(self, query: str, match: Match) -> bool:
        """Whether all that the query names, beside that it is broken and for whom, is among the words that matched."""
        return names_nothing_else(query, [term.text for term in match.terms], self._vocabulary, self._weights)

    def _in_fit(self, asked: Sequence[Asked], limit: int, kind: str | None, explained: int) -> list[_Found]:
        allowed = None if kind is None else self._kind_codes == kind
        held = [one for one in asked if one.term != UNHELD]
        refs, removed = self._fit.refs, self._removed
        query = [(one.term, one.weight) for one in held]
        hits = best(self._fit.postings, query, allowed, limit + len(removed), explained + len(removed))
        return [
            _Found(refs[document], score, gains, held)
            for document, score, gains in hits
            if not removed or refs[document] not in removed
        ]

    def _in_added(self, asked: Sequence[Asked], kind: str | None) -> list[_Found]:
        found = []
        for ref, (its_kind, held) in self._added.items():
            if kind is None or its_kind == kind:
                gains = [
                    (number, unit.weight * held[unit.key][0] * unit.rarity, held[unit.key][1])
                    for number, unit in enumerate(asked)
                    if unit.key in held
                ]
                if score := sum(gain for _, gain, _ in gains):
                    found.append(_Found(ref, score, gains, asked))
        return found

    @cached_property
    def _rarest(self) -> float:
        return math.log1p((len(self) + 0.5) / 1.5)

    @cached_property
    def _reader(self) -> QueryReader:
        pairs = len(self._fit.refs) <= self._weights.pair_documents
        return QueryReader(
            self._term_ids,
            self._fit.postings.rarity.data,
            self._rarest,
            self._fresh,
            self._speller,
            self._vocabulary,
            self._weights,
            pairs,
        )

    def _ask(self, query: str) -> list[Asked]:
        """What the query asks for, at most `query_terms` of it, the weightiest."""
        asked = self._reader.read(query)
        most = self._weights.query_terms
        if len(asked) <= most:
            return asked
        return sorted(asked, key=lambda one: (-one.weight * one.rarity, one.key))[:most]

    def _whole(self, asked: Sequence[Asked]) -> float:
        """What the score 1.0 stands for: every word of the query answered well, and enough words to be sure."""
        total = sum([one.worth for one in asked])
        if total <= 0:
            return 0.0
        return self._full * (total + self._weights.doubt * self._rarest)

    @cached_property
    def _full(self) -> float:
        return self._weights.full

    def _explain(self, found: _Found) -> tuple[Term, ...]:
        """The query's words that matched, strongest first, with their shares of the score, at most KEPT_TERMS."""
        asked, fields = found.asked, self._fit.fields
        totals: dict[str, float] = {}
        strongest: dict[str, tuple[float, int]] = {}
        for number, gain, field in found.gains:
            text = asked[number].text
            if text not in totals:
                totals[text], strongest[text] = gain, (gain, field)
                continue
            totals[text] += gain
            if gain > strongest[text][0]:
                strongest[text] = gain, field
        whole = 1e4 / sum(totals.values())
        order = sorted([(-total, text) for text, total in totals.items()])[:KEPT_TERMS]
        return tuple([Term(text, int(0.5 - less * whole) / 1e4, fields[strongest[text][1]]) for less, text in order])


def _rounded(value: float, steps: float) -> float:
    """`value`, which is not below 0, to the next of so many steps to 1; `round` takes three times as long."""
    return int(value * steps + 0.5) / steps


def index_of(
    knowledge: Path,
    cache_folder: Path,
    items: Iterable[Entry | Document],
    progress: Callable[[int], None] | None = None,
    meanings: Meanings | None = None,
) -> Index:
    """The index over `items` by the vocabulary of a knowledge folder, as `build_index` makes it."""
    vocabulary = read_vocabulary(knowledge / "vocabulary.yaml")
    return build_index(items, vocabulary, cache_folder, progress=progress, meanings=meanings)


def build_index(
    items: Iterable[Entry | Document],
    vocabulary: Vocabulary,
    cache_folder: Path | None = None,
    *,
    weights: Weights | None = None,
    progress: Callable[[int], None] | None = None,
    meanings: Meanings | None = None,
) -> Index:
    """The index over `items` (entries or documents, any order).

    With `cache_folder` the fit is kept there under a hash of content, vocabulary and weights, and read back instead of
    fitted when nothing changed; a damaged or missing cache file is fitted again. `progress` hears of each thousand
    documents read. With `meanings` it searches by meaning, too, as far as their vectors are learnt. Raises
    InvalidKnowledge for a ref that comes twice.
    """
    weights = weights or Weights()
    documents = documents_of(items)
    fit = _fit_of(documents, vocabulary, cache_folder, weights, progress)
    blend = Blend(meanings, [passage_of(document).key for document in documents]) if meanings else None
    return Index(fit, vocabulary, weights, blend=blend).warm()


def _fit_of(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    cache_folder: Path | None,
    weights: Weights,
    progress: Callable[[int], None] | None,
) -> Fit:
    if cache_folder is None:
        return fit_documents(documents, vocabulary, weights, progress)
    path = cache_folder / f"index-{content_hash(documents, vocabulary, weights)}.npz"
    fit = load_fit(path)
    if fit is None:
        fit = fit_documents(documents, vocabulary, weights, progress)
        save_fit(path, fit)
    return fit
