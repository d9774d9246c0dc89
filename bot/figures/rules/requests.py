"""What somebody typed after `metrics`: a period, a severity, a service, a type, in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT = "last 90 days"
_SEVERITY = re.compile(r"(?<!\S)(?:severity\s+)?(P[0-3])(?!\S)", re.IGNORECASE)
_SERVICE = re.compile(r"(?<!\S)service\s*:?\s+(?:\"([^\"]+)\"|“([^”]+)”|(\S+))", re.IGNORECASE)

_TYPE = re.compile(r"(?<!\S)type(?:\s*:\s*|\s+)(?:\"([^\"]+)\"|“([^”]+)”|(\S+))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """`period` is as it was typed, or DEFAULT."""

    period: str
    severity: str | None = None
    service: str | None = None
    type: str | None = None  # as it was typed


def parse_request(text: str) -> MetricsRequest:
    """`month P1 service checkout type:data` → its parts. What is none of them is the period."""
    service, kind, severity = _SERVICE.search(text), _TYPE.search(text), None
    rest = _TYPE.sub(" ", _SERVICE.sub(" ", text, count=1), count=1)
    if found := _SEVERITY.search(rest):
        severity, rest = found[1].upper(), _SEVERITY.sub(" ", rest, count=1)
    named, typed = (next(filter(None, found.groups()), None) if found else None for found in (service, kind))
    return MetricsRequest(" ".join(rest.split()) or DEFAULT, severity, named, typed)
