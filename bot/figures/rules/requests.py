"""What somebody typed after `metrics`: a period, a severity, a service, in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT = "last 90 days"
_SEVERITY = re.compile(r"(?<!\S)(?:severity\s+)?(P[0-3])(?!\S)", re.IGNORECASE)
_SERVICE = re.compile(r"(?<!\S)service\s*:?\s+(?:\"([^\"]+)\"|“([^”]+)”|(\S+))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """`period` is as it was typed, or DEFAULT."""

    period: str
    severity: str | None = None
    service: str | None = None


def parse_request(text: str) -> MetricsRequest:
    """`month P1 service checkout` → its parts. What is neither severity nor service is the period."""
    service, severity = _SERVICE.search(text), None
    rest = _SERVICE.sub(" ", text, count=1)
    if found := _SEVERITY.search(rest):
        severity, rest = found[1].upper(), _SEVERITY.sub(" ", rest, count=1)
    named = next(filter(None, service.groups()), None) if service else None
    return MetricsRequest(" ".join(rest.split()) or DEFAULT, severity, named)
