"""Documents to a Fit: what the index learns from all of them at once. The only place that reads every document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bot.triage.documents import Document
from bot.triage.postings import Collector, Postings
from bot.triage.ranking import Weights
from bot.triage.terms import read_units
from bot.triage.vocabulary import Vocabulary

Counts = dict[str, tuple[float, int]]  # key → (weighted frequency over the fields, strongest field)
FORMAT = 1  # of the cached fit; raise it when reading, stemming or weighing changes


@dataclass(frozen=True, slots=True)
class Fit:
    """What fitting yields and the cache keeps. Never changed: live changes lie beside it in the Index."""

    refs: tuple[str, ...]
    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    terms: tuple[str, ...]
    lengths: tuple[float, ...]  # mean weight of each field's text, aligned with `fields`
    postings: Postings


def fit_documents(documents: Sequence[Document], vocabulary: Vocabulary, weights: Weights) -> Fit:
    """Fit `documents`, which are in their final order. No documents give a fit that finds nothing."""
    fields = tuple(sorted({name for document in documents for name, _ in document.fields} | set(weights.fields)))
    read = [_read(document, vocabulary, weights) for document in documents]
    lengths = _mean_lengths(read, fields)
    ids: dict[str, int] = {}
    collector = Collector()
    for units in read:
        counts = count(units, fields, lengths, weights)
        collector.add({ids.setdefault(key, len(ids)): value for key, value in counts.items()})
    return Fit(
        refs=tuple(document.ref for document in documents),
        kinds=tuple(document.kind for document in documents),
        fields=fields,
        terms=tuple(ids),
        lengths=lengths,
        postings=collector.close(len(ids), weights),
    )


FieldUnits = dict[str, dict[str, float]]  # field → key → summed unit weight


def _read(document: Document, vocabulary: Vocabulary, weights: Weights) -> FieldUnits:
    read: FieldUnits = {}
    for name, text in document.fields:
        sums = read.setdefault(name, {})
        for unit in read_units(text, vocabulary, weights):
            sums[unit.key] = sums.get(unit.key, 0.0) + 1.0
    return read


def _mean_lengths(read: Sequence[FieldUnits], fields: tuple[str, ...]) -> tuple[float, ...]:
    means = []
    for name in fields:
        lengths = [sum(units[name].values()) for units in read if units.get(name)]
        means.append(sum(lengths) / len(lengths) if lengths else 1.0)
    return tuple(means)


def count(units: FieldUnits, fields: tuple[str, ...], lengths: tuple[float, ...], weights: Weights) -> Counts:
    """BM25F: each field's frequencies over that field's relative length, times the field's weight, summed by key."""
    totals: dict[str, float] = {}
    strongest: dict[str, tuple[float, int]] = {}
    for name, sums in units.items():
        place = fields.index(name) if name in fields else fields.index("text")
        length = sum(sums.values()) / lengths[place]
        share = weights.fields.get(name, weights.other_field) / (1 - weights.length + weights.length * length)
        for key, times in sums.items():
            gain = times * share
            totals[key] = totals.get(key, 0.0) + gain
            if gain > strongest.get(key, (0.0, 0))[0]:
                strongest[key] = (gain, place)
    return {key: (total, strongest[key][1]) for key, total in totals.items()}


def count_document(document: Document, fit: Fit, vocabulary: Vocabulary, weights: Weights) -> Counts:
    """One document measured by what `fit` knows: for entries that come after it."""
    return count(_read(document, vocabulary, weights), fit.fields, fit.lengths, weights)


def content_hash(documents: Sequence[Document], vocabulary: Vocabulary, weights: Weights) -> str:
    """Names a fit by all that it depends on."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    digest.update(json.dumps(asdict(weights), sort_keys=True).encode())
    digest.update(vocabulary.fingerprint.encode())
    for document in documents:
        digest.update(json.dumps([document.ref, document.kind, document.fields]).encode())
    return digest.hexdigest()[:32]
