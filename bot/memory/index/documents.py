"""What the index holds: documents with named fields, made from knowledge entries or from the lines of a corpus file."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import InvalidKnowledge
from bot.memory.entries.entries import Entry
from bot.memory.meaning.vectors import Passage

_MEANT = 2_000  # characters of a document whose meaning is looked at


@dataclass(frozen=True, slots=True)
class Document:
    """A text under a reference. `fields` are (name, text); the same name may come more than once."""

    ref: str
    kind: str
    title: str
    fields: tuple[tuple[str, str], ...]


def document_of(entry: Entry) -> Document:
    """The searchable text of a knowledge entry."""
    facets = ", ".join([*entry.services, entry.platform or "", entry.category or ""])
    fields = [("title", entry.title), ("services", facets)]
    fields += [(name.casefold(), text) for name, text in entry.sections if name.casefold() != "related"]
    return Document(entry.ref, entry.kind, entry.title, tuple(fields))


def documents_of(items: Iterable[Entry | Document]) -> list[Document]:
    """Entries and documents as documents, sorted by ref. Raises InvalidKnowledge for a ref that comes twice."""
    documents = [item if isinstance(item, Document) else document_of(item) for item in items]
    documents.sort(key=lambda document: document.ref)
    for one, other in itertools.pairwise(documents):
        if one.ref == other.ref:
            raise InvalidKnowledge(f"ref {one.ref} is used twice.")
    return documents


def passage_of(document: Document) -> Passage:
    """What a document's vectors are made of: its title, and the beginning of what it says."""
    said = "\n".join(text for name, text in document.fields if name != "title")
    return Passage(document.title, said[:_MEANT])


def passages_of(items: Iterable[Entry | Document]) -> list[Passage]:
    """The passages of entries and documents."""
    return [passage_of(document) for document in documents_of(items)]


def read_corpus(path: Path) -> list[Document]:
    """Documents `{"ref","title","text"}`, one JSON object a line, from a plain or gzipped file.

    Raises InvalidKnowledge naming file, line and reason.
    """
    documents: list[Document] = []
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = raw.decode("utf-8-sig").split("\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidKnowledge(f"{path}:1: cannot be read as (gzipped) UTF-8 text ({error}).") from error
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            document = _corpus_document(line, f"{path}:{number}")
            if document.ref in seen:
                raise InvalidKnowledge(f"{path}:{number}: ref {document.ref} is used twice.")
            seen.add(document.ref)
            documents.append(document)
    return documents


def _corpus_document(line: str, where: str) -> Document:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise InvalidKnowledge(f"{where}: not a JSON object.") from error
    if not isinstance(data, dict) or not isinstance(data.get("ref"), str) or not data["ref"]:
        raise InvalidKnowledge(f'{where}: expected an object with a "ref".')
    title, text = data.get("title") or "", data.get("text") or ""
    if not isinstance(title, str) or not isinstance(text, str):
        raise InvalidKnowledge(f"{where}: title and text must be strings.")
    return Document(data["ref"], "incident", title, (("title", title), ("text", text)))
