"""What somebody did about a page in the service that paged them, as its webhook says it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.text.control import visible
from bot.text.markup import storable_json

_LONGEST = 200


class Signal(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"  # there: it stops paging, and counts as an acknowledgement here


@dataclass(frozen=True, slots=True)
class Answer:
    """`key` is the page's; `names` are what the service calls them: an id, a name, an e-mail address.

    `called` is the name that people read, plain text. `at` is ISO 8601, empty where the service does not say.
    """

    service: str
    signal: Signal
    key: str
    event_id: str
    at: str
    names: tuple[str, ...]
    called: str


def text_at(document: Mapping[str, Any], *path: str) -> str:
    """The text or number at that place, in one line; empty where there is none."""
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(value, str | int):
        return ""
    return visible(" ".join(str(value).split()))[:_LONGEST]


def read_document(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body; None where there is none."""
    try:
        read = storable_json(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
