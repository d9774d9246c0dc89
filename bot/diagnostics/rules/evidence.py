"""What the last diagnosis of each resource of an incident found, as its card and forms show it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.diagnostics.rules.finding import Finding, place_of


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, of which resource, and when that was diagnosed, aware UTC."""

    finding: Finding
    resource: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """`at` is the instant of the last diagnosis, `found` what holds now, the heaviest first.

    `diagnosed` are all resources; `unread`: some of them could not be looked at in every way.
    """

    at: datetime
    found: tuple[Found, ...]
    diagnosed: tuple[str, ...]
    unread: bool


def evidence_of(kept: Iterable[tuple[str, datetime, dict[str, Any]]]) -> Evidence | None:
    """From the entries that diagnoses left: which diagnosis, its instant, its data; None where there was none.

    Of each resource only the last diagnosis counts: what that one no longer found is over.
    """
    diagnoses: dict[str, tuple[datetime, list[dict[str, Any]]]] = {}
    for key, at, data in kept:
        diagnoses.setdefault(key, (at, []))[1].append(data)
    last: dict[tuple[str, str], tuple[datetime, list[dict[str, Any]]]] = {}
    for at, entries in sorted(diagnoses.values(), key=lambda one: one[0]):
        if entries[0].get("read") is False:
            continue  # it says nothing against what was found before
        last[entries[0]["resource"], entries[0].get("where", "")] = (at, entries)
    if not last:
        return None
    found = [
        Found(Finding.from_document(data["finding"]), resource, at)
        for (resource, _), (at, entries) in last.items()
        for data in entries
        if data.get("finding")
    ]
    return Evidence(
        max(at for at, _ in last.values()),
        tuple(sorted(found, key=lambda one: place_of(one.finding))),
        tuple(resource for resource, _ in last),
        any(one.get("unread") for _, entries in last.values() for one in entries),
    )
