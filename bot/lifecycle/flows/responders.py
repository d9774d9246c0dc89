"""Giving somebody a part in an incident: commander, communications or scribe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import TransitionRefused
from bot.incidents.flows.record import lock_of, record, refresh_card
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.rules.responders import EXPECTED, ResponderRole
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import commander
from bot.store.outbox import enqueue


def assign(session: Session, row: IncidentRow, part: ResponderRole, user_id: str, by: str, now: datetime) -> str:
    """That person holds the part from now on; they are brought in and told what is expected. The row must be locked."""
    if not Status(row.status).is_open:
        raise TransitionRefused(f"{row.ref} is {row.status}. Reopen it first: `/incident reopen`.")
    if part is ResponderRole.COMMANDER:
        if row.commander != user_id:
            commander.withdraw(session, row, now)
        row.commander = user_id
    held = incidents.find_role(session, row.incident_id, part.value)
    before = held.user_id if held is not None else None
    if not incidents.give_role(session, row.incident_id, part.value, user_id, now):
        return f"<@{user_id}> is {part} of {row.ref} already. {EXPECTED[part]}"
    record(
        session,
        row,
        Kind.ROLE_TAKEN,
        _told(part, before, user_id, by),
        now,
        author=by,
        data={"role": part.value, "user": user_id},
        announce=True,
    )
    commander.tell_replaced(session, row, part.value, before, user_id, by)
    if by != user_id:
        enqueue(
            session,
            "slack.assigned",
            lock=lock_of(row.incident_id),
            incident_id=row.incident_id,
            user_id=user_id,
            part=part.value,
        )
    refresh_card(session, row)
    who = "You are" if by == user_id else f"<@{user_id}> is"
    return f"{who} {part} of {row.ref}. {EXPECTED[part]}"


def _told(part: ResponderRole, before: str | None, user_id: str, by: str) -> str:
    """What the room reads of it."""
    if part is ResponderRole.COMMANDER and before is not None and by == user_id:
        return f"<@{user_id}> takes command from <@{before}>."
    instead = f", in place of <@{before}>" if before is not None else ""
    return f"<@{user_id}> is {part} now{instead}" + ("." if by == user_id else f", says <@{by}>.")
