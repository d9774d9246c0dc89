"""A new fact in an incident's channel: one suggestion to raise or lower the severity, never a change by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.severity_suggestions import decide, outcome, say
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.lifecycle.rules.outcomes import Change, SuggestionDecided
from bot.lifecycle.tables import SeveritySuggestion
from bot.reports.flows.reports import Heard
from bot.reports.messages import corrections
from bot.severity.judge.judge import Judge
from bot.severity.judge.rejudge import may_matter, reconsider
from bot.severity.rules import Severity

_KEPT_TEXT = 1200  # characters of the message beside the suggestion; the timeline has the whole


def consider(session: Session, heard: Heard, judge: Judge, policy: Policy, now: datetime) -> int | None:
    """The id of the suggestion that this message made, None for nearly every message.

    Nothing is suggested in shadow mode, while a suggestion is open, or where people kept the severity before.
    """
    if policy.severity.shadow or not may_matter(heard.text):
        return None
    row = incidents.find_by_channel(session, heard.channel_id)
    if row is None or not Status(row.status).is_open:
        return None
    current = Severity(row.severity)
    subject = f"{row.title}. {row.impact}" if row.impact else row.title
    judged = reconsider(judge, subject, heard.text, current, row.status == Status.MITIGATED)
    if judged is None or judged.severity is None:
        return None
    if suggestions_store.was_kept(session, row.incident_id, judged.severity.value):
        return None
    suggestion_id = suggestions_store.add(
        session,
        incident_id=row.incident_id,
        message_ts=heard.ts,
        user_id=heard.user_id,
        text=heard.text[:_KEPT_TEXT],
        before=current.value,
        suggested=judged.severity.value,
        row_name=judged.row_name,
        row=judged.row,
        evidence=[{"text": item.text, "signal": item.signal} for item in judged.evidence],
        made_at=now,
    )
    if suggestion_id is not None:
        say(session, row.incident_id, suggestion_id)
    return suggestion_id


def take(session: Session, suggestion_id: int, by: str, policy: Policy, now: datetime) -> Change:
    """Do what was suggested.

    Pressed again, or when the severity has changed meanwhile, nothing changes.
    """
    row, held = _locked(session, suggestion_id)
    if held.state != suggestions_store.OPEN:
        return outcome(held)
    decide(session, held, suggestions_store.TAKEN, by, now)
    return change.set_severity(session, row, Severity(held.suggested), by, policy, now, "as suggested")


def keep(session: Session, suggestion_id: int, by: str, now: datetime) -> SuggestionDecided:
    """Leave the severity; that level is not suggested for this incident again."""
    _, held = _locked(session, suggestion_id)
    if held.state == suggestions_store.OPEN:
        decide(session, held, suggestions_store.KEPT, by, now)
    return outcome(held)


def _locked(session: Session, suggestion_id: int) -> tuple[IncidentRow, SeveritySuggestion]:
    """Incident before suggestion, in which order everybody locks them."""
    held = suggestions_store.find(session, suggestion_id)
    if held is None:
        raise BadRequest(corrections.SUGGESTION_GONE)
    row = incidents.get_for_change(session, held.incident_id)
    locked = suggestions_store.get_for_change(session, suggestion_id)
    assert locked is not None  # suggestions are never deleted
    return row, locked
