"""Ending an incident in the two other ways: it was a false alarm, or it was a duplicate of another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest, TransitionRefused
from bot.incidents import visibility
from bot.incidents.flows.record import invite_later, record
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status, is_drill, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.messages import changes as messages
from bot.lifecycle.rules.outcomes import ClosedAsFalseAlarm, Merged


def false_alarm(
    session: Session, row: IncidentRow, by: str, policy: Policy, now: datetime, why: str = ""
) -> ClosedAsFalseAlarm:
    """It never was an incident: every page that was still to be sent is cancelled, and no review is asked for."""
    if row.status == Status.CLOSED:
        raise TransitionRefused(messages.closed_already(row.ref, bool(row.false_alarm)))
    _close(row, now)
    row.false_alarm = True
    text = messages.false_alarm_entry(by, why)
    record(session, row, Kind.FALSE_ALARM, text, now, author=by, announce=True)
    after_change(session, row, Kind.FALSE_ALARM, by, policy, now)
    return ClosedAsFalseAlarm(row.ref)


def merge(session: Session, duplicate_id: int, target_id: int, by: str, policy: Policy, now: datetime) -> Merged:
    """Close one incident as a duplicate of another.

    Its timeline is read with the other's, its people are brought there.
    Raises BadRequest or TransitionRefused where that cannot be.
    """
    if duplicate_id == target_id:
        raise BadRequest(messages.MERGED_INTO_ITSELF)
    rows = {each: incidents.get_for_change(session, each) for each in sorted((duplicate_id, target_id))}
    duplicate, target = rows[duplicate_id], rows[target_id]
    check_merge(duplicate, target)
    _close(duplicate, now)
    duplicate.merged_into = target.incident_id
    _record_merge(session, duplicate, target, by, now)
    invite_later(session, target.incident_id, [incidents.declarer(duplicate), duplicate.commander, by], by)
    after_change(session, duplicate, Kind.MERGED, by, policy, now)
    return Merged(duplicate.ref, target.ref)


def let_in_by(session: Session, duplicate: IncidentRow, target: IncidentRow, by: str) -> list[str]:
    """Who would be let into a security incident by merging the duplicate into it, and does not see it yet."""
    people = dict.fromkeys(filter(None, (incidents.declarer(duplicate), duplicate.commander, by)))
    return [user_id for user_id in people if not visibility.may_see(session, target, user_id)]


def _record_merge(session: Session, duplicate: IncidentRow, target: IncidentRow, by: str, now: datetime) -> None:
    hidden = is_private(target.ref) and not is_private(duplicate.ref)  # a security incident is named nowhere outside
    text = messages.merged_privately_entry(by) if hidden else messages.merged_entry(target.ref, target.channel_id, by)
    data = {} if hidden else {"into": target.ref}
    record(session, duplicate, Kind.MERGED, text, now, author=by, data=data, announce=True)
    text = messages.joined_entry(duplicate.ref, duplicate.declared_by, by)
    data = {"duplicate": duplicate.ref}
    record(session, target, Kind.DUPLICATE_JOINED, text, now, author=by, data=data, announce=True)


def check_merge(duplicate: IncidentRow, target: IncidentRow) -> None:
    """Raises BadRequest or TransitionRefused where one can't be merged into the other."""
    if duplicate.status == Status.CLOSED:
        raise TransitionRefused(messages.already(duplicate.ref, duplicate.status))
    if target.status == Status.CLOSED:
        raise TransitionRefused(messages.target_closed(target.ref))
    if is_private(duplicate.ref) and not is_private(target.ref):
        raise BadRequest(messages.would_leak(duplicate.ref, target.ref))
    if is_drill(duplicate.ref) != is_drill(target.ref):
        raise BadRequest(messages.DRILL_AND_REAL)


def _close(row: IncidentRow, now: datetime) -> None:
    row.status, row.closed_at = Status.CLOSED.value, now
    row.resolved_at = row.resolved_at or now
