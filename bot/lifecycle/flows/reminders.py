"""Reminders: set by command, said where the incident is worked on once they are due."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.incidents.flows.record import lock_of, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages import reminders as messages
from bot.lifecycle.queries import reminders as store
from bot.store.outbox import enqueue

_MOST = 20  # of one incident; more are a plan, and belong into action items


def plan(session: Session, row: IncidentRow, key: str, user_id: str, at: datetime, words: str, now: datetime) -> None:
    """Have somebody reminded at an instant (aware UTC). The row must be locked. Raises BadRequest where it is over."""
    refuse_when_over(row)
    if store.count_waiting(session, row.incident_id) >= _MOST:
        raise BadRequest(messages.too_many(_MOST))
    store.add(session, key, row.incident_id, user_id, words, due_at=at, now=now)


def cancel(session: Session, row: IncidentRow, number: str) -> str:
    """Cancel the one of that number in the list; its words. Raises BadRequest where there is none."""
    waiting = store.list_waiting(session, row.incident_id)
    if not number.isdecimal() or not 1 <= int(number[:9]) <= len(waiting):
        raise BadRequest(messages.no_such(number))
    chosen = waiting[int(number[:9]) - 1]
    store.remove(session, chosen)
    return chosen.text


def say_due(session: Session, now: datetime, limit: int) -> int:
    """Have those said whose time has come; how many that were. Of a closed incident nobody is reminded."""
    due = store.claim_due(session, now, limit)
    for reminder in due:
        if incidents.get(session, reminder.incident_id).status == Status.CLOSED:
            store.remove(session, reminder)
            continue
        reminder.state = store.DUE
        lock = lock_of(reminder.incident_id)
        enqueue(session, "slack.reminder", lock=lock, reminder_id=reminder.reminder_id)
    return len(due)
