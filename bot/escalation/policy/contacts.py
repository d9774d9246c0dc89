"""knowledge/policy/contacts.yaml → Contacts."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.escalation.policy.methods import MethodModel, different
from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.roster import Channels, Contacts, Override, Person, Rotation, Shift, Shifts, Vendor
from bot.policy.loading import Keys, PolicyModel, Problem, load, refuse_at
from bot.policy.values import (
    ANY_TEXT,
    Duration,
    LocalInstant,
    Many,
    Text,
    Typed,
    Zone,
    did_you_mean,
    each_once,
    must,
    one_of,
)

_NUMBER = "a telephone number with + and country code, digits only"
_CHANNEL = re.compile(r"[^\sA-Z.#,]{1,80}|[CG][A-Z0-9]{2,}")
_ABOVE_ON_CALL = tuple(role for role in LADDER if role is not Role.ON_CALL)
_SHORTEST_TURN = timedelta(hours=1)
_NAMES = "names of people"  # the key under which a reading keeps whom the file lists

People = Mapping[str, Person]


def _way(pattern: str, meaning: str) -> Typed:
    def read(typed: str) -> str:
        if not re.fullmatch(pattern, typed):
            raise ValueError(f'"{typed}" is not {meaning}.')
        return typed

    return Typed(read, {"type": ["string", "integer"], "pattern": f"^{pattern}$"})


class PersonModel(PolicyModel):
    """How one person, or a user group, is reached."""

    slack: (
        Annotated[str, _way(r"[UW][A-Z0-9]{2,}", "a Slack member id such as U0123ABCD (profile → Copy member ID)")]
        | None
    ) = None
    user_group: Annotated[str, _way(r"S[A-Z0-9]{2,}", "a Slack user group id such as S0123ABCD")] | None = None
    email: Annotated[str, _way(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")] | None = None
    phone: Annotated[str, _way(r"\+[0-9]{7,15}", "a telephone number with + and country code, digits only")] | None = (
        None
    )

    methods: Annotated[Many[MethodModel], AfterValidator(different)] = ()

    @model_validator(mode="after")
    def _reachable(self) -> PersonModel:
        if not any((self.slack, self.user_group, self.email, self.phone)):
            raise ValueError("this person cannot be reached. Add a line `slack: U…`.")
        if self.slack and self.user_group:
            raise ValueError("it is either a person (slack) or a user group (user_group). Keep one.")
        for way, address in (("mail", self.email), ("text", self.phone)):
            if any(method.by == way for method in self.methods) and not address:
                raise ValueError(f"`{way}` is among the methods, but there is no address for it. Add email or phone.")
        return self

    def person(self, name: str) -> Person:
        """As the rules have it."""
        address = self.model_dump(exclude_none=True, exclude={"methods"})
        return Person(name, **address, methods=tuple(method.method() for method in self.methods))


def _remember_names(people: Any, info: ValidationInfo) -> Any:
    if isinstance(people, dict) and info.context is not None:
        info.context[_NAMES] = list(people)
    return people


def _listed(name: str, info: ValidationInfo) -> str:
    names = (info.context or {}).get(_NAMES, [name])
    if name not in names:
        raise ValueError(f'nobody called "{name}" is listed under people.{did_you_mean(name, names)}')
    return name


Name = Annotated[
    str,
    Typed(str, ANY_TEXT, empty="nobody is named, which leaves a gap. Name somebody or remove the line."),
    AfterValidator(_listed),
]


Holders = Annotated[Many[Name], must(each_once, "somebody is named twice. Keep one.")]


class SpanModel(PolicyModel):
    """From when until when, in the rotation's time zone where none is typed."""

    from_at: LocalInstant = Field(alias="from")
    until_at: LocalInstant = Field(alias="until")

    def instants(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Both as aware UTC."""
        first, last = (
            (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
            for local in (self.from_at, self.until_at)
        )
        return first, last


class ShiftModel(SpanModel):
    """One shift of a schedule that is written out."""

    primary: Name
    secondary: Name | None = None


class OverrideModel(SpanModel):
    """Who stands in for a role."""

    role: Annotated[Role, one_of(tuple(Role), Role)]
    person: Name


def _backwards(spans: Sequence[SpanModel], zone: tzinfo) -> list[Problem]:
    instants = [span.instants(zone) for span in spans]
    sentence = "it ends when or before it begins. `until` must be later than `from`."
    return [((place,), sentence) for place, (from_at, until_at) in enumerate(instants) if until_at <= from_at]


class RotationModel(PolicyModel):
    """People who take turns."""

    time_zone: Zone
    first_hand_over: Annotated[
        LocalInstant,
        must(lambda at: at.tzinfo is None, "write it without offset; it is wall-clock time in the time zone above."),
    ]
    every: Annotated[Duration, must(lambda every: every >= _SHORTEST_TURN, "a turn is at least 1 h long.")]
    primary: Annotated[Many[Name], must(bool, "nobody is on call. Name at least one person.")]
    secondary: Many[Name] = ()

    def turns(self, people: People) -> Rotation:
        first, second = _all(self.primary, people), _all(self.secondary, people)
        return Rotation(self.time_zone, self.first_hand_over, self.every, first, second)


class ShiftsModel(PolicyModel):
    """A schedule that is written out, without gaps."""

    time_zone: Zone
    shifts: Annotated[Many[ShiftModel], must(bool, "nobody is on call. Add at least one shift.")]

    @field_validator("shifts")
    @classmethod
    def _one_after_the_other(cls, shifts: tuple[ShiftModel, ...], info: ValidationInfo) -> tuple[ShiftModel, ...]:
        zone = info.data.get("time_zone", UTC)
        problems = _backwards(shifts, zone)
        for place, (above, below) in enumerate(pairwise(shift.instants(zone) for shift in shifts), 1):
            if below[0] > above[1]:
                gap = f"{above[1]:%Y-%m-%d %H:%M} to {below[0]:%Y-%m-%d %H:%M}"
                problems.append(((place,), f"nobody is on call from {gap} UTC. Close the gap."))
            elif below[0] < above[1]:
                sentence = "it begins before the shift above it has ended. Shifts follow one another."
                problems.append(((place,), sentence))
        refuse_at(problems)
        return shifts

    def turns(self, people: People) -> Shifts:
        turns = ((one.instants(self.time_zone), people[one.primary], one.secondary) for one in self.shifts)
        return Shifts(tuple(Shift(*when, first, people[second] if second else None) for when, first, second in turns))


def _kind(on_call: object) -> str:
    return "(shifts)" if isinstance(on_call, dict) and "shifts" in on_call else "(rotation)"


OnCall = Annotated[
    Annotated[RotationModel, Tag("(rotation)")] | Annotated[ShiftsModel, Tag("(shifts)")], Discriminator(_kind)
]


def _channel(typed: str) -> str:
    name = typed.removeprefix("#")
    if not _CHANNEL.fullmatch(name):
        raise ValueError(f'"{name}" is not a channel name. Those are lower case, without spaces or dots, 80 at most.')
    return name


Channel = Annotated[
    str,
    Typed(
        _channel,
        ANY_TEXT | {"pattern": f"^#?({_CHANNEL.pattern})$"},
        empty="no channel is named. Write its name without the # sign: # begins a comment.",
    ),
]


def _call(text: str) -> str:
    """The address of a call, in which {ref} and {channel} stand for the incident's."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"a brace is open or closed alone ({error}).") from None
    for name in names:
        if name not in ("ref", "channel"):
            raise ValueError(f'unknown word "{{{name}}}". There are {{ref}} and {{channel}}.')
    if not text.startswith("https://") or any(character.isspace() for character in text):
        raise ValueError(f'"{text}" is not an address that begins with https://.')
    return text


class ContactsFile(PolicyModel):
    """Who is behind the roles, and how they are reached. `people` is read first, so that the rest can name them."""

    people: Annotated[dict[str, PersonModel], BeforeValidator(_remember_names)]
    roles: Annotated[dict[Role, Holders], Keys(optional=_ABOVE_ON_CALL, read_empty=True)]
    on_call: OnCall
    overrides: Many[OverrideModel] = ()
    vendors: Many[Annotated[dict[str, Text], Keys("name", "reach")]] = ()
    channels: Annotated[dict[str, Channel], Keys("announcement", "stakeholder", optional=("support",))]
    support_email: Text | None = None
    status_page: Text | None = None
    call: Annotated[str, Typed(_call, {"type": "string", "pattern": "^https://"})] | None = None

    @field_validator("overrides")
    @classmethod
    def _one_at_a_time(cls, overrides: tuple[OverrideModel, ...], info: ValidationInfo) -> tuple[OverrideModel, ...]:
        zone = info.data["on_call"].time_zone if "on_call" in info.data else UTC
        problems = _backwards(overrides, zone)
        stand_ins = [Override(one.role, (), *one.instants(zone)) for one in overrides]
        for place, one in enumerate(stand_ins):
            if any(one.overlaps(other) for other in stand_ins[:place]):
                sentence = f"it overlaps another override of the {one.role}. Let one end where the next begins."
                problems.append(((place,), sentence))
        refuse_at(problems)
        return overrides


def _all(names: tuple[str, ...], people: People) -> tuple[Person, ...]:
    return tuple(people[name] for name in names)


def load_contacts(path: Path) -> Contacts:
    """The contacts that the file describes. Raises InvalidPolicy with file, line and reason."""
    file = load(path, ContactsFile)
    people = {name: one.person(name) for name, one in file.people.items()}
    return Contacts(
        people=people,
        roles={role: _all(names, people) for role, names in file.roles.items()},
        on_call=file.on_call.turns(people),
        overrides=tuple(
            Override(one.role, (people[one.person],), *one.instants(file.on_call.time_zone)) for one in file.overrides
        ),
        vendors=tuple(Vendor(**one) for one in file.vendors),
        channels=Channels(**file.channels),
        support_email=file.support_email,
        status_page=file.status_page,
        call=file.call,
    )
