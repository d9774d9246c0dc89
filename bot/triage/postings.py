"""The sparse columns of the index: for each term the documents that hold it. Arrays only; knows nothing of text."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.triage.ranking import Weights

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

    def column(self, term: int) -> slice:
        return slice(int(self.starts[term]), int(self.starts[term + 1]))


class Collector:
    """Gathers (term, document, frequency, field) and closes into Postings. One document at a time, in order."""

    def __init__(self) -> None:
        self._terms = array("i")
        self._documents = array("i")
        self._frequencies = array("f")
        self._fields = array("B")
        self.size = 0

    def add(self, counts: dict[int, tuple[float, int]]) -> None:
        """The next document's terms: term → (weighted frequency, strongest field)."""
        place = self.size
        self._terms.extend(counts)
        self._documents.extend([place] * len(counts))
        self._frequencies.extend([frequency for frequency, _ in counts.values()])
        self._fields.extend([strongest for _, strongest in counts.values()])
        self.size += 1

    def close(self, terms: int, weights: Weights) -> Postings:
        """Columns for terms 0..terms-1, weighted."""
        ids = np.frombuffer(self._terms, dtype=np.int32) if self._terms else np.zeros(0, np.int32)
        order = np.argsort(ids, kind="stable")
        held = np.bincount(ids, minlength=terms)
        starts = np.zeros(terms + 1, np.int64)
        np.cumsum(held, out=starts[1:])
        documents = np.array(self._documents, dtype=np.int32)[order]
        frequencies = np.array(self._frequencies, dtype=np.float32)[order]
        fields = np.array(self._fields, dtype=np.uint8)[order]
        rarity = idf(held, self.size)
        values = saturated(frequencies, weights) * np.repeat(rarity, held)
        peaks = np.zeros(terms, np.float32)
        filled = held > 0
        if values.size:
            peaks[filled] = np.maximum.reduceat(values, starts[:-1][filled])
        return Postings(starts, documents, values.astype(np.float32), fields, rarity, peaks, self.size)


def idf(held: npt.NDArray[np.int64], size: int) -> Floats:
    """BM25's inverse document frequency, always above zero. Shape (terms,)."""
    return np.log1p((size - held + 0.5) / (held + 0.5)).astype(np.float32)


def saturated(frequencies: Floats, weights: Weights) -> Floats:
    """Weighted frequencies (already divided by length) to 0..k1 + 1: the second mention adds less than the first."""
    return (frequencies * (weights.saturation + 1) / (frequencies + weights.saturation)).astype(np.float32)


def best(
    postings: Postings, query: Sequence[tuple[int, float]], allowed: npt.NDArray[np.bool_] | None, count: int
) -> list[tuple[int, float]]:
    """The `count` best documents as (document, score), best first, ties by document number. Exact.

    `query` is (term, weight). Columns are read from the strongest on; once no document outside those touched so far can
    reach the best `count`, the long columns of the weak terms are only looked up for the candidates that remain.
    """
    terms = [(term, weight) for term, weight in query if postings.starts[term] < postings.starts[term + 1]]
    if not terms or count < 1:
        return []
    terms.sort(key=lambda pair: (-float(postings.peaks[pair[0]]) * pair[1], pair[0]))
    bounds = [float(postings.peaks[term]) * weight for term, weight in terms]
    rest = sum(bounds)
    scores = np.zeros(postings.size, np.float32)
    touched: list[Ints] = []
    done = 0
    for term, weight in terms:
        if done and _may_stop(scores, touched, allowed, count, rest, postings.size):
            break
        column = postings.column(term)
        scores[postings.documents[column]] += postings.weights[column] * np.float32(weight)
        touched.append(postings.documents[column])
        rest -= bounds[done]
        done += 1
    candidates = np.unique(np.concatenate(touched)) if postings.size > 4 * sum(map(len, touched)) else _nonzero(scores)
    if allowed is not None:
        candidates = candidates[allowed[candidates]]
    values = scores[candidates]
    candidates, values = _keep_possible(candidates, values, count, rest)
    for term, weight in terms[done:]:
        values = values + _looked_up(postings, term, candidates) * np.float32(weight)
    order = np.lexsort((candidates, -values))[:count]
    return [(int(candidates[i]), float(values[i])) for i in order]


def _nonzero(scores: Floats) -> Ints:
    return np.flatnonzero(scores).astype(np.int32)


def _may_stop(
    scores: Floats,
    touched: list[Ints],
    allowed: npt.NDArray[np.bool_] | None,
    count: int,
    rest: float,
    size: int,
) -> bool:
    """Whether documents not yet touched are out: the remaining terms together cannot lift one into the best `count`."""
    if size < 2_000:
        return False  # reading everything costs less than asking
    seen = touched[0] if len(touched[0]) >= count else touched[-1]
    values = scores[seen] if allowed is None else scores[seen[allowed[seen]]]
    if len(values) < count:
        return False
    return float(np.partition(values, len(values) - count)[len(values) - count]) > rest


def _keep_possible(candidates: Ints, values: Floats, count: int, rest: float) -> tuple[Ints, Floats]:
    """Only candidates which the remaining terms could still lift into the best `count`."""
    if len(values) <= count:
        return candidates, values
    bar = np.partition(values, len(values) - count)[len(values) - count] - rest * 1.0001
    keep = values >= bar
    return candidates[keep], values[keep]


def _looked_up(postings: Postings, term: int, candidates: Ints) -> Floats:
    """The term's weight in each candidate, 0 where it is absent. Shape of `candidates`."""
    column = postings.column(term)
    held = postings.documents[column]
    places = np.minimum(np.searchsorted(held, candidates), len(held) - 1)
    found: Floats = np.where(held[places] == candidates, postings.weights[column][places], np.float32(0))
    return found
