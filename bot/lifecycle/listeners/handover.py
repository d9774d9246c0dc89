"""/incident handover, and the buttons that accept command."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest
from bot.escalation.flows import people
from bot.incidents.commands import Appointed, CommandContext, Subcommand, incident_of
from bot.incidents.interactions import ID, PAIR, Press, incident_at, number_at
from bot.incidents.menu import OPEN, Form, Group
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, commander
from bot.lifecycle.messages.command import NAME_SUCCESSOR
from bot.lifecycle.messages.menu import forms as command_forms
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries import handovers
from bot.lifecycle.rules.outcomes import CommandTaken
from bot.text.markup import plain_text


def _handover(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command, for_change=True)
    to_user = _to_user(session, command)
    key = f"command:{command.trigger_id}"
    return sentence(commander.offer(session, row, to_user, command.user_id, key, command.now))


def _to_user(session: Session, command: CommandContext) -> str:
    to_user, others = people.split_mention(session, command.rest)
    named = plain_text(others)
    if to_user is None and not named:
        raise BadRequest(NAME_SUCCESSOR)
    return to_user or people.find_person(session, named, command.context.policy.contacts, command.now)


def _appointed(session: Session, command: CommandContext) -> Appointed:
    row = incident_of(session, command)
    return Appointed(_to_user(session, command), row.channel_id)


def _incident_of_ping(value: str) -> int:
    return int(value.split(":")[1])


def take_over(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """From a ping: acknowledge, where nobody has, and take command."""
    row = incidents.get_for_change(session, _incident_of_ping(value))
    if row.acknowledged_at is None:
        change.acknowledge(session, row, user_id, context.policy, now)
    if row.commander == user_id:
        return sentence(CommandTaken(row.ref))
    return sentence(change.take_command(session, row, user_id, context.policy, now))


def accept_handover(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    return sentence(commander.accept(session, int(value), user_id, context.policy, now))


SUBCOMMANDS = (
    Subcommand(
        "handover",
        "handover @someone",
        "Offer command to somebody. It changes hands when they accept.",
        answer=_handover,
        appoints=_appointed,
        aliases=("hand-over",),
        menu={
            "to": Form(
                label="Hand over command",
                group=Group.PEOPLE,
                where=OPEN,
                fields=lambda _session, _context, _user, row: command_forms.handover_fields(
                    row.commander if row else None
                ),
                words=command_forms.mention,
                submit="Offer command",
                person=command_forms.WHO,
            )
        },
    ),
)


def _of_handover(session: Session, value: str) -> IncidentRow:
    return incidents.get(session, handovers.get_handover(session, number_at(value, 0)).incident_id)


PRESSES = {
    "page_take_over": Press(take_over, Act.CHANGE, incident_at(1), PAIR),
    "handover_accept": Press(accept_handover, Act.CHANGE, _of_handover, ID),
}
