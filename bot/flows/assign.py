"""Giving somebody a part in an incident: commander, communications or scribe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.errors import TransitionRefused
from bot.domain.incident import Status
from bot.domain.parts import EXPECTED, Part
from bot.domain.timeline import Kind
from bot.flows import handover
from bot.flows.record import lock_of, record, refresh_card
from bot.store import incidents
from bot.store.outbox import enqueue
from bot.store.tables import IncidentRow


def assign(session: Session, row: IncidentRow, part: Part, user_id: str, by: str, now: datetime) -> str:
    """That person holds the part from now on; they are brought in and told what is expected. The row must be locked."""
    if not Status(row.status).is_open:
        raise TransitionRefused(f"{row.ref} is {row.status}. Reopen it first: `/incident reopen`.")
    if part is Part.COMMANDER:
        if row.commander != user_id:
            handover.withdraw(session, row, now)
        row.commander = user_id
    if not incidents.give_role(session, row.incident_id, part.value, user_id, now):
        return f"<@{user_id}> is {part} of {row.ref} already. {EXPECTED[part]}"
    text = f"<@{user_id}> is {part} now" + ("." if by == user_id else f", says <@{by}>.")
    record(
        session, row, Kind.ROLE_TAKEN, text, now, author=by, data={"role": part.value, "user": user_id}, announce=True
    )
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
