"""The subcommand that shows the commander of a security incident who saw and did what."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.errors import BadRequest, NotAllowed
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.queries import access
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.lifecycle.messages import access as messages

_LATEST = 20


def _access(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command)
    if not is_private(row.ref):
        raise BadRequest(messages.NOT_PRIVATE)
    if command.user_id != row.commander:
        raise NotAllowed(messages.for_commander(row.commander))
    latest = access.list_latest(session, row.incident_id, _LATEST)
    return messages.listed(row.ref, latest, access.count(session, row.incident_id))


SUBCOMMANDS = (
    Subcommand(
        "access",
        "access",
        "Who saw and did what on a security incident; for its commander.",
        answer=_access,
        act=Act.READ,
    ),
)
