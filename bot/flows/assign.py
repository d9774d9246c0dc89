"""Giving somebody a part in an incident: commander, communications or scribe."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.domain.errors import BadRequest, TransitionRefused
from bot.domain.incident import Status
from bot.domain.parts import EXPECTED, Part
from bot.domain.timeline import Kind
from bot.flows import handover
from bot.flows.record import lock_of, record, refresh_card
from bot.policy.roster import Contacts
from bot.store import incidents, messages
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


def find_person(session: Session, name: str, contacts: Contacts) -> str:
    """The Slack id of whoever goes by that name in contacts.yaml or Slack.

    Raises BadRequest for nobody and for several.
    """
    wanted = " ".join(name.lstrip("@").lower().split())
    found = {
        person.slack
        for person in contacts.people.values()
        if person.slack and wanted in (person.name.lower(), person.name.lower().replace(" ", "-"))
    }
    found |= set(messages.find_by_name(session, wanted))
    if len(found) == 1:
        return found.pop()
    if found:
        raise BadRequest(f"Several people are called “{name[:60]}”. Mention the one you mean: `@name`.")
    raise BadRequest(f"I know nobody called “{name[:60]}”. Mention them, as in `/incident role scribe @name`.")
