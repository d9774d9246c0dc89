"""Who saw and did what on a security incident is kept; of others nothing is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.queries import access
from bot.incidents.rules.incident import is_private
from bot.incidents.tables import IncidentRow

_LONGEST = 200  # characters


def note_access(session: Session, row: IncidentRow | None, who: str, what: str, now: datetime) -> None:
    """Keep that somebody did `what`, which completes "They …", in the transaction in which they did it."""
    if row is not None and is_private(row.ref):
        access.add(session, row.incident_id, who, what[:_LONGEST], now)
