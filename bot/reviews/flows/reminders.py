"""Reminding: of reviews that are due, and of action items that are overdue. Each reminder is claimed and sent once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.reviews.flows.editing import ASK, next_reminder, reminders
from bot.reviews.policy import ReviewPolicy
from bot.reviews.queries import action_items, reviews
from bot.store.outbox import enqueue


def remind(session: Session, policy: ReviewPolicy, now: datetime, limit: int = 100) -> int:
    """Send the reminders that have fallen due. Returns how many; call again at `limit`.

    Of several that fell due while nobody looked, the last one alone is sent.
    """
    stages = reviews.claim_to_remind(session, now, limit)
    for stage in stages:
        due = [name for name, at in reminders(stage, policy) if at <= now and name not in stage.reminded]
        if due:
            stage.reminded = [*stage.reminded, *due]
            _enqueue(session, stage.incident_id, due)
        stage.remind_at = next_reminder(stage, policy)
    overdue = action_items.claim_to_remind(session, now, limit)
    for item in overdue:
        item.remind_at = None
        enqueue(session, "slack.action_reminder", lock=f"action-{item.action_id}", action_id=item.action_id)
    return max(len(stages), len(overdue))


def _enqueue(session: Session, incident_id: int, due: list[str]) -> None:
    """People are asked with any reminder: an incident may be closed, and have questions, only after they were due."""
    lock = f"review-questions-{incident_id}"
    enqueue(session, "slack.review_questions", lock=lock, incident_id=incident_id)
    if reminder := next((name for name in reversed(due) if name != ASK), None):
        lock = f"review-reminder-{incident_id}"
        enqueue(session, "slack.review_reminder", lock=lock, incident_id=incident_id, reminder=reminder)


def stop_reminders(session: Session, row: IncidentRow) -> None:
    """Nobody is reminded of this review any more: the incident is open again, or never was one of its own."""
    stage = reviews.find_stage(session, row.incident_id)
    if stage is not None:
        stage.remind_at = None
