"""Severity levels and the verdict of the judge. Source: incident response runbook 3.2, severity levels."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class Severity(enum.StrEnum):
    """P0 is the worst. Compare with `worse_than`, never by string order."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def rank(self) -> int:
        """0 for P0 … 3 for P3."""
        return int(self.value[1])

    def worse_than(self, other: Severity) -> bool:
        return self.rank < other.rank


@dataclass(frozen=True, slots=True)
class Level:
    """What the written matrix says of one severity."""

    severity: Severity
    title: str  # "critical"
    meaning: str  # "complete outage"
    respond_within: timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the message and the signal that they stand for."""

    text: str
    signal: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A severity with its reasons. `severity` None means: not an incident report."""

    severity: Severity | None
    confidence: float  # 0..1
    evidence: tuple[Evidence, ...]
    runner_up: Severity | None
    row: str  # the row of the matrix that decided, one short sentence for people
    row_name: str = ""  # its id in severity.yaml, "examples" where only the examples spoke
