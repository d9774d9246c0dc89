"""A ping with everything that its reader needs to know, whichever way it reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.escalation.rules.matrix import LATE_AFTER
from bot.incidents.rules.incident import Incident


@dataclass(frozen=True, slots=True)
class Silence:
    """Those who were paged before somebody else, how often, and since when they have not answered (aware UTC)."""

    user_ids: tuple[str, ...]
    pages: int
    since: datetime


@dataclass(frozen=True, slots=True)
class PingFacts:
    """Facts of one ping. Instants are aware UTC; people are Slack user ids."""

    ping_id: int
    incident: Incident
    role: str
    kind: str
    rule: str
    severity: str  # in force when it fell due
    due_at: datetime
    respond_by: datetime | None  # when the on-call engineer has to have acknowledged
    others: tuple[str, ...] = field(default=())  # user ids of everybody else who was told
    asked_by: str | None = None
    note: str | None = None
    late_after: timedelta = LATE_AFTER  # by the policy
    times: int = 1  # of a page that is repeated: which one this is, the first included
    first_at: datetime | None = None  # when the first of them was sent
    first_id: int | None = None  # and which ping it was: a page that is repeated is said in its thread
    next_at: datetime | None = None  # when it comes again unless somebody acknowledges; None for never
    silent: tuple[Silence, ...] = ()  # who below this rung has not answered

    def is_late(self, at: datetime) -> bool:
        """Whether a ping sent at `at` counts as late."""
        return at - self.due_at > self.late_after

    @property
    def value(self) -> str:
        """What its buttons carry."""
        return f"{self.ping_id}:{self.incident.incident_id}"
