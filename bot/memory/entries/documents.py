"""Entries as JSON documents and back, for keeping them outside the folder. Reading checks what writing promised."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any, cast

from bot.errors import InvalidKnowledge
from bot.memory.entries.entries import KINDS, REF, Entry, Kind
from bot.memory.entries.playbook import Command, Step
from bot.severity.rules import Severity

_TEXTS = ("source_label", "platform", "category", "source", "owner", "success")


def to_document(entry: Entry) -> dict[str, Any]:
    """The entry as plain JSON values; where it was read from is left out."""
    return {
        "ref": entry.ref,
        "kind": entry.kind,
        "title": entry.title,
        "severity": entry.severity.value if entry.severity else None,
        "date": entry.date.isoformat() if entry.date else None,
        "services": list(entry.services),
        "resolution_minutes": entry.resolution_minutes,
        "reviewed_at": entry.reviewed_at.isoformat() if entry.reviewed_at else None,
        "sections": [list(section) for section in entry.sections],
        "steps": [_step_document(step) for step in entry.steps],
        **{name: getattr(entry, name) for name in _TEXTS},
    }


def content_hash(document: dict[str, Any]) -> str:
    """Names a document's content: equal content, equal hash."""
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()


def from_document(document: dict[str, Any]) -> Entry:
    """The entry of a document. Raises InvalidKnowledge naming the ref and what is wrong."""
    ref = str(document.get("ref"))
    try:
        if not REF.fullmatch(ref) or document["kind"] not in KINDS or not document["title"]:
            raise ValueError("ref, kind and title do not make an entry")
        sections = tuple((str(name), str(text)) for name, text in document["sections"])
        if not any(name.casefold() == "symptoms" for name, _ in sections):
            raise ValueError("the section Symptoms is missing")
        return Entry(
            ref=ref,
            kind=cast(Kind, document["kind"]),
            title=str(document["title"]),
            severity=Severity(document["severity"]) if document["severity"] else None,
            date=_day(document["date"]),
            services=tuple(str(service) for service in document["services"]),
            resolution_minutes=document["resolution_minutes"],
            reviewed_at=_day(document["reviewed_at"]),
            sections=sections,
            steps=tuple(_step(step) for step in document["steps"]),
            **{name: document[name] for name in _TEXTS},
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise InvalidKnowledge(f"{ref}: {reason}.") from error


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "title": step.title,
        "window": list(step.window) if step.window else None,
        "purpose": step.purpose,
        "changes_production": step.changes_production,
        "commands": [[command.language, command.text] for command in step.commands],
        "look_for": list(step.look_for),
        "notes": step.notes,
    }


def _step(document: dict[str, Any]) -> Step:
    window = document["window"]
    return Step(
        number=document["number"],
        title=document["title"],
        window=(window[0], window[1]) if window else None,
        purpose=document["purpose"],
        changes_production=document["changes_production"],
        commands=tuple(Command(language, text) for language, text in document["commands"]),
        look_for=tuple(document["look_for"]),
        notes=document["notes"],
    )
