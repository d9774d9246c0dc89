"""Who holds a role, person by person: a user group counts as its members when Slack was last asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.escalation.flows.roster import read_roster
from bot.escalation.queries import user_groups
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Person
from bot.store.outbox import enqueue


def holders(session: Session, contacts: Contacts, roles: Iterable[Role], now: datetime) -> list[str]:
    """The user ids of everybody who holds one of the roles at `now`, each once, in the order of the roles."""
    roster = read_roster(session, contacts, now)
    people = [person for role in roles for person in roster.who(role, now)]
    members = user_groups.members_of(session, filter(None, (person.user_group for person in people)))
    return list(dict.fromkeys(user_id for person in people for user_id in _user_ids(person, members)))


def _user_ids(person: Person, members: dict[str, list[str]]) -> list[str]:
    return [person.slack] if person.slack else members.get(person.user_group or "", [])


def groups_of(contacts: Contacts) -> list[str]:
    """The ids of the user groups among the contacts."""
    return sorted({person.user_group for person in contacts.people.values() if person.user_group})


def look_up_groups(session: Session, contacts: Contacts) -> None:
    """Have Slack asked who is in the user groups, where there are any. The pages know of changes after that only."""
    if groups_of(contacts):
        enqueue(session, "slack.groups", lock="groups", once="groups")
