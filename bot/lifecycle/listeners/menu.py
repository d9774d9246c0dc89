"""/incident alone: what can be done now, with buttons."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.escalation.flows.holders import holders
from bot.escalation.rules.matrix import Role
from bot.incidents.commands import CommandContext, Subcommand
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.visibility import list_page
from bot.lifecycle.messages import menu as messages
from bot.slack.client import Message


def _menu(session: Session, command: CommandContext) -> Message:
    """Of the incident whose channel this is; elsewhere of all that are open."""
    row = incidents.find_by_channel(session, command.channel_id)
    policy = command.context.policy
    if row is not None:
        return messages.of_incident(incidents.facts(row), policy.severity.levels)
    rows, total = list_page(session, command.user_id, limit=messages.LISTED)
    on_call = holders(session, policy.contacts, [Role.ON_CALL], command.now)
    return messages.elsewhere([incidents.facts(each) for each in rows], total, sorted(on_call), command.now)


SUBCOMMANDS = (
    Subcommand(
        "menu",
        "menu",
        "What you can do now, with buttons. `/incident` alone shows it, too.",
        answer=_menu,
        anywhere=True,
        act=Act.READ,
    ),
)
