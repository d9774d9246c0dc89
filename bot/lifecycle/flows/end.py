"""Ending an incident in the two other ways: it was a false alarm, or it was a duplicate of another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.escalation.flows import pages as escalate
from bot.escalation.flows import plan
from bot.incidents.flows.record import lock_of, record, refresh_card
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.severity_suggestions import overtake_suggestion
from bot.reviews.flows.reminders import stop_reminders
from bot.store.outbox import enqueue
from bot.text.markup import escape


def false_alarm(session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, why: str = "") -> str:
    """It never was an incident: everything that was still to be pinged is cancelled, and no review is asked for."""
    if row.status == Status.CLOSED:
        said = "as a false alarm already" if row.false_alarm else "already. Reopen it first: `/incident reopen`"
        raise TransitionRefused(f"{row.ref} is closed {said}.")
    _close(row, now)
    row.false_alarm = True
    text = f"False alarm, says <@{by}>" + (f": {escape(why)}" if why else ".")
    record(session, row, Kind.FALSE_ALARM, text, now, author=by, announce=True)
    _stop(session, row, policy, now)
    return f"{row.ref} is closed as a false alarm. All pings stop. `/incident reopen` takes it up again."


def merge(session: Session, duplicate_id: int, target_id: int, by: str, policy: Policy, now: datetime) -> str:
    """Close one incident as a duplicate of another.

    Its timeline is read with the other's, its people are brought there.
    Raises BadRequest or TransitionRefused where that cannot be.
    """
    if duplicate_id == target_id:
        raise BadRequest("An incident is no duplicate of itself. Name the other one: `/incident merge INC-2026-0001`.")
    rows = {each: incidents.get_for_change(session, each) for each in sorted((duplicate_id, target_id))}
    duplicate, target = rows[duplicate_id], rows[target_id]
    _check(duplicate, target)
    _close(duplicate, now)
    duplicate.merged_into = target.incident_id
    there = f" in <#{target.channel_id}>" if target.channel_id else ""
    record(
        session,
        duplicate,
        Kind.MERGED,
        f"Merged into {target.ref} by <@{by}>: it goes on{there}.",
        now,
        author=by,
        data={"into": target.ref},
        announce=True,
    )
    text = (
        f"{duplicate.ref}, declared by <@{duplicate.declared_by}>, was a duplicate and is merged into this by <@{by}>."
    )
    record(
        session, target, Kind.DUPLICATE_JOINED, text, now, author=by, data={"duplicate": duplicate.ref}, announce=True
    )
    people = dict.fromkeys([duplicate.declared_by, duplicate.commander, by])
    enqueue(
        session,
        "slack.bring",
        lock=lock_of(target.incident_id),
        incident_id=target.incident_id,
        user_ids=[user_id for user_id in people if user_id],
    )
    _stop(session, duplicate, policy, now)
    return f"{duplicate.ref} is merged into {target.ref}. What was said in it is on the timeline of {target.ref}."


def _check(duplicate: IncidentRow, target: IncidentRow) -> None:
    if duplicate.status == Status.CLOSED:
        raise TransitionRefused(f"{duplicate.ref} is closed already.")
    if target.status == Status.CLOSED:
        raise TransitionRefused(f"{target.ref} is closed. Reopen it first: `/incident reopen {target.ref}`.")
    if is_private(duplicate.ref) and not is_private(target.ref):
        raise BadRequest(f"{duplicate.ref} is a security incident: what was said in it cannot go to {target.ref}.")


def _close(row: IncidentRow, now: datetime) -> None:
    row.status, row.closed_at = Status.CLOSED.value, now
    row.resolved_at = row.resolved_at or now


def _stop(session: Session, row: IncidentRow, policy: Policy, now: datetime) -> None:
    """Nothing more is asked of anybody: no page, no severity to decide on, no review that is waited for."""
    overtake_suggestion(session, row, now)
    stop_reminders(session, row)
    plan.replan(session, row, policy.escalation, now)
    escalate.refresh_pages(session, row)
    refresh_card(session, row)
