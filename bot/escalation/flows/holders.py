"""Who holds a role, person by person: a user group counts as its members when Slack was last asked.

And who holds one by right: not by an override that they could have had anybody make.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows.roster import as_override, read_roster, roster_of
from bot.escalation.queries import roster as store
from bot.escalation.queries import user_groups
from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.roster import Contacts, Person, Roster
from bot.incidents.rules.authority import RosterFacts
from bot.store.outbox import enqueue


def holders(session: Session, contacts: Contacts, roles: Iterable[Role], now: datetime) -> list[str]:
    """The user ids of everybody who holds one of the roles at `now`, each once, in the order of the roles."""
    roster = read_roster(session, contacts, now)
    people = [person for role in roles for person in roster.who(role, now)]
    members = user_groups.members_of(session, filter(None, (person.user_group for person in people)))
    return list(dict.fromkeys(user_id for person in people for user_id in user_ids_of(person, members)))


def user_ids_of(person: Person, members: dict[str, list[str]]) -> list[str]:
    """The Slack ids behind a contact; of a user group, those whom `members` names."""
    return [person.slack] if person.slack else members.get(person.user_group or "", [])


def roster_facts(session: Session, policy: Policy, now: datetime) -> RosterFacts:
    """Who is on the roster, and who holds which role by right at `now`."""
    contacts = policy.contacts
    members = user_groups.members_of(session, groups_of(policy))
    listed = {user_id: one.name for one in contacts.people.values() for user_id in user_ids_of(one, members)}
    own = roster_of(contacts, (), store.list_shifts(session, now))
    holders = {role: _held(own, role, now, members) for role in Role}
    trusted = [
        as_override(row, contacts)
        for row in store.list_overrides(session, now)
        if row.made_by != row.user_id and _ranks(row.made_by, Role(row.role), holders)
    ]
    present = Roster(contacts, tuple(trusted), own.imported)
    by_right = {role.value: _held(present, role, now, members) for role in Role}
    return RosterFacts(listed, by_right, {group: tuple(ids) for group, ids in members.items()})


def _held(roster: Roster, role: Role, now: datetime, members: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user_id for one in roster.who(role, now) for user_id in user_ids_of(one, members)))


def _ranks(user_id: str, role: Role, holders: dict[Role, tuple[str, ...]]) -> bool:
    """Whether somebody holds that role, or one above it on the ladder; the secondary's rung is the on-call's."""
    rung = LADDER.index(Role.ON_CALL if role is Role.SECONDARY else role)
    equals = (Role.SECONDARY,) if role in (Role.ON_CALL, Role.SECONDARY) else ()
    return any(user_id in holders[each] for each in (*LADDER[rung:], *equals))


def groups_of(policy: Policy) -> list[str]:
    """The ids of the user groups that contacts.yaml and authority.yaml name."""
    listed = {person.user_group for person in policy.contacts.people.values() if person.user_group}
    return sorted(listed | set(policy.authority.groups))


def look_up_groups(session: Session, policy: Policy) -> None:
    """Have Slack asked who is in the user groups, where there are any. The pages know of changes after that only."""
    if groups_of(policy):
        enqueue(session, "slack.groups", lock="groups", once="groups")
