"""Severity levels and the verdict of the judge. Source: incident response runbook 3.2, severity levels."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import BadRequest, TocsinError


class NotFitted(TocsinError):
    """The models of the judge are being fitted, after a first start or an upgrade: try again in a while."""


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


class Outcome(enum.StrEnum):
    """What is done about a message: answered with a severity, asked whether it is an incident, or left alone."""

    ANSWER = "answer"
    ASK = "ask"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A severity with its reasons. `severity` None means: not an incident report."""

    severity: Severity | None
    confidence: float  # 0..1
    evidence: tuple[Evidence, ...]
    runner_up: Severity | None
    row: str  # the row of the matrix that decided, one short sentence for people
    row_name: str = ""  # its id in severity.yaml, "examples" where only the examples spoke
    trouble: float = 0.0  # 0..1: how likely it is trouble that must not be passed over, against talk; P3 counts nothing
    break_in: float = 0.0  # 0..1: how likely it tells of a break-in; 0 where only the written matrix judges


_SEVERITY = re.compile(r"^(?:p|sev|severity|prio|priority)?[\s\-_]*([0-3])$", re.IGNORECASE)


_TITLES = {"critical": Severity.P0, "high": Severity.P1, "medium": Severity.P2, "low": Severity.P3}


def parse_severity(text: str) -> Severity:
    """`P1`, `p 1`, `sev1`, `critical` … Raises BadRequest with the four words to choose from."""
    wanted = text.strip().lower()
    if wanted in _TITLES:
        return _TITLES[wanted]
    match = _SEVERITY.match(wanted)
    if match:
        return Severity(f"P{match.group(1)}")
    raise BadRequest("Say which severity: P0 critical, P1 high, P2 medium or P3 low, as in `/incident severity P1`.")


def leading_severity(text: str) -> tuple[Severity | None, str]:
    """`P1 checkout down` → (P1, "checkout down"); (None, text) where no severity is said first."""
    match = re.match(r"^(?:p|sev)[\s\-]?([0-3])\b[\s:,-]*", text.strip(), re.IGNORECASE)
    if not match:
        return None, text.strip()
    return Severity(f"P{match.group(1)}"), text.strip()[match.end() :]
