"""/incident handover, and the buttons that accept command."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.errors import BadRequest
from bot.escalation.flows import people
from bot.incidents.commands import Asked, Subcommand, incident_of
from bot.incidents.queries import incidents
from bot.lifecycle.flows import change, command
from bot.text.markup import plain_text


def _handover(session: Session, asked: Asked) -> str:
    row = incident_of(session, asked, for_change=True)
    to_user, others = people.split_mention(session, asked.rest)
    if to_user is None:
        named = plain_text(others)
        if not named:
            raise BadRequest("Name one person: `/incident handover @someone`.")
        to_user = people.find_person(session, named, asked.desk.policy.contacts, asked.now)
    return command.offer(session, row, to_user, asked.user_id, f"command:{asked.trigger_id}", asked.now)


def _incident_of_ping(value: str) -> int:
    return int(value.split(":")[1])


def take_over(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    """From a ping: acknowledge, where nobody has, and take command."""
    row = incidents.get_for_change(session, _incident_of_ping(value))
    if row.acknowledged_at is None:
        change.acknowledge(session, row, user_id, desk.policy, now)
    if row.commander == user_id:
        return f"You command {row.ref} now."
    return change.take_command(session, row, user_id, now)


def accept_handover(session: Session, desk: Desk, value: str, user_id: str, now: datetime) -> str | None:
    return command.accept(session, int(value), user_id, now)


SUBCOMMANDS = (
    Subcommand(
        "handover",
        "handover @someone",
        "Offer command to somebody. It changes hands when they accept.",
        answer=_handover,
        aliases=("hand-over",),
    ),
)
