"""What would leave a ping without a reader, now or in the weeks to come, and how to fix it. `doctor` reports it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Override, Roster, answering

LOOK_AHEAD = timedelta(weeks=4)
_FILE = "knowledge/policy/contacts.yaml"


@dataclass(frozen=True, slots=True)
class RosterGap:
    """Something that would leave a ping without a reader: what is wrong and how to fix it."""

    role: Role
    reason: str
    fix: str


def find_gaps(roster: Roster, at: datetime) -> tuple[RosterGap, ...]:
    """All that is amiss at `at` (aware): roles nobody holds, people without Slack, overrides that are over or clash."""
    found = itertools.chain(_unheld(roster, at), _without_slack(roster, at), _same(roster, at), _overrides(roster, at))
    return tuple(found)


def schedule_gaps(roster: Roster, role: Role, at: datetime) -> list[tuple[datetime, datetime]]:
    """The times from `at` to its end that the role's imported schedule leaves out; there contacts.yaml decides."""
    shifts = sorted(
        (shift.from_at, shift.until_at) for shift in roster.imported if shift.role is role and shift.until_at > at
    )
    ends = [at, *(until_at for _, until_at in shifts)]
    return [(end, begins) for end, (begins, _) in zip(ends, shifts, strict=False) if end < begins]


def _unheld(roster: Roster, at: datetime) -> Iterator[RosterGap]:
    for role in Role:
        times = roster.find_unheld(role, at, at + LOOK_AHEAD)
        place = "on_call" if role in (Role.ON_CALL, Role.SECONDARY) else "roles"
        fix = f"Name somebody under `{place}` in {_FILE}."
        if times and times[0][0] == at:
            yield RosterGap(role, f"nobody holds the role {role}; its pages go to {_stand_in(roster, role, at)}", fix)
        elif times:
            begins, ends = times[0]
            when = f"from {begins:%Y-%m-%d %H:%M}" + (f" to {ends:%Y-%m-%d %H:%M}" if ends < at + LOOK_AHEAD else "")
            again = ("", ", and once more")[len(times) - 1] if len(times) < 3 else f", and {len(times) - 1} times more"
            reason = (
                f"{when} UTC nobody holds the role {role}{again}; its pages go to {_stand_in(roster, role, begins)}"
            )
            yield RosterGap(role, reason, f"{fix} For that time alone, `/incident oncall override` does.")


def _stand_in(roster: Roster, role: Role, at: datetime) -> str:
    stand_in, people = answering(roster.contacts, role, at, roster.overrides, roster.imported)
    return f"the {stand_in}" if people else "nobody"


def _without_slack(roster: Roster, at: datetime) -> Iterator[RosterGap]:
    """Holders, present and arranged for later, whom Slack cannot ping."""
    now = [(role, person) for role in Role for person in roster.who(role, at)]
    arranged = (*roster.overrides, *roster.contacts.overrides, *roster.imported)
    later = [(span.role, person) for span in arranged if span.until_at > at for person in span.people]
    for role, person in dict.fromkeys([*now, *later]):
        if person.mention is None:
            reason = f"{person.name} has no Slack id and cannot be paged there"
            yield RosterGap(role, reason, f"Add `slack: U…` to {person.name} in {_FILE}.")


def _same(roster: Roster, at: datetime) -> Iterator[RosterGap]:
    primary, secondary = (roster.who(role, at) for role in (Role.ON_CALL, Role.SECONDARY))
    if primary and primary == secondary:
        name = _name(primary[0].name)
        reason = f"{name} is both the on-call engineer and the secondary, so a breach pages nobody new"
        yield RosterGap(
            Role.SECONDARY, reason, f"Shift `secondary` by one place in {_FILE}, or override one of the two."
        )


def _overrides(roster: Roster, at: datetime) -> Iterator[RosterGap]:
    """Those of contacts.yaml that are over, and those made in Slack that another one contradicts."""
    for override in roster.contacts.overrides:
        if override.until_at <= at:
            reason = f"an override ended on {override.until_at:%Y-%m-%d} and does nothing any more"
            yield RosterGap(override.role, reason, f"Remove it from {_FILE}.")
    for one, two in itertools.combinations((*roster.overrides, *roster.contacts.overrides), 2):
        if one.overlaps(two) and min(one.until_at, two.until_at) > at:
            first, second = _names(one), _names(two)
            since = max(one.from_at, two.from_at)
            reason = f"the overrides of the {one.role} by {first} and {second} overlap from {since:%Y-%m-%d %H:%M} UTC"
            fix = f"Take one back: `/incident oncall remove @someone as {one.role}`, or the line in {_FILE}."
            yield RosterGap(one.role, f"{reason}; {first} is paged", fix)


def _names(override: Override) -> str:
    return " and ".join(_name(person.name) for person in override.people)


def _name(name: str) -> str:
    """Somebody known by their Slack id alone is called by it."""
    return name.removeprefix("<@").removesuffix(">")
