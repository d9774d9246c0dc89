"""Rows with sensible values, for tests of queries."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.escalation.queries import pings
from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow, TimelineEntry

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday, inside business hours
_numbers = itertools.count(1)


def minutes(count: float) -> timedelta:
    """A span."""
    return timedelta(minutes=count)


def add_incident(session: Session, **values: Any) -> IncidentRow:
    """An incident of its own: declared at noon as P1, unless said otherwise."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "ref": f"INC-1999-{number:04d}",
        "request_key": f"test:{number}",
        "title": "checkout returns 502",
        "severity": "P1",
        "status": "investigating",
        "declared_at": NOON,
        "declared_by": "U0RESPONDER",
        "channel_name": f"inc-1999-{number:04d}",
        "episode": 1,
    }
    return incidents.add_incident(session, **(fields | values))


def count_entries(session: Session, incident_id: int) -> int:
    """How much is on an incident's timeline."""
    return session.scalar(select(func.count()).where(TimelineEntry.incident_id == incident_id)) or 0


def add_ping(session: Session, row: IncidentRow, **values: Any) -> PingRow:
    """A planned page to the on-call engineer."""
    fields: dict[str, Any] = {
        "incident_id": row.incident_id,
        "key": f"1/page/{next(_numbers)}",
        "role": "on-call engineer",
        "kind": "page",
        "rule": "at once",
        "severity": row.severity,
        "due_at": NOON,
        "state": pings.PLANNED,
    }
    ping = PingRow(**(fields | values))
    session.add(ping)
    session.flush()
    return ping
