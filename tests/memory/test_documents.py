"""Documents as people's offices write them are read as a person reads them: `bench/documents` says what that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.importer import SETS, Document, mistakes, read_set

_BY_ITSELF = frozenset({".md", ".txt", ".ipynb", ".log"})  # need no pandoc, which takes a third of a second each


def quick(documents: list[Document]) -> list[Document]:
    """All that are read in no time, and one of every other format."""
    others: dict[str, Document] = {}
    for document in documents:
        others.setdefault(Path(document.name).suffix, document)
    return [one for one in documents if Path(one.name).suffix in _BY_ITSELF or one in others.values()]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return [document for name in SETS for document in read_set(name)]


def test_there_are_many_documents_in_many_formats(documents: list[Document]) -> None:
    assert len(documents) >= 60
    assert len({Path(document.name).suffix for document in documents}) >= 12


def test_at_least_nine_of_ten_documents_are_read_right(documents: list[Document], tmp_path: Path) -> None:
    tried = quick(documents)
    wrong = {document.name: said for document in tried if (said := mistakes(document, tmp_path))}
    assert len(wrong) <= 0.1 * len(tried), wrong


def test_a_mistake_is_told(tmp_path: Path) -> None:
    text = "# Lifts stood still\n\n**Severity:** P1\n\n## Summary\n\nTwo lifts failed.\n\n## Root cause\n\nA relay.\n"
    assert mistakes(Document("a.md", text, ("Lifts stood still | None | P1 | Symptoms,Root cause",)), tmp_path) == []
    told = mistakes(Document("a.md", text, ("Lifts | 2031-01-01 | P2 | Symptoms,Resolution",)), tmp_path)
    assert len(told) == 4
    assert mistakes(Document("a.md", text, ("none",)), tmp_path) == ["found 'Lifts stood still'"]
