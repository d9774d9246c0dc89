"""Who is on call, overrides and hand-overs, as Slack shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Person
from bot.slack.blocks import context, section
from bot.slack.client import Message
from bot.slack.text import person, plain
from bot.text.markup import instant


def people(holders: Sequence[Person], *, ping: bool = False) -> str:
    """Their names; with `ping`, mentions that notify them."""
    if not holders:
        return "no one"
    return ", ".join(_name(holder, ping) for holder in holders)


def _name(holder: Person, ping: bool) -> str:
    # Ephemeral answers notify nobody, so people are shown by their mention; a group's would notify all in a message.
    return (holder.mention if holder.slack or ping else None) or plain(holder.name)


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """An override as people are told of it; people are user ids, `displaced` those who would hold the role."""

    role: str
    user_id: str
    from_at: datetime
    until_at: datetime
    made_by: str
    removed_by: str | None = None
    displaced: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        return f"{instant(self.from_at)} until {instant(self.until_at)}"


_HINT = "`/incident oncall` shows who is on. `/incident oncall remove` removes an override."


def override_notice(facts: OverrideFacts) -> Message:
    """What the person reads whom an override names."""
    if facts.removed_by:
        text = f"{person(facts.removed_by)} removed your override; you are no longer {facts.role} from {facts.when}."
    else:
        text = f"{person(facts.made_by)} made you *{facts.role}* from {facts.when}."
    return Message(text, (section(text), context(_HINT)))


def override_news(facts: OverrideFacts) -> Message:
    """What everybody else reads whom it concerns: the displaced, the team lead, the announcement channel."""
    held = ", ".join(person(user_id) for user_id in facts.displaced)
    if facts.removed_by:
        back = f" Back on: {held}." if held else ""
        text = f"{person(facts.removed_by)} removed {person(facts.user_id)} as {facts.role} from {facts.when}.{back}"
    else:
        instead = f", in place of {held}" if held else ""
        who = "themselves" if facts.made_by == facts.user_id else person(facts.user_id)
        text = f"{person(facts.made_by)} made {who} *{facts.role}* from {facts.when}{instead}."
    return Message(text, (section(text), context(_HINT)))


# Whom a typed name means, and which override: what cannot be answered

ONE_PERSON = "Name one person only."
NO_SUCH_OVERRIDE = "There is no such override. `/incident oncall` lists the current ones."
SEVERAL_OVERRIDES = "Several overrides match. Name person and role: `/incident oncall remove @someone as team lead`."


def mention(user_id: str) -> str:
    """How somebody is named whom only Slack knows."""
    return person(user_id)


def is_user_group(name: str, members: Sequence[str]) -> str:
    return f"{name} is a user group; name one person{_choice(members)}."


def several_people(name: str, user_ids: Sequence[str]) -> str:
    return f"“{name}” matches several people{_choice(user_ids)}. Mention the one you mean: `@name`."


def nobody_in_slack(name: str) -> str:
    return f"“{name}” isn't linked to anyone in Slack. Mention the person: `@name`."


def unknown_person(name: str, near: str = "") -> str:
    return f"I don't know anyone called “{name}”.{f' Did you mean “{near}”?' if near else ''} Mention them: `@name`."


def unknown_role(name: str) -> str:
    return f"I don't know anyone called “{name}”. The roles are: {_roles()}."


def not_paged(name: str) -> str:
    return f"{name} has no role that is paged. The roles are: {_roles()}. `/incident oncall` shows who has them."


def _roles() -> str:
    return ", ".join(role.value for role in Role)


def _choice(user_ids: Sequence[str]) -> str:
    """`: @one, @two`, for the end of a sentence."""
    shown = ", ".join(person(user_id) for user_id in user_ids[:10])
    return f": {shown}" if shown else ""
