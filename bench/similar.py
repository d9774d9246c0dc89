"""`python -m bench similar`: the similar-incident index against bm25s on the same documents: answers, time, memory.

Ours reads the query (misspelled words, concepts, pairs), scores, and says for each of the first three which words made
it a match, with their shares and fields. bm25s stems the query with PyStemmer, as its documentation recommends,
scores, and gives the documents. Each query is new to both, and asked of one after the other: of bm25s with its numpy
backend, and where numba is installed with that in turn, too. Fit and memory are those of a process of its own, without
making the documents. A million documents take minutes: `--sizes 1000000`.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
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
SIZES = (80, 1_000, 10_000, 100_000)
FITTED = 3  # times, of which the median counts; once where there are more than FITTED_ONCE documents
FITTED_ONCE = 10_000
ASKED = 420  # queries
WARM = 20  # of them not counted

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
    _shipped_speed(vocabulary)
    for size in sizes:
        _speed(size, vocabulary)


def _shipped_incidents() -> list[Document]:
    return documents_of(entry for entry in read_entries(ROOT / "knowledge") if entry.kind == "incident")


def _ours(documents: Sequence[Document], vocabulary: Vocabulary) -> Search:
    index = build_index(documents, vocabulary)
    return lambda query, count: [match.ref for match in index.search(query, limit=count, below_threshold=True)]


def _theirs(documents: Sequence[Document], backend: str = "numpy") -> Search:
    stemmer = Stemmer.Stemmer("english")

    def tokens(texts: list[str]) -> object:
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    peer = bm25s.BM25(backend=backend)
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


def _speed(size: int, vocabulary: Vocabulary) -> None:
    """Print adding and query times, fit and memory at `size`, each beside bm25s's."""
    corpus = Corpus()
    documents = list(corpus.documents(size))
    index, peer = build_index(documents, vocabulary), _theirs(documents)
    at = f"{size:,} documents"
    started = time.perf_counter()
    changed = index.with_entry(Document("NEW-1", "incident", "Quokka", (("title", "the quokka of the checkout"),)))
    assert changed.search("quokka", below_threshold=True)[0].ref == "NEW-1"
    figure(f"{at}: one added and found", (time.perf_counter() - started) * 1e3, "ms", 5.0)
    for count in (3, 10):
        ours, theirs = _interleaved(index, peer, corpus.queries(ASKED), count)
        _query_figures(f"{at}, {count} wanted", ours, theirs)
    if importlib.util.find_spec("numba") is not None:
        ours, theirs = _interleaved(index, _theirs(documents, "numba"), corpus.queries(ASKED), 10)
        _query_figures(f"{at}, 10 wanted, beside numba", ours, theirs)
    del index, changed, peer, documents  # of a million they take gigabytes
    (fit, memory), (their_fit, their_memory) = _fitted("ours", size), _fitted("theirs", size)
    figure(f"{at}: fit", fit, "s", 2 * their_fit, their_fit)
    figure(f"{at}: memory", memory, "MB", 2 * their_memory, their_memory)


def _query_figures(name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        their = percentile(theirs, share)
        figure(f"{name}: query {word}", percentile(ours, share), "ms", their, their)


def _fitted(who: str, size: int) -> tuple[float, float]:
    """Seconds of processor time and megabytes at the most that a fit takes, each in processes of their own."""
    code = f"from bench.similar import fit_once; fit_once({who!r}, {size})"
    rows = []
    for _ in range(FITTED if size <= FITTED_ONCE else 1):
        ran = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
        rows.append([float(number) for number in ran.stdout.split()])
    return statistics.median(row[0] for row in rows), statistics.median(row[1] for row in rows)


def fit_once(who: str, size: int) -> None:
    """Fit `size` documents and print the seconds and by how many megabytes the peak of this process's memory rose."""
    documents = list(Corpus().documents(size))
    vocabulary = read_vocabulary(ROOT / "knowledge" / "vocabulary.yaml")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is counted from here
    before, started = _peak(), time.process_time()
    made = build_index(documents, vocabulary) if who == "ours" else _theirs(documents)
    took = time.process_time() - started
    assert made is not None
    print(took, max(0.1, _peak() - before))


def _peak() -> float:
    """The most memory that this process held, in megabytes. That of getrusage includes the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _interleaved(index: Index, peer: Search, queries: Sequence[str], count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of processor time of each query, ours with the explanation of three, and the peer's.

    One and the other in turn, on queries that neither has seen: other programs on the machine slow down both.
    """
    ours: list[float] = []
    theirs: list[float] = []
    for query in queries:
        ours.append(_spent(lambda query=query: index.search(query, limit=count, below_threshold=True, explained=3)))  # type: ignore[misc]
        theirs.append(_spent(lambda query=query: peer(query, count)))  # type: ignore[misc]
    return ours[WARM:], theirs[WARM:]


def _spent(act: Callable[[], object]) -> float:
    started = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - started) / 1e6


def _shipped_speed(vocabulary: Vocabulary) -> None:
    """The entries that Tocsin ships, asked what people wrote of them: words of a language, most of them known."""
    documents = _shipped_incidents()
    queries = [json.loads(line)["query"] for line in QUERIES.read_text(encoding="utf-8").splitlines() if line.strip()]
    ours, theirs = _interleaved(build_index(documents, vocabulary), _theirs(documents), queries, 3)
    _query_figures(f"{len(documents)} shipped incidents, 3 wanted", ours, theirs)
