"""Who is on call, overrides and hand-overs, as Slack shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.escalation.rules.roster import Person
from bot.incidents.rules.incident import Incident
from bot.lifecycle.messages.card import actions, button, context, headline, section
from bot.slack.client import Message
from bot.slack.text import instant, person, plain


def people(holders: Sequence[Person], *, ping: bool = False) -> str:
    """Their names; with `ping`, mentions that notify them."""
    if not holders:
        return "nobody"
    return ", ".join(_name(holder, ping) for holder in holders)


def _name(holder: Person, ping: bool) -> str:
    # Ephemeral answers notify nobody, so people are shown by their mention; a group's would notify all in a message.
    return (holder.mention if holder.slack or ping else None) or plain(holder.name)


def override_notice(
    role: str, from_at: datetime, until_at: datetime, made_by: str, *, removed_by: str | None = None
) -> Message:
    """What the person reads whom an override names."""
    when = f"{instant(from_at)} until {instant(until_at)}"
    if removed_by:
        text = f"{person(removed_by)} took back the override: you are not {role} from {when}."
    else:
        text = f"{person(made_by)} put you on as *{role}* from {when}."
    hint = "`/incident oncall` shows who is on. `/incident oncall remove` takes an override back."
    return Message(text, (section(text), context(hint)))


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
            context(f"Until then {person(from_user)} commands." if from_user else "Until then nobody commands."),
        ),
    )


def handover_over(incident: Incident, outcome: str) -> Message:
    """The same offer once it was accepted or fell away."""
    return Message(outcome, (section(f"{headline(incident)}\n{outcome}"),))
