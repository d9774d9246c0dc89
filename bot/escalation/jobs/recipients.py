"""Who is to be paged or sent a digest: the holders of a role, and those who stand in where nobody was reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.escalation.messages import entries
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Person, Roster, stand_ins
from bot.slack.client import Refused, Slack

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reach:
    """Who is to be paged, and who stood in for whom and why (a sentence, or empty)."""

    user_ids: tuple[str, ...]
    instead: str


def reachable(slack: Slack, roster: Roster, role: Role, at: datetime, refusals: list[str]) -> Iterator[Reach]:
    """The holders of the role, then of each role that stands in for it, with why nobody before them was reached."""
    for stand_in in stand_ins(role):
        people = roster.who(stand_in, at)
        if not people:
            refusals.append(entries.nobody_assigned(stand_in))
            continue
        found = [user for user in _user_ids(slack, people, refusals) if not _known_to_be_gone(slack, user, refusals)]
        if found:
            yield Reach(tuple(found), "" if stand_in is role else entries.stands_in(stand_in))


def known_holders(slack: Slack, roster: Roster, role: Role, at: datetime) -> Reach | None:
    """The holders of the role where Slack need not be asked for anything; None where it must."""
    people = roster.who(role, at)
    found = dict.fromkeys(person.slack for person in people if person.slack and not slack.has_left(person.slack))
    return Reach(tuple(found), "") if people and len(found) == len(people) else None


def why(refusals: Sequence[str], reach: Reach) -> str:
    """Who was not reached before these, each said once, and for whom they stand in; empty where there is nothing."""
    return " ".join([*dict.fromkeys(refusals), reach.instead]).strip()


def _known_to_be_gone(slack: Slack, user_id: str, refusals: list[str]) -> bool:
    """Of somebody who was here the last time nothing is asked before the post."""
    return slack.has_left(user_id) and is_gone(slack, user_id, refusals)


def is_gone(slack: Slack, user_id: str, refusals: list[str]) -> bool:
    """True, with a sentence in `refusals`, where Slack says that somebody left the workspace or is a bot."""
    if slack.is_here(user_id):
        return False
    refusals.append(entries.gone(user_id, slack.is_bot(user_id)))
    return True


def _user_ids(slack: Slack, people: Sequence[Person], refusals: list[str]) -> list[str]:
    """Everybody behind these contacts once, members of user groups included."""
    found: list[str] = []
    for contact in people:
        if contact.slack:
            found.append(contact.slack)
        elif contact.user_group:
            found += _members(slack, contact, refusals)
        else:
            refusals.append(entries.no_slack_id(contact.name))
    return list(dict.fromkeys(found))


def _members(slack: Slack, contact: Person, refusals: list[str]) -> list[str]:
    assert contact.user_group is not None
    try:
        members = slack.last_members_of_group(contact.user_group)
    except Refused as refused:
        if refused.may_pass:
            raise
        log.warning("user group could not be read", group=contact.user_group, error=refused.error)
        refusals.append(entries.unknown_group(contact.name, contact.user_group))
        return []
    if not members:
        refusals.append(entries.empty_group(contact.name))
    return members
