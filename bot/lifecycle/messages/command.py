"""Who commands, and who has which role: on the timeline, and to the people it concerns. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.incidents.rules.responders import EXPECTED, ResponderRole
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import person
from bot.text.markup import instant


def _from(before: str | None, after: str) -> str:
    return f" from {person(before)}" if before and before != after else ""


def taken_entry(by: str, before: str | None) -> str:
    return f"{person(by)} takes command{_from(before, by)}."


def accepted_entry(by: str, before: str | None) -> str:
    return f"{person(by)} accepts command{_from(before, by)}."


def replaced(ref: str, role: str, after: str, by: str) -> str:
    """To whoever had the role before."""
    assigned = f", assigned by {person(by)}" if by != after else ""
    return f"{person(after)} replaces you as {role} of {ref}{assigned}."


# Offers


def offered_entry(by: str, to_user: str) -> str:
    return f"{person(by)} offers command to {person(to_user)}."


def only_commander_offers(ref: str, commander: str) -> str:
    return (
        f"{person(commander)} is in command of {ref}, so only they can hand it over. "
        "To take command yourself, press Take command on the card."
    )


def commands_already(ref: str, user_id: str) -> str:
    return f"{person(user_id)} is already in command of {ref}."


PRESS_TAKE_COMMAND = "To take command yourself, press Take command on the card."


def withdrawn(later: bool) -> str:
    """`later`: the same person has a later offer that stands."""
    return f"This offer was withdrawn. {'Accept the later one' if later else 'Press Take command on the card'}."


def offered_to_another(to_user: str) -> str:
    return f"This was offered to {person(to_user)}; only they can accept."


# Roles


def role_entry(role: ResponderRole, before: str | None, user_id: str, by: str) -> str:
    """What the channel reads of it."""
    if role is ResponderRole.COMMANDER and before is not None and by == user_id:
        return taken_entry(user_id, before)
    instead = f", replacing {person(before)}" if before is not None else ""
    assigned = "" if by == user_id else f", assigned by {person(by)}"
    return f"{person(user_id)} is now {role}{instead}{assigned}."


def roles(ref: str, held: Mapping[str, str]) -> str:
    """Who has which role, and what is expected of them. `held` are user ids by role."""
    lines = [f"*{role.value}* {person(held.get(role.value))}: {EXPECTED[role]}" for role in ResponderRole]
    return "\n".join([f"Roles of {ref}. Take one with `/incident role scribe`.", *lines])


def expected_of(ref: str, role: str) -> str:
    """What somebody is told who was given a role."""
    return f"You are {role} of {ref}. {EXPECTED[ResponderRole(role)]} `/incident catchup` shows the status."


# The offer of command


def handover(handover_id: int, incident: Incident, from_user: str | None, to_user: str, asked_by: str) -> Message:
    """The offer of command, in the incident's channel and in a direct message. Only the one asked can accept."""
    if from_user and from_user != asked_by:
        whose = f"{person(asked_by)} asks you to take over command from {person(from_user)}"
    else:
        whose = f"{person(asked_by)} hands over command to you"
    text = f"{person(to_user)}: {whose}."
    stands = f"{incident.status}, declared {instant(incident.declared_at)}"
    where = f"<#{incident.channel_id}>" if incident.channel_id else f"#{incident.channel_name}"
    return Message(
        f"{incident.severity} {incident.ref}: {text}",
        (
            section(f"{headline(incident)}\n{text}\n{stands}. {where}"),
            actions("handover_actions", button("Accept", "handover_accept", str(handover_id), "primary")),
            context(f"Until then {person(from_user) if from_user else 'no one'} is in command."),
        ),
    )


NAME_SUCCESSOR = "Name one person: `/incident handover @someone`."


def accepted(to_user: str, at: datetime | None) -> str:
    """In place of the buttons."""
    return f"{person(to_user)} accepted command{_when(at)}."


def offer_withdrawn(to_user: str, at: datetime | None) -> str:
    return f"This offer of command to {person(to_user)} was withdrawn{_when(at)}."


def _when(at: datetime | None) -> str:
    return f" {instant(at)}" if at else ""


def handover_over(incident: Incident, outcome: str) -> Message:
    """The same offer once it was accepted or fell away."""
    return Message(outcome, (section(f"{headline(incident)}\n{outcome}"),))
