"""Access to security incidents: making one private, answering whether it is one, and who saw and did what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, NotAllowed, UnknownIncident
from bot.incidents import visibility
from bot.incidents.commands import CommandContext, Subcommand, incident_of
from bot.incidents.interactions import ID, PAIR, Press, incident_at
from bot.incidents.menu import OF_INCIDENT, OPEN, Group, Shown
from bot.incidents.queries import access, incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.lifecycle.flows import end, privacy
from bot.lifecycle.messages import access as messages
from bot.lifecycle.messages.outcomes import sentence
from bot.lifecycle.queries.privacy import list_people
from bot.slack.client import Message

_LATEST = 20


def _access(session: Session, command: CommandContext) -> str:
    row = incident_of(session, command)
    if not is_private(row.ref):
        raise BadRequest(messages.NOT_PRIVATE)
    if command.user_id != row.commander:
        raise NotAllowed(messages.for_commander(row.commander))
    latest = access.list_latest(session, row.incident_id, _LATEST)
    return messages.listed(row.ref, latest, access.count(session, row.incident_id))


def _private(session: Session, command: CommandContext) -> Message:
    row = incident_of(session, command)
    privacy.check_public(row)
    return messages.private_question(incidents.facts(row), len(list_people(session, row)))


def _make_private(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row = incidents.get_for_change(session, int(value))
    return privacy.make_private(session, row, user_id, context.policy, now)


def _keep(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row = incidents.get_for_change(session, int(value))
    return privacy.keep_private(session, row, user_id, now)


def _open(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    row = incidents.get_for_change(session, int(value))
    return privacy.make_ordinary(session, row, user_id, context.policy, now)


def merge_private(session: Session, context: AppContext, value: str, user_id: str, now: datetime) -> str | None:
    """Merge after all. Whether they see the duplicate was asked; here, whether they see the one to keep."""
    duplicate_id, target_id = (int(part) for part in value.split(":"))
    if not visibility.may_see(session, incidents.get(session, target_id), user_id):
        raise UnknownIncident(messages.NO_SUCH_INCIDENT)
    return sentence(end.merge(session, duplicate_id, target_id, user_id, context.policy, now))


PRESSES = {
    "make_private": Press(_make_private, Act.MAKE_PRIVATE, incident_at(0), ID),
    "kind_private": Press(_keep, Act.MAKE_PRIVATE, incident_at(0), ID),
    "kind_ordinary": Press(_open, Act.MAKE_PRIVATE, incident_at(0), ID),
    "merge_private": Press(merge_private, Act.MERGE, incident_at(0), PAIR),
}
SUBCOMMANDS = (
    Subcommand(
        "private",
        "private",
        "Make an open incident a security incident, in a new private channel. What Tocsin said elsewhere is withdrawn; "
        "it asks first.",
        answer=_private,
        act=Act.MAKE_PRIVATE,
        aliases=("secret", "hide"),
        menu={
            "ask": Shown(
                label="Make private",
                group=Group.CHANGE,
                where=OPEN,
                available=lambda _context, row, _user: row is not None and not is_private(row.ref),
            )
        },
    ),
    Subcommand(
        "access",
        "access",
        "Who saw and did what on a security incident; for its commander.",
        answer=_access,
        act=Act.READ,
        menu={
            "latest": Shown(
                label="Who saw it",
                group=Group.MORE,
                where=OF_INCIDENT,
                # Offered to all who see it: whoever isn't its commander hears whom to ask, as when typed.
                available=lambda _context, row, _user: row is not None and is_private(row.ref),
            )
        },
    ),
)
