"""`python -m bench.similar`: the similar-incident index against bm25s on the same documents: answers, time, memory."""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import bm25s
import Stemmer

from bench.corpus import Corpus
from bench.figures import figure, percentile
from bot.memory.entries.entries import read_entries
from bot.memory.index.documents import Document, documents_of, read_corpus
from bot.memory.index.index import Index, build_index
from bot.memory.index.vocabulary import Vocabulary, read_vocabulary

ROOT = Path(__file__).parents[1]
QUERIES = ROOT / "tests" / "memory" / "data" / "queries.jsonl"
SIZES = (10_000, 100_000, 1_000_000)
ASKED = 300  # timed queries

Search = Callable[[str, int], list[str]]


def measure(sizes: Sequence[int] = SIZES, sets: Path | None = None) -> None:
    """Print all figures. `sets` is a folder with retrieval_dev.jsonl and public/ recurrence files, if there is one."""
    vocabulary = read_vocabulary(ROOT / "knowledge" / "vocabulary.yaml")
    _quality("graded queries, incidents", QUERIES, _shipped_incidents(), vocabulary)
    if sets is not None:
        _quality("retrieval_dev, incidents", sets / "retrieval_dev.jsonl", _shipped_incidents(), vocabulary)
        corpus = read_corpus(sets / "public" / "postmortem_corpus.jsonl.gz")
        _quality("recurrence_dev", sets / "public" / "recurrence_dev.jsonl", corpus, vocabulary)
    _start()
    before: tuple[float, float] | None = None
    for size in sizes:
        p99 = _speed(size, vocabulary)
        if before is not None:
            ours, theirs = p99[0] / before[0], p99[1] / before[1]
            print(f"{'  growth of p99 from the size before':52} ours ×{ours:.1f}, bm25s ×{theirs:.1f}")
            figure("  growth, ours over bm25s", ours / theirs, "×", 1.0)
        before = p99


def _shipped_incidents() -> list[Document]:
    return documents_of(entry for entry in read_entries(ROOT / "knowledge") if entry.kind == "incident")


def _ours(documents: Sequence[Document], vocabulary: Vocabulary) -> Search:
    index = build_index(documents, vocabulary)
    return lambda query, count: [match.ref for match in index.search(query, limit=count, below_threshold=True)]


def _theirs(documents: Sequence[Document]) -> Search:
    stemmer = Stemmer.Stemmer("english")

    def tokens(texts: list[str]) -> object:
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    peer = bm25s.BM25()
    peer.index(tokens([" ".join(text for _, text in document.fields) for document in documents]), show_progress=False)

    def search(query: str, count: int) -> list[str]:
        found, _ = peer.retrieve(tokens([query]), k=min(count, len(documents)), show_progress=False)
        return [documents[place].ref for place in found[0]]

    return search


def _quality(name: str, queries: Path, documents: Sequence[Document], vocabulary: Vocabulary) -> None:
    held = {document.ref for document in documents}
    rows = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    for who, search in (("ours", _ours(documents, vocabulary)), ("bm25s", _theirs(documents))):
        places: dict[str, list[int]] = {}
        for row in rows:
            wanted = {ref for ref, grade in row["rel"].items() if grade == 3} & held
            if wanted:
                found = [ref for ref in search(row["query"], 11) if ref != row["id"]]
                place = next((i for i, ref in enumerate(found) if ref in wanted), 99)
                for group in ("all", *([row["difficulty"]] if "difficulty" in row else [])):
                    places.setdefault(group, []).append(place)
        for group, ranks in sorted(places.items()):
            hits = "  ".join(f"hit{n} {sum(rank < n for rank in ranks) / len(ranks):.3f}" for n in (1, 3, 5))
            mean = sum(1 / (rank + 1) for rank in ranks if rank < 10) / len(ranks)
            print(f"{name}, {who:5} {group:7} n={len(ranks):<4} {hits}  mrr10 {mean:.3f}", flush=True)


def _start() -> None:
    """A fresh process from nothing to its first answer on the shipped knowledge, without and with the kept fit."""
    code = (
        "from pathlib import Path; from bot.memory.entries.entries import read_entries; "
        "from bot.memory.index.index import build_index; from bot.memory.index.vocabulary import read_vocabulary; "
        "k = Path('knowledge'); i = build_index(read_entries(k), read_vocabulary(k / 'vocabulary.yaml')); "
        "assert i.search('carts are empty')"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    figure("shipped knowledge, process start to first answer", time.perf_counter() - started, "s", 1.5)


def _speed(size: int, vocabulary: Vocabulary) -> tuple[float, float]:
    """Print fit, memory, adding and query times at `size`; the p99 of both in milliseconds."""
    corpus = Corpus()
    documents = list(corpus.documents(size))
    queries = corpus.queries(ASKED)
    started = time.perf_counter()
    index = build_index(documents, vocabulary)
    figure(f"{size} documents: fit", time.perf_counter() - started, "s", 60.0 if size == 100_000 else None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figure("  memory, highest so far", peak, "MB", 2048.0 if size == 100_000 else None)
    started = time.perf_counter()
    changed = index.with_entry(Document("NEW-1", "incident", "Quokka", (("title", "the quokka of the checkout"),)))
    assert changed.search("quokka", below_threshold=True)[0].ref == "NEW-1"
    figure("  one added and found", (time.perf_counter() - started) * 1e3, "ms", 100.0)
    ours = _times(_searching(index), queries)
    del index, changed
    gc.collect()
    peer = _theirs(documents)
    theirs = _times(lambda query: peer(query, 10), queries)
    p99 = percentile(ours, 0.99), percentile(theirs, 0.99)
    print(f"  {'query p50 / p99':50} ours {percentile(ours, 0.5):.2f} / {p99[0]:.2f} ms", end="")
    print(f"   bm25s {percentile(theirs, 0.5):.2f} / {p99[1]:.2f} ms")
    figure("  query p99", p99[0], "ms", 10.0 if size == 100_000 else None)
    figure("  query p99 over bm25s", p99[0] / p99[1], "×", 3.0 if size == 100_000 else None)
    return p99


def _searching(index: Index) -> Callable[[str], object]:
    return lambda query: index.search(query, limit=10, below_threshold=True)


def _times(search: Callable[[str], object], queries: Sequence[str]) -> list[float]:
    """Milliseconds of each query; the first pass warms caches and is not counted."""
    for query in queries[:20]:
        search(query)
    times = []
    for query in queries:
        started = time.perf_counter()
        search(query)
        times.append((time.perf_counter() - started) * 1e3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.similar", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="documents in the made-up corpora")
    parser.add_argument("--sets", type=Path, help="a folder with further graded sets")
    asked = parser.parse_args()
    measure(asked.sizes, asked.sets)


if __name__ == "__main__":
    main()
