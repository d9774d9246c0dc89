"""The offer of command. Pure."""

from __future__ import annotations

from bot.incidents.messages import headline
from bot.incidents.rules.incident import Incident
from bot.slack.blocks import actions, button, context, section
from bot.slack.client import Message
from bot.slack.text import person
from bot.text.markup import instant


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


def handover_over(incident: Incident, outcome: str) -> Message:
    """The same offer once it was accepted or fell away."""
    return Message(outcome, (section(f"{headline(incident)}\n{outcome}"),))
