"""Giving somebody a role in an incident: commander, communications or scribe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.incidents.flows.record import learn_names_later, record, refuse_when_over
from bot.incidents.queries import incidents
from bot.incidents.rules.responders import ResponderRole
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import commander
from bot.lifecycle.flows.consequences import after_change
from bot.lifecycle.messages import command as messages
from bot.lifecycle.rules.outcomes import RoleGiven, RoleHeld
from bot.slack.text import person
from bot.store.outbox import enqueue


def assign(
    session: Session, row: IncidentRow, role: ResponderRole, user_id: str, by: str, policy: Policy, now: datetime
) -> RoleGiven | RoleHeld:
    """That person has the role from now on; they are invited and learn what is expected. The row must be locked."""
    refuse_when_over(row)
    held = incidents.find_role(session, row.incident_id, role.value)
    before = held.user_id if held is not None else None
    if not _give(session, row, role, user_id, now):
        return RoleHeld(row.ref, role, user_id)
    text = messages.role_entry(role, before, user_id, by)
    data = {"role": role.value, "user": user_id}
    learn_names_later(session, person(user_id))
    # Who is new to a role hears of it themselves, and the card shows it; of a change of hands the channel hears, too.
    record(session, row, Kind.ROLE_TAKEN, text, now, author=by, data=data, announce=before is not None)
    commander.notify_replaced(session, row, role.value, before, user_id, by)
    if by != user_id:
        _notify_assigned(session, row, role, user_id, by)
    after_change(session, row, Kind.ROLE_TAKEN, by, policy, now)
    return RoleGiven(row.ref, role, user_id, by)


def _give(session: Session, row: IncidentRow, role: ResponderRole, user_id: str, now: datetime) -> bool:
    """False where that person has the role already."""
    if role is ResponderRole.COMMANDER:
        return commander.give_command(session, row, user_id, now)
    return incidents.give_role(session, row.incident_id, role.value, user_id, now)


def _notify_assigned(session: Session, row: IncidentRow, role: ResponderRole, user_id: str, by: str) -> None:
    enqueue(
        session,
        "slack.assigned",
        lock=f"assigned-{row.incident_id}",
        incident_id=row.incident_id,
        user_id=user_id,
        part=role.value,
        asked_by=by,
    )
