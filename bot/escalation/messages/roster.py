"""Who is on call, overrides and hand-overs, as Slack shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.escalation.rules.roster import Person
from bot.slack.blocks import context, section
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
