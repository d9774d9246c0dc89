"""What becomes of a suggested severity: taken, kept, or overtaken by what people did meanwhile."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.flows.record import lock_of
from bot.incidents.tables import IncidentRow
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.lifecycle.rules.outcomes import SuggestionDecided
from bot.lifecycle.tables import SeveritySuggestion
from bot.store.outbox import enqueue


def overtake_suggestion(session: Session, row: IncidentRow, now: datetime) -> None:
    """The severity was changed otherwise, or the incident is over: what was suggested before is out of date."""
    held = suggestions_store.find_open(session, row.incident_id)
    if held is not None:
        decide(session, held, suggestions_store.OVERTAKEN, None, now)


def outcome(held: SeveritySuggestion) -> SuggestionDecided:
    """What became of it."""
    return SuggestionDecided(held.state, held.decided_by, held.before, held.suggested)


def decide(session: Session, held: SeveritySuggestion, state: str, by: str | None, now: datetime) -> None:
    """Note it, and have the message show it."""
    held.state, held.decided_by, held.decided_at = state, by, now
    say(session, held.incident_id, held.suggestion_id)


def say(session: Session, incident_id: int, suggestion_id: int) -> None:
    """Have the message posted, or brought up to date."""
    enqueue(session, "slack.suggest_severity", lock=lock_of(incident_id), suggestion_id=suggestion_id)
