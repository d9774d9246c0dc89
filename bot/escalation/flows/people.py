"""Whom people mean when they name somebody: Slack's mention, a name of contacts.yaml or Slack, or a role."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.flows.holders import holders
from bot.escalation.flows.roster import read_roster
from bot.escalation.messages import roster as messages
from bot.escalation.queries import user_groups
from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.roster import Contacts, leading_role
from bot.slack import queries as slack_queries
from bot.text.markup import MENTION, escape, plain_text
from bot.text.nearest import nearest

_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|([^<>]*))?>")
_LONGEST_NAME = 4  # words of a name that stands before something else


def split_mention(session: Session, markup: str) -> tuple[str | None, str]:
    """The one person whom the markup mentions, None where it mentions nobody, and the markup without the mention.

    Raises BadRequest for several people, and for a user group, of whom one has to be named.
    """
    found = list(dict.fromkeys(MENTION.findall(markup)))
    if len(found) > 1:
        raise BadRequest(messages.ONE_PERSON)
    if not found and (group := _GROUP.search(markup)):
        members = user_groups.members_of(session, [group[1]]).get(group[1], [])
        raise BadRequest(messages.is_user_group(plain_text(group[0]), members))
    return (found[0] if found else None), MENTION.sub(" ", markup)


def find_person(session: Session, typed: str, contacts: Contacts, now: datetime) -> str:
    """The Slack id of whoever goes by these plain words: a name, or a role that one person holds at `now`.

    Raises BadRequest for nobody, and for several with who they are.
    """
    found, known = _called(session, typed, contacts)
    if not known:
        role, rest = leading_role(_plain(typed))
        if role is not None and not rest:
            found, known = holders(session, contacts, [role], now), role.value
    if not found and not known:
        found = _shortened(typed, contacts)
    if len(found) == 1:
        return found[0]
    shown = escape(typed.strip().removeprefix("@")[:60])
    if found:
        raise BadRequest(messages.several_people(shown, found))
    if known:
        raise BadRequest(messages.nobody_in_slack(shown))
    raise BadRequest(messages.unknown_person(shown, _near(typed, contacts)))


def leading_rung(session: Session, markup: str, contacts: Contacts, now: datetime) -> tuple[Role | None, str]:
    """The role that the markup names first, itself or by somebody who holds it, and the plain words after that.

    (None, words) where nobody is named: people's names count with an @ before them, or when they stand alone. Raises
    BadRequest for somebody who holds no role and for a name that nobody has.
    """
    markup = markup.strip()
    if mentioned := MENTION.match(markup):
        return _held_by(session, mentioned[1], contacts, now), plain_text(markup[mentioned.end() :])
    if group := _GROUP.match(markup):
        return _held_by_group(session, group, contacts, now), plain_text(markup[group.end() :])
    text = plain_text(markup)
    role, reason = leading_role(text.removeprefix("@"))
    if role is not None:
        return role, reason
    words = text.split()
    most = len(words) if text.startswith("@") else 0
    for count in range(min(most, _LONGEST_NAME), 0, -1):
        if _called(session, " ".join(words[:count]), contacts)[1]:
            user_id = find_person(session, " ".join(words[:count]), contacts, now)
            return _held_by(session, user_id, contacts, now), " ".join(words[count:])
    if most:
        raise BadRequest(messages.unknown_role(escape(words[0][1:61])))
    if words and _called(session, text, contacts)[1]:
        return _held_by(session, find_person(session, text, contacts, now), contacts, now), ""
    return None, text


def _called(session: Session, typed: str, contacts: Contacts) -> tuple[list[str], str]:
    """The ids of everybody of that name, and the name as it is known; empty where nobody has it."""
    wanted = _plain(typed)
    listed = [person for person in contacts.people.values() if _plain(person.name) == wanted]
    members = user_groups.members_of(session, [person.user_group for person in listed if person.user_group])
    found = [person.slack for person in listed if person.slack]
    found += [user_id for user_ids in members.values() for user_id in user_ids]
    spellings = {wanted, wanted.replace(" ", "-"), wanted.replace(" ", "_"), typed.strip().removeprefix("@").lower()}
    for name in sorted(spellings):
        found += sorted(slack_queries.find_by_name(session, name))
    return list(dict.fromkeys(found)), wanted if listed or found else ""


def _shortened(typed: str, contacts: Contacts) -> list[str]:
    """The ids of the contacts whose names these words begin, word by word: `eng-manager` is `engineering manager`."""
    words = _plain(typed).split()
    if len(words) < 2 or min(map(len, words)) < 3:
        return []
    names = {person.slack: _plain(person.name).split() for person in contacts.people.values() if person.slack}
    return [
        user_id
        for user_id, name in names.items()
        if len(name) == len(words) and all(whole.startswith(part) for whole, part in zip(name, words, strict=True))
    ]


def _plain(name: str) -> str:
    """As names are compared: `@Team-Lead` is `team lead`."""
    return " ".join(re.sub(r"[-_]", " ", name.strip().removeprefix("@").lower()).split())


def _held_by(session: Session, user_id: str, contacts: Contacts, now: datetime) -> Role:
    for role in (*LADDER, Role.SECONDARY):
        if user_id in holders(session, contacts, [role], now):
            return role
    raise BadRequest(messages.not_paged(messages.mention(user_id)))


def _held_by_group(session: Session, group: re.Match[str], contacts: Contacts, now: datetime) -> Role:
    roster = read_roster(session, contacts, now)
    for role in (*LADDER, Role.SECONDARY):
        if any(person.user_group == group[1] for person in roster.who(role, now)):
            return role
    raise BadRequest(messages.not_paged(plain_text(group[0])))


def _near(typed: str, contacts: Contacts) -> str:
    names = [*contacts.people, *(role.value for role in Role)]
    return nearest(_plain(typed), [_plain(name) for name in names], likeness=0.7) or ""
