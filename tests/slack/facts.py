"""Facts to be shown: an incident and suggestions, also with the most and the worst that a person can write."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.escalation.rules.ping_facts import PingFacts
from bot.incidents.rules.incident import Incident, Status
from bot.memory.messages import Suggestion
from bot.memory.rules.similar import SimilarItem
from bot.severity.rules import Evidence, Judgement, Level, Severity
from tests.support.rows import NOON, minutes

LEVELS = {
    Severity.P0: Level(Severity.P0, "critical", "complete outage", timedelta(minutes=15)),
    Severity.P1: Level(Severity.P1, "high", "a major feature unavailable", timedelta(hours=1)),
    Severity.P2: Level(Severity.P2, "medium", "degradation", timedelta(hours=4)),
    Severity.P3: Level(Severity.P3, "low", "minor", timedelta(hours=24)),
}
LOUD = "<!channel> <!here> <@U0EVIL> <!subteam^S0EVIL> <https://evil.example.com|click> & `x` *y* ~z~"
LONGEST = {"title": "&" * 250, "impact": "&" * 3000, "cause": "<" * 3000, "resolution": ">" * 3000}


def incident(**values: Any) -> Incident:
    """An open P1."""
    usual = Incident(
        incident_id=7,
        ref="INC-2026-0007",
        title="checkout returns 502",
        severity=Severity.P1,
        status=Status.INVESTIGATING,
        declared_at=NOON,
        declared_by="U0RESPONDER",
        commander=None,
        channel_id="C0ROOM",
        channel_name="inc-2026-0007-checkout-returns-502",
        acknowledged_at=None,
        acknowledged_by=None,
        identified_at=None,
        mitigated_at=None,
        resolved_at=None,
        closed_at=None,
        impact=None,
        cause=None,
        resolution=None,
    )
    return replace(usual, **values)


def in_every_status(**values: Any) -> list[Incident]:
    """The incident as it is at each station of its life, acknowledged and not."""
    found = []
    for status in Status:
        over = NOON + minutes(42) if not status.is_open else None
        closed = over if status is Status.CLOSED else None
        each = incident(status=status, resolved_at=over, closed_at=closed, **values)
        found += [each, replace(each, acknowledged_at=NOON + minutes(3), acknowledged_by="U0RESPONDER")]
    return found


def suggestion(text: str = "", kind: str = "incident") -> Suggestion:
    """A past incident; with `text`, that is what every field says."""
    return Suggestion(
        SimilarItem(
            ref="NFI-2023-0010",
            kind=kind,
            title=text or "Connection pool exhausted",
            words=(text or "pool", text or "502"),
            cause=text or "The pool was too small.",
            fix=text or "Raised its size.",
            took="3 h",
        )
    )


def judgement(text: str = "502", count: int = 2) -> Judgement:
    """A verdict that rests on these words."""
    return Judgement(Severity.P1, 0.9, (Evidence(text, "5xx"),) * count, Severity.P0, f"A major feature fails. {text}")


def ping(of: Incident | None = None, **values: Any) -> PingFacts:
    """A page to the team lead, due at noon."""
    usual = PingFacts(
        ping_id=3,
        incident=of or incident(),
        role="team lead",
        kind="page",
        rule="2 h",
        severity="P1",
        due_at=NOON,
        respond_by=NOON + minutes(60),
        others=("U0RESPONDER",),
    )
    return replace(usual, **values)
