"""The people behind the roles: who holds one at an instant, who stands in, and what is missing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import BadRequest
from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.methods import Method
from bot.text.markup import escape
from bot.text.nearest import nearest


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or a user group, who can be pinged by at least one way."""

    name: str
    slack: str | None = None  # member id, U… or W…
    user_group: str | None = None  # user group id, S…
    email: str | None = None
    phone: str | None = None  # + and country code
    methods: tuple[Method, ...] = ()  # outside Slack, in order

    @property
    def mention(self) -> str | None:
        """Slack's notation that pings them; None for people who are not in Slack."""
        if self.slack:
            return f"<@{self.slack}>"
        return f"<!subteam^{self.user_group}>" if self.user_group else None


@dataclass(frozen=True, slots=True)
class Override:
    """`people` hold `role` instead of whoever would, from `from_at` up to, not including, `until_at` (aware UTC)."""

    role: Role
    people: tuple[Person, ...]
    from_at: datetime
    until_at: datetime

    def holds(self, role: Role, at: datetime) -> bool:
        return role is self.role and self.from_at <= at < self.until_at

    def overlaps(self, other: Override) -> bool:
        return self.role is other.role and self.from_at < other.until_at and other.from_at < self.until_at


@dataclass(frozen=True, slots=True)
class Rotation:
    """People in turn: the first from `first_hand_over` (wall clock in `zone`), the next `every` after it, and round."""

    zone: ZoneInfo
    first_hand_over: datetime  # naive, by the wall clock of `zone`
    every: timedelta
    primary: tuple[Person, ...]
    secondary: tuple[Person, ...]

    def turn(self, at: datetime) -> int:
        """How many hand-overs have been by `at`, the first being 0; negative before it."""
        turn = (at.astimezone(self.zone).replace(tzinfo=None) - self.first_hand_over) // self.every
        # The wall clock repeats an hour when it is put back; the hand-over happens the first time only.
        while at >= self.hand_over(turn + 1):
            turn += 1
        while at < self.hand_over(turn):
            turn -= 1
        return turn

    def hand_over(self, turn: int) -> datetime:
        """The instant (aware UTC) at which a turn begins."""
        wall = self.first_hand_over + turn * self.every
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def on_call(self, role: Role, at: datetime) -> tuple[Person, ...]:
        people = self.primary if role is Role.ON_CALL else self.secondary
        return (people[self.turn(at) % len(people)],) if people else ()

    def changes(self, at: datetime) -> tuple[datetime, ...]:
        """The hand-overs after `at` of one whole round."""
        turn = self.turn(at)
        return tuple(self.hand_over(turn + ahead) for ahead in range(1, len(self.primary) + len(self.secondary) + 1))


@dataclass(frozen=True, slots=True)
class Shift:
    """One written-out shift, from `from_at` up to, not including, `until_at` (aware UTC)."""

    from_at: datetime
    until_at: datetime
    primary: Person
    secondary: Person | None


@dataclass(frozen=True, slots=True)
class Shifts:
    """A schedule written out, in order and without gaps. Nobody is on call before the first and after the last."""

    shifts: tuple[Shift, ...]

    def on_call(self, role: Role, at: datetime) -> tuple[Person, ...]:
        for shift in self.shifts:
            if shift.from_at <= at < shift.until_at:
                person = shift.primary if role is Role.ON_CALL else shift.secondary
                return (person,) if person else ()
        return ()

    def changes(self, at: datetime) -> tuple[datetime, ...]:
        """The beginnings and ends of shifts after `at`."""
        return tuple(end for shift in self.shifts for end in (shift.from_at, shift.until_at) if end > at)


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    reach: str


@dataclass(frozen=True, slots=True)
class Channels:
    """Slack channels by name without `#`, or by id."""

    announcement: str
    stakeholder: str
    support: str | None = None  # where customer support reads along


@dataclass(frozen=True, slots=True)
class Contacts:
    """Everything that contacts.yaml says."""

    people: Mapping[str, Person]
    roles: Mapping[Role, tuple[Person, ...]]
    on_call: Rotation | Shifts
    overrides: tuple[Override, ...]
    vendors: tuple[Vendor, ...]
    channels: Channels
    support_email: str | None
    status_page: str | None
    call: str | None = None  # an address with {ref} and {channel} in it

    def call_link(self, ref: str, channel_name: str) -> str | None:
        """Where people speak with each other about this incident; None where the policy names no place."""
        return self.call.replace("{ref}", ref.lower()).replace("{channel}", channel_name) if self.call else None

    @property
    def methods(self) -> tuple[Method, ...]:
        """Everybody's methods outside Slack; empty where nobody has any."""
        return tuple(method for person in self.people.values() for method in person.methods)

    def by_slack(self, user_id: str) -> Person | None:
        """The person with this Slack member id."""
        return next((person for person in self.people.values() if person.slack == user_id), None)


def who(
    contacts: Contacts,
    role: Role,
    at: datetime,
    overrides: Sequence[Override] = (),
    imported: Sequence[Override] = (),
) -> tuple[Person, ...]:
    """Who holds `role` at `at` (aware); empty where nobody does.

    First come `overrides`, made in Slack, then those of contacts.yaml, then the shifts of an imported schedule, then
    contacts.yaml's own rotation and roles.
    """
    for override in (*overrides, *contacts.overrides, *imported):
        if override.holds(role, at):
            return override.people
    if role in (Role.ON_CALL, Role.SECONDARY):
        return contacts.on_call.on_call(role, at)
    return contacts.roles.get(role, ())


def stand_ins(role: Role) -> tuple[Role, ...]:
    """The role itself, then who answers when nobody holds it: the secondary (for on-call), up the ladder, then down."""
    order = [Role.ON_CALL, Role.SECONDARY, *LADDER[1:]]
    place = order.index(role)
    return (*order[place:], *reversed(order[:place]))


def answering(
    contacts: Contacts,
    role: Role,
    at: datetime,
    overrides: Sequence[Override] = (),
    imported: Sequence[Override] = (),
) -> tuple[Role, tuple[Person, ...]]:
    """Who is pinged for `role`: its holders, else those of the nearest role that somebody holds, with that role.

    The people are empty only where nobody holds any role.
    """
    for stand_in in stand_ins(role):
        people = who(contacts, stand_in, at, overrides, imported)
        if people:
            return stand_in, people
    return role, ()


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything that decides who holds a role: contacts.yaml, imported schedules, and what was arranged in Slack."""

    contacts: Contacts
    overrides: tuple[Override, ...] = ()
    imported: tuple[Override, ...] = ()

    def who(self, role: Role, at: datetime) -> tuple[Person, ...]:
        """See the function `who`."""
        return who(self.contacts, role, at, self.overrides, self.imported)

    def find_next(self, role: Role, at: datetime) -> tuple[datetime, tuple[Person, ...]] | None:
        """When the role next changes hands after `at`, and to whom; None where no change is known."""
        spans = (*self.overrides, *self.contacts.overrides, *self.imported)
        edges = {end for span in spans if span.role is role for end in (span.from_at, span.until_at)}
        if role in (Role.ON_CALL, Role.SECONDARY):
            last = max((edge for edge in edges if edge > at), default=at)
            edges |= set(self.contacts.on_call.changes(at)) | set(self.contacts.on_call.changes(last))
        present = self.who(role, at)
        for edge in sorted(edge for edge in edges if edge > at):
            if (people := self.who(role, edge)) != present:
                return edge, people
        return None

    def find_alone(self, at: datetime, until: datetime) -> datetime | None:
        """When in that time on-call and secondary are first the same people, so that nobody stands behind on-call."""
        while at < until:
            primary = self.who(Role.ON_CALL, at)
            if primary and primary == self.who(Role.SECONDARY, at):
                return at
            following = [change for role in (Role.ON_CALL, Role.SECONDARY) if (change := self.find_next(role, at))]
            if not following:
                return None
            at = min(change[0] for change in following)
        return None

    def find_unheld(self, role: Role, at: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """The times between `at` and `until` in which nobody holds the role; those that touch are one."""
        spans = (*self.overrides, *self.contacts.overrides, *self.imported)
        edges = {edge for span in spans if span.role is role for edge in (span.from_at, span.until_at)}
        if isinstance(self.contacts.on_call, Shifts):  # in a rotation somebody is always on
            edges |= set(self.contacts.on_call.changes(at))
        inside = sorted(edge for edge in edges if at < edge < until)
        found: list[tuple[datetime, datetime]] = []
        for begins, ends in itertools.pairwise((at, *inside, until)):
            if self.who(role, begins):
                continue
            if found and found[-1][1] == begins:
                begins, _ = found.pop()
            found.append((begins, ends))
        return found


def first_held(roster: Roster, role: Role, at: datetime) -> tuple[Person, ...]:
    """Who is paged for the role: its holders, or those of the first role that stands in; empty where nobody does."""
    return next((people for stand_in in stand_ins(role) if (people := roster.who(stand_in, at))), ())


_ROLE_WORDS = {
    "on call engineer": Role.ON_CALL,
    "on call": Role.ON_CALL,
    "oncall": Role.ON_CALL,
    "primary on call": Role.ON_CALL,
    "primary": Role.ON_CALL,
    "secondary on call": Role.SECONDARY,
    "secondary": Role.SECONDARY,
    "backup": Role.SECONDARY,
    "team lead": Role.TEAM_LEAD,
    "lead": Role.TEAM_LEAD,
    "tl": Role.TEAM_LEAD,
    "engineering manager": Role.ENGINEERING_MANAGER,
    "manager": Role.ENGINEERING_MANAGER,
    "em": Role.ENGINEERING_MANAGER,
    "vp engineering": Role.VP,
    "vp": Role.VP,
}


def leading_role(text: str) -> tuple[Role | None, str]:
    """`VP site is down` → (VP engineering, "site is down"); (None, text) where no role is named first."""
    words = text.replace("-", " ").split()
    for count in (3, 2, 1):
        role = _ROLE_WORDS.get(" ".join(words[:count]).lower().rstrip(":,"))
        if role is not None and len(words) >= count:
            named = re.match(rf"(?:[^\s-]+[\s-]*){{{count}}}", text.strip())
            return role, text.strip()[named.end() :] if named else ""
    return None, text.strip()


def find_unknown_role(reason: str) -> str:
    """Words that were meant as a role and are none: one that stands alone, but for haste, or is a role misspelled.

    Empty for a reason.
    """
    words = reason.split()
    while len(words) > 1 and words[-1].lower().strip(".,!") in _HASTE:
        words.pop()
    if len(words) == 1 and words[0][0] not in "\"'“”„‘’‚":
        return words[0]
    for count in (2, 1):
        typed = " ".join(words[:count]).lower().rstrip(":,")
        near = nearest(typed, _ROLE_WORDS, likeness=_MISSPELLED) if len(typed) >= _SHORTEST else None
        if near is not None and typed.removesuffix("s") != near:  # "backups fail" is a reason
            return typed
    return ""


_HASTE = frozenset(("again", "asap", "fast", "immediately", "now", "please", "pls", "quickly", "today", "urgently"))
_MISSPELLED = 0.82  # how like the name of a role; from 0 to 1
_SHORTEST = 4  # letters: of fewer, much is alike


def no_such_role(word: str) -> str:
    """What to say of words that are no role: those there are, and the one that they come near."""
    near = nearest(word, _ROLE_WORDS)
    hint = f" Did you mean {_ROLE_WORDS[near]}?" if near else ""
    names = ", ".join(role.value for role in Role)
    nobody = "No one was paged. A reason has several words, or quotes."
    return f"“{escape(word[:40])}” is no role. There are: {names}.{hint} {nobody}"


def parse_role(text: str) -> Role:
    """The role that somebody typed. Raises BadRequest with those there are."""
    role, rest = leading_role(text)
    if role is None or rest:
        raise BadRequest(f"Say which role: {', '.join(role.value for role in Role)}.")
    return role


def check_override(wanted: Override, existing: Sequence[Override], now: datetime) -> None:
    """Raise BadRequest, saying what to do, for an override that is empty, in the past or overlaps an existing one."""
    if wanted.until_at <= wanted.from_at:
        raise BadRequest("The override ends before it begins. Give an end that is later.")
    if wanted.until_at <= now:
        raise BadRequest("The override would already be over. Give an end in the future.")
    for other in existing:
        if wanted.overlaps(other):
            held = ", ".join(person.name for person in other.people)
            raise BadRequest(
                f"{held} already holds {other.role} until {other.until_at:%Y-%m-%d %H:%M} UTC. Begin after that."
            )
