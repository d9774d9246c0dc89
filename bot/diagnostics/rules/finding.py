"""What a diagnosis finds: facts with their figures, known failures they point to, and what could not be read. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.diagnostics.rules.picture import Drawn


class Weight(enum.IntEnum):
    """What people read first."""

    PROBLEM = 0  # something fails or is refused now
    RISK = 1  # wrong, and may be the cause
    CHANGE = 2  # somebody changed something
    NOTICE = 3  # worth knowing


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that AWS showed. Texts are plain, without markup.

    `seen` says the figure and, unless it is configuration, its window; `compared` the hour and the week before;
    `refs` are entries, playbooks and guides of the knowledge that are about exactly what was seen; `likely` are those
    that it resembles, where something else may show the same. `command` shows it again.
    """

    check: str  # "lambda.alias-latest": the same name for the same thing, whatever its figures
    weight: Weight
    seen: str
    why: str
    refs: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    compared: str = ""
    command: str = ""
    at: datetime | None = None  # when it happened, aware UTC, where that is one instant

    def as_document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "check": self.check,
            "weight": self.weight.name.lower(),
            "seen": self.seen,
            "compared": self.compared or None,
            "why": self.why,
            "refs": list(self.refs),
            "likely_refs": list(self.likely),
            "command": self.command or None,
            "at": self.at.isoformat() if self.at else None,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Finding:
        """What `as_document` was of."""
        return cls(
            document["check"],
            Weight[document["weight"].upper()],
            document["seen"],
            document["why"],
            tuple(document["refs"]),
            tuple(document["likely_refs"]),
            document["compared"] or "",
            document["command"] or "",
            datetime.fromisoformat(document["at"]) if document["at"] else None,
        )


@dataclass(frozen=True, slots=True)
class NotRead:
    """What could not be read, and why; `action` is the IAM action that is missing, where it is that."""

    look: str
    why: str
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The hour that was looked at, aware UTC, `begin` included and `end` not."""

    begin: datetime
    end: datetime

    def __str__(self) -> str:
        day = f"{self.begin:%Y-%m-%d} "
        return f"{day}{self.begin:%H:%M}–{self.end:%H:%M} UTC"

    @property
    def short(self) -> str:
        """Without the day, as it stands beside each figure."""
        return f"{self.begin:%H:%M}–{self.end:%H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that is known so far about one resource. `clean` are looks that found nothing wrong."""

    resource: str  # "lambda orders-api"
    where: str  # "eu-central-1"
    window: Window
    findings: tuple[Finding, ...] = ()
    unread: tuple[NotRead, ...] = ()
    clean: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()  # looks that have not ended
    calls: int = 0
    cost: float = 0.0  # US dollars, an estimate of what AWS charges for these calls
    scanned: float = 0.0  # bytes that Logs Insights scanned
    measured: tuple[Drawn, ...] = ()  # what the looks read of CloudWatch, for a picture

    @property
    def is_over(self) -> bool:
        return not self.waiting

    @property
    def has_read(self) -> bool:
        """Whether anything could be looked at."""
        return bool(self.findings or self.clean)

    def as_document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "resource": self.resource,
            "where": self.where,
            "from": self.window.begin.isoformat(),
            "to": self.window.end.isoformat(),
            "findings": [finding.as_document() for finding in self.findings],
            "unread": [{"look": item.look, "why": item.why, "action": item.action} for item in self.unread],
            "clean": list(self.clean),
            "calls": self.calls,
            "estimated_cost_usd": round(self.cost, 6),
            "scanned_bytes": round(self.scanned),
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The heaviest first, facts before likenesses, changes by time, the nearest first, then by name: the same findings
    always stand in the same order.
    """
    return tuple(sorted(findings, key=place_of))


def place_of(one: Finding) -> tuple[int, bool, float, str, str]:
    """By what it is sorted. Among changes, those with which a known failure began come before others."""
    if one.weight is Weight.CHANGE:
        unlike, nearness = not (one.refs or one.likely), -one.at.timestamp() if one.at else 0.0
    else:
        unlike, nearness = not one.refs, 0.0
    return one.weight, unlike, nearness, one.check, one.seen


def without_repeats(unread: Iterable[NotRead]) -> tuple[NotRead, ...]:
    """Several looks may have needed the same answer: each reason once, with all looks that it kept from ending."""
    looks: dict[tuple[str, str | None], list[str]] = {}
    for item in unread:
        looks.setdefault((item.why, item.action), []).append(item.look)
    return tuple(
        NotRead(", ".join(sorted(names)), why, action) for (why, action), names in sorted(looks.items(), key=str)
    )
