"""Documents to a Fit: what the index learns from all of them at once. The only place that reads every document."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from bot.memory.index.documents import Document
from bot.memory.index.postings import Collector, Postings
from bot.memory.index.ranking import Weights
from bot.memory.index.terms import K, KeyReader
from bot.memory.index.vocabulary import Vocabulary

Counts = dict[str, tuple[float, int]]  # key → (weighted frequency over the fields, strongest field)
FORMAT = 3  # of the cached fit; raise it when reading, stemming or weighing changes


@dataclass(frozen=True, slots=True)
class Fit:
    """What fitting yields and the cache keeps. Never changed: live changes lie beside it in the Index."""

    refs: tuple[str, ...]
    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    terms: tuple[str, ...]
    lengths: tuple[float, ...]  # mean number of terms of each field's text, aligned with `fields`
    postings: Postings


def fit_documents(
    documents: Sequence[Document],
    vocabulary: Vocabulary,
    weights: Weights,
    progress: Callable[[int], None] | None = None,
) -> Fit:
    """Fit `documents`, which are in their final order. No documents give a fit that finds nothing.

    `progress` is called after every thousand documents how many are read.
    """
    fields = tuple(sorted({name for document in documents for name, _ in document.fields} | set(weights.fields)))
    places = {name: place for place, name in enumerate(fields)}
    pairs = len(documents) <= weights.pair_documents
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__  # a new key gets the next number
    reader = KeyReader(vocabulary, pairs, ids.__getitem__)
    collector = Collector(len(fields))
    for number, document in enumerate(documents, start=1):
        read = read_document(document, reader)
        collector.add((places[name], times.keys(), times.values()) for name, times in read.items())
        if progress is not None and number % 1_000 == 0:
            progress(number)
    shares = np.array([weights.fields.get(name, weights.other_field) for name in fields], np.float32)
    return Fit(
        refs=tuple(document.ref for document in documents),
        kinds=tuple(document.kind for document in documents),
        fields=fields,
        terms=tuple(ids),
        lengths=tuple(float(length) for length in collector.mean_lengths()),
        postings=collector.close(len(ids), shares, weights),
    )


def read_document(document: Document, reader: KeyReader[K]) -> dict[str, Counter[K]]:
    """What each field of `document` says, and how often."""
    read: dict[str, Counter[K]] = {}
    for name, text in document.fields:
        if name in read:
            read[name].update(reader.keys(text))
        else:
            read[name] = Counter(reader.keys(text))
    return read


def count_document(document: Document, fit: Fit, vocabulary: Vocabulary, weights: Weights) -> Counts:
    """One document measured by what `fit` knows, as BM25F does: for entries that come after it."""
    totals: dict[str, float] = {}
    strongest: dict[str, tuple[float, int]] = {}
    pairs = len(fit.refs) <= weights.pair_documents
    for name, times in read_document(document, KeyReader(vocabulary, pairs, str)).items():
        place = fit.fields.index(name if name in fit.fields else "text")
        relative = sum(times.values()) / fit.lengths[place]
        share = weights.fields.get(name, weights.other_field) / (1 - weights.length + weights.length * relative)
        for key, said in times.items():
            totals[key] = totals.get(key, 0.0) + said * share
            if said * share > strongest.get(key, (0.0, 0))[0]:
                strongest[key] = (said * share, place)
    return {key: (total, strongest[key][1]) for key, total in totals.items()}


def content_hash(documents: Sequence[Document], vocabulary: Vocabulary, weights: Weights) -> str:
    """Names a fit by all that it depends on."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    digest.update(json.dumps(asdict(weights), sort_keys=True).encode())
    digest.update(vocabulary.fingerprint.encode())
    for document in documents:
        digest.update(json.dumps([document.ref, document.kind, document.fields]).encode())
    return digest.hexdigest()[:32]
