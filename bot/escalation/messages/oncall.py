"""Answers to /incident oncall and /incident escalate, and how somebody came to hold a role that was paged. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.escalation.messages.roster import people as names
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Person
from bot.slack.text import person, plain
from bot.text.instants import zone_name
from bot.text.markup import escape, instant
from bot.text.zones import spelled


def paged_already(asked_by: str | None) -> str:
    """To whoever presses Page on-call now after somebody else did."""
    return f"{person(asked_by)} already had on-call paged."


_OVERRIDE_HINT = (
    "`/incident oncall override @someone until 18:00`, or `… from Monday 9:00 until Friday 17:00 as team lead`"
)
_QUOTED = 40  # characters of what was typed, in a refusal


# Who is on call


def holders_line(
    role: Role, holders: Sequence[Person], following: tuple[datetime, Sequence[Person]] | None, stand_in: Role | None
) -> str:
    """Who holds a role now and who is next. `stand_in` is where pages go while nobody holds it; None for nowhere."""
    held = names(holders)
    if not holders:
        held += f"; pages go to the {stand_in}" if stand_in else "; pages go to no one"
    later = f". Next {names(following[1])} from {instant(following[0])}" if following else ""
    return f"*{role}:* {held}{later}"


def override_line(user_id: str, role: str, from_at: datetime, until_at: datetime, made_by: str) -> str:
    span = f"{instant(from_at)} until {instant(until_at)}"
    return f"_Override:_ {person(user_id)} as {role}, {span}, by {person(made_by)}"


def imported_line(role: str, source: str, until_at: datetime) -> str:
    return f"_{role}: imported from {source}, until {instant(until_at)}_"


def outside_help(contacts: Contacts) -> list[str]:
    """Whom to ask beside the roster, and where customers read: a line for each that contacts.yaml names."""
    vendors = " · ".join(f"{plain(vendor.name)}: {plain(vendor.reach)}" for vendor in contacts.vendors)
    named = (("Vendors", vendors), ("Customer support", contacts.support_email), ("Status page", contacts.status_page))
    return [f"*{title}:* {said if title == 'Vendors' else plain(said)}" for title, said in named if said]


# Overrides


def override_made(user_id: str, role: str, from_at: datetime, until_at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`zone` is that of whoever typed it: the instants are said in it."""
    begins = "now" if from_at <= now else spelled(from_at, zone)
    return f"{person(user_id)} is {role} from {begins} until {spelled(until_at, zone)}."


def stands_alone(since: datetime, now: datetime, zone: ZoneInfo) -> str:
    """One person is on call and secondary; `zone` as above."""
    begins = "now" if since <= now else f"from {spelled(since, zone)}"
    second = "Name somebody else as secondary: `/incident oncall override @someone until … as secondary`."
    return f"On-call and secondary are the same person {begins}, so there is no backup. {second}"


def override_removed(user_id: str, role: str) -> str:
    return f"Override removed. {person(user_id)} is no longer {role}."


# What was typed, and can't be understood

OTHER_WORD = (
    f"Type `/incident oncall` for who is on call, `/incident oncall test` for a TEST page, or {_OVERRIDE_HINT}."
)


def not_listed(user_id: str) -> str:
    return f"{person(user_id)} is not in `contacts.yaml`, so there is no way to page them outside Slack."


NAME_ONE = f"Name one person: {_OVERRIDE_HINT}."
WHICH_OVERRIDE = "Name the person or the role: `/incident oncall remove @someone`."


def not_understood(typed: str) -> str:
    return f"“{escape(typed[:_QUOTED])}” isn't a person and a time. Type {_OVERRIDE_HINT}."


def until_when(zone: ZoneInfo) -> str:
    return f"Say until when: {_OVERRIDE_HINT}. Without a zone, times are in yours, {zone_name(zone)}."


def in_the_past(typed: str) -> str:
    return f"“{escape(typed[:_QUOTED])}” is in the past. Use a future time: {_OVERRIDE_HINT}."


def use_once(word: str) -> str:
    return f"Use “{word}” once, followed by a value: {_OVERRIDE_HINT}."


# Pages that somebody asks for


def paging(role: str, ref: str, holders: Sequence[Person]) -> str:
    return f"Paging the {role} about {ref}: {names(holders)}."


def latest_of(line: str, repeats: int) -> str:
    """The line of the latest of so many repeats, which stands for all of them."""
    return f"{line}, the latest of {repeats}"


# How somebody came to be paged


def went_to(user_ids: Sequence[str]) -> str:
    """To somebody whom the page did not go to."""
    return f"This page went to {', '.join(map(person, user_ids)) or 'no one yet'}."


def held_by_override(until_at: datetime) -> str:
    return f"You have the role by an override until {instant(until_at)}."


def held_by_import(until_at: datetime) -> str:
    return f"You have the role by the imported schedule until {instant(until_at)}."


def held_by_contacts(role: str, until_at: datetime | None) -> str:
    until = f" until {instant(until_at)}" if until_at else ""
    return f"You are {role}{until}, by contacts.yaml."


STAND_IN = "You stand in for the role."
