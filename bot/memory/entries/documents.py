"""Entries as JSON documents and back, for keeping them outside the folder. Reading checks what writing promised."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.errors import InvalidKnowledge
from bot.memory.entries.entries import REF, Entry

_ENTRY = TypeAdapter(Entry)


def to_document(entry: Entry) -> dict[str, Any]:
    """The entry as plain JSON values; where it was read from is left out."""
    document: dict[str, Any] = _ENTRY.dump_python(entry, mode="json", exclude={"path"})
    if entry.archived_at is None:  # the content of what was kept before there was an archive stays the same
        del document["archived_at"]
    return document


def content_hash(document: dict[str, Any]) -> str:
    """Names a document's content: equal content, equal hash."""
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def from_document(document: dict[str, Any]) -> Entry:
    """The entry of a document. Raises InvalidKnowledge naming the ref and what is wrong."""
    ref = str(document.get("ref"))
    try:
        entry = _ENTRY.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        reason = "is missing" if first["type"] == "missing" else first["msg"]
        raise InvalidKnowledge(f"{ref}: {place}: {reason}.") from error
    if not REF.fullmatch(entry.ref) or not entry.title:
        raise InvalidKnowledge(f"{ref}: ref, kind and title do not make an entry.")
    if not any(name.casefold() == "symptoms" for name, _ in entry.sections):
        raise InvalidKnowledge(f"{ref}: the section Symptoms is missing.")
    return entry
