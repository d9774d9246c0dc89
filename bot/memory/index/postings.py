"""The sparse columns of the index: for each term the documents that hold it. Arrays only; knows nothing of text."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.memory.index.ranking import Weights

FEW_ENTRIES = 30_000  # so many of all columns asked for are added up at once
FEW = 4  # so many best are looked for one by one, among few documents some more
GROUPS = 16  # scores of which only the largest is looked at first
LONG_COLUMN = 5_000  # shorter ones are read at once: asking whether they may be left out costs as much
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Postings:
    """Columns in compressed form: column t is `[starts[t]:starts[t + 1]]` of the other arrays, documents ascending.

    `weights` already carry idf, saturation and length; `fields` is the field in which the term counted most.
    """

    starts: npt.NDArray[np.int64]
    documents: Ints
    weights: Floats
    fields: npt.NDArray[np.uint8]
    rarity: Floats  # (terms,) idf
    peaks: Floats  # (terms,) the largest weight of each column
    size: int  # number of documents

    @property
    def spans(self) -> memoryview:
        """The starts, read one by one: in a fraction of the time that the array takes."""
        return self.starts.data

    def column(self, term: int) -> slice:
        return slice(int(self.starts[term]), int(self.starts[term + 1]))


class Collector:
    """Gathers how often each document says each term in each field, then closes into Postings. Documents in order."""

    def __init__(self, fields: int) -> None:
        self._terms = array("i")
        self._times = array("f")
        self._spans = array("i")  # entries of _terms that each (document, field) holds
        self._owners = array("i")
        self._fields = array("B")
        self._lengths = array("f")
        self._field_count = fields
        self.size = 0

    def add(self, document: Iterable[tuple[int, Collection[int], Collection[int]]]) -> None:
        """The next document: for each of its fields the field's number, its terms, and how often it says each."""
        for place, terms, times in document:
            self._terms.extend(terms)
            self._times.extend(times)
            self._spans.append(len(terms))
            self._owners.append(self.size)
            self._fields.append(place)
            self._lengths.append(sum(times))
        self.size += 1

    def mean_lengths(self) -> Floats:
        """Mean number of terms of each field over the documents that have it; 1 where none has. Shape (fields,)."""
        fields, lengths = np.array(self._fields, np.uint8), np.array(self._lengths, np.float32)
        filled = lengths > 0
        totals = np.bincount(fields[filled], weights=lengths[filled], minlength=self._field_count)
        counts = np.bincount(fields[filled], minlength=self._field_count)
        return np.where(counts > 0, totals / np.maximum(counts, 1), 1.0).astype(np.float32)

    def close(self, terms: int, shares: Floats, weights: Weights) -> Postings:
        """Columns for terms 0..terms-1. `shares` is what each field counts, shape (fields,)."""
        spans, fields = np.array(self._spans, np.int32), np.array(self._fields, np.uint8)
        relative = np.array(self._lengths, np.float32) / self.mean_lengths()[fields]
        share = (shares[fields] / (1 - weights.length + weights.length * relative)).astype(np.float32)
        ids = np.array(self._terms, np.int32)
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        gains = (np.array(self._times, np.float32) * np.repeat(share, spans))[order]
        owners = np.repeat(np.array(self._owners, np.int32), spans)[order]
        of_field = np.repeat(fields, spans)[order]
        del order
        return _merged(ids, owners, gains, of_field, terms, self.size, weights)


def _merged(
    ids: Ints, owners: Ints, gains: Floats, fields: npt.NDArray[np.uint8], terms: int, size: int, weights: Weights
) -> Postings:
    """Postings from rows sorted by term and document, of which a document may have one for each of its fields."""
    if not len(ids):
        empty = np.zeros(0, np.int32)
        nothing = np.zeros(0, np.float32)
        zeros = np.zeros(terms, np.float32)
        return Postings(np.zeros(terms + 1, np.int64), empty, nothing, np.zeros(0, np.uint8), zeros, zeros, size)
    fresh = np.ones(len(ids), bool)
    fresh[1:] = (ids[1:] != ids[:-1]) | (owners[1:] != owners[:-1])
    firsts = np.flatnonzero(fresh)
    sums = np.add.reduceat(gains, firsts)
    tops = np.maximum.reduceat(gains, firsts)
    group = np.cumsum(fresh) - 1
    leads = np.flatnonzero(gains == tops[group])
    _, keep = np.unique(group[leads], return_index=True)
    strongest = fields[leads[keep]]
    ids, owners = ids[firsts], owners[firsts]
    held = np.bincount(ids, minlength=terms)
    starts = np.zeros(terms + 1, np.int64)
    np.cumsum(held, out=starts[1:])
    rarity = idf(held, size)
    values = (saturated(sums, weights) * rarity[ids]).astype(np.float32)
    peaks = np.zeros(terms, np.float32)
    filled = held > 0
    peaks[filled] = np.maximum.reduceat(values, starts[:-1][filled])
    return Postings(starts, owners, values, strongest, rarity, peaks, size)


def idf(held: npt.NDArray[np.int64], size: int) -> Floats:
    """BM25's inverse document frequency, always above zero. Shape (terms,)."""
    return np.log1p((size - held + 0.5) / (held + 0.5)).astype(np.float32)


def saturated(frequencies: Floats, weights: Weights) -> Floats:
    """Weighted frequencies (already divided by length) to 0..k1 + 1: the second mention adds less than the first."""
    return (frequencies * (weights.saturation + 1) / (frequencies + weights.saturation)).astype(np.float32)


class Hit(NamedTuple):
    """A document's score, and what each query term that it holds added: (place in the query, gain, field)."""

    document: int
    score: float
    gains: Sequence[tuple[int, float, int]]


def best(
    postings: Postings,
    query: Sequence[tuple[int, float]],
    allowed: npt.NDArray[np.bool_] | None,
    count: int,
    explained: int,
) -> list[Hit]:
    """The `count` best documents, best first, ties by document number; gains only of the first `explained`. Exact.

    `query` is (term, weight).
    """
    if not query or count < 1:
        return []
    starts = postings.spans
    spans = [(starts[term], starts[term + 1]) for term, _ in query]
    if sum([stop - start for start, stop in spans]) > FEW_ENTRIES:
        found = _best_of_many(postings, query, allowed, count)
        return [Hit(*pair, gains_of(postings, query, pair[0]) if n < explained else ()) for n, pair in enumerate(found)]
    return _best_of_few(postings, query, spans, allowed, count, explained)


def _best_of_few(
    postings: Postings,
    query: Sequence[tuple[int, float]],
    spans: Sequence[tuple[int, int]],
    allowed: npt.NDArray[np.bool_] | None,
    count: int,
    explained: int,
) -> list[Hit]:
    """All columns added up at once: with few entries the number of steps is what takes time."""
    held, carried = postings.documents, postings.weights
    documents = np.concatenate([held[start:stop] for start, stop in spans])
    gains = np.concatenate([carried[start:stop] for start, stop in spans])
    lengths = [stop - start for start, stop in spans]
    gains *= np.array([weight for _, weight in query], np.float32).repeat(lengths)
    size = -(-postings.size // GROUPS) * GROUPS  # so that _first can divide them
    scores = np.bincount(documents, gains, size).astype(np.float64, copy=False)
    if allowed is not None:
        scores[: postings.size] *= allowed
    return [
        Hit(place, score, gains_of(postings, query, place) if n < explained else ())
        for n, (place, score) in enumerate(_first(scores, count))
    ]


def _first(scores: npt.NDArray[np.float64], count: int) -> list[tuple[int, float]]:
    """The `count` highest scores above 0 as (place, score), ties by place. May set them to 0."""
    if count <= FEW:  # a few passes for the largest take a fraction of anything else
        found: list[tuple[int, float]] = []
        while len(found) < count and (score := scores.item(place := int(scores.argmax()))) > 0:
            found.append((place, score))
            scores[place] = 0.0
        return found
    bar = _reached(scores, count)
    places = (scores >= bar).nonzero()[0] if bar > 0 else scores.nonzero()[0]
    values = scores[places]
    order = (-values).argsort(kind="stable")[:count]
    return list(zip(places[order].tolist(), values[order].tolist(), strict=True))


def _reached(scores: npt.NDArray[np.float64], count: int) -> float:
    """A score that at least `count` documents reach: of the largest in each of many groups, the one at that place."""
    size = len(scores) // GROUPS
    if size <= count:
        return 0.0
    largest = scores.reshape(GROUPS, size).max(axis=0)
    return float(np.partition(largest, size - count)[size - count])


def gains_of(postings: Postings, query: Sequence[tuple[int, float]], document: int) -> list[tuple[int, float, int]]:
    """As in Hit, for one document. Reads a few numbers of each column, which is quicker one by one than as arrays."""
    starts, held = postings.spans, postings.documents.data
    gains = []
    for number, (term, weight) in enumerate(query):
        stop = starts[term + 1]
        at = bisect_left(held, document, starts[term], stop)
        if at < stop and held[at] == document:
            gains.append((number, weight * postings.weights.item(at), postings.fields.item(at)))
    return gains


def _best_of_many(
    postings: Postings, query: Sequence[tuple[int, float]], allowed: npt.NDArray[np.bool_] | None, count: int
) -> list[tuple[int, float]]:
    """Columns are read from the strongest on; once no document outside those touched so far can reach the best `count`,
    the long columns of the weak terms are only looked up for the candidates that remain.
    """
    terms = [(term, weight) for term, weight in query if postings.starts[term] < postings.starts[term + 1]]
    if not terms:
        return []
    terms.sort(key=lambda pair: (-float(postings.peaks[pair[0]]) * pair[1], pair[0]))
    bounds = [float(postings.peaks[term]) * weight for term, weight in terms]
    scores = np.zeros(postings.size, np.float32)
    rest, bar, done = sum(bounds), 0.0, 0
    for term, weight in terms:
        column = postings.column(term)
        if column.stop - column.start > LONG_COLUMN and done:
            bar = _bar(scores, postings.documents[postings.column(terms[done - 1][0])], allowed, count, bar)
            if bar > rest:
                break
        scores[postings.documents[column]] += postings.weights[column] * np.float32(weight)
        rest -= bounds[done]
        done += 1
    candidates = np.flatnonzero(scores > max(0.0, bar - max(0.0, rest) * 1.001)).astype(np.int32)
    if allowed is not None:
        candidates = candidates[allowed[candidates]]
    values = scores[candidates]
    for place in range(done, len(terms)):
        candidates, values = _keep_possible(candidates, values, count, sum(bounds[place:]))
        values = values + _looked_up(postings, terms[place][0], candidates) * np.float32(terms[place][1])
    candidates, values = _keep_possible(candidates, values, count, 0.0)
    order = np.lexsort((candidates, -values))[:count]
    return [(int(candidates[i]), float(values[i])) for i in order]


def _bar(scores: Floats, column: Ints, allowed: npt.NDArray[np.bool_] | None, count: int, known: float) -> float:
    """A score that at least `count` documents have reached already: the better of `known` and the column's own."""
    values = scores[column] if allowed is None else scores[column[allowed[column]]]
    if len(values) < count:
        return known
    return max(known, float(np.partition(values, len(values) - count)[len(values) - count]))


def _keep_possible(candidates: Ints, values: Floats, count: int, rest: float) -> tuple[Ints, Floats]:
    """Only candidates which the remaining terms could still lift into the best `count`, ties included."""
    if len(values) <= count:
        return candidates, values
    bar = np.partition(values, len(values) - count)[len(values) - count] - rest * 1.001
    keep = values >= bar
    return candidates[keep], values[keep]


def _looked_up(postings: Postings, term: int, candidates: Ints) -> Floats:
    """The term's weight in each candidate, 0 where it is absent. Shape of `candidates`."""
    column = postings.column(term)
    held = postings.documents[column]
    places = np.minimum(np.searchsorted(held, candidates), len(held) - 1)
    found: Floats = np.where(held[places] == candidates, postings.weights[column][places], np.float32(0))
    return found
