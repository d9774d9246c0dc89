"""knowledge/policy/contacts.yaml → Contacts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.escalation.rules.matrix import LADDER, Role
from bot.escalation.rules.roster import Channels, Contacts, Override, Person, Rotation, Shift, Shifts, Vendor
from bot.policy.reading import Node, did_you_mean, read

_WAYS = {
    "slack": (re.compile(r"[UW][A-Z0-9]{2,}"), "a Slack member id such as U0123ABCD (profile → Copy member ID)"),
    "user_group": (re.compile(r"S[A-Z0-9]{2,}"), "a Slack user group id such as S0123ABCD"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "an e-mail address"),
    "phone": (re.compile(r"\+[0-9]{7,15}"), "a telephone number with + and country code, digits only"),
}
_CHANNEL = re.compile(r"[^\sA-Z.#,]{1,80}|[CG][A-Z0-9]{2,}")
_ABOVE_ON_CALL = tuple(role.value for role in LADDER if role is not Role.ON_CALL)
_SHORTEST_TURN = timedelta(hours=1)

People = Mapping[str, Person]


def load_contacts(path: Path) -> Contacts:
    """The contacts that the file describes. Raises InvalidPolicy with file, line and reason."""
    fields = read(path).fields(
        "people", "roles", "on_call", "channels", optional=("overrides", "vendors", "support_email", "status_page")
    )
    people = {name: _person(name, node) for name, node in fields["people"].mapping().items()}
    zone, on_call = _on_call(fields["on_call"], people)
    return Contacts(
        people=people,
        roles=_roles(fields["roles"], people),
        on_call=on_call,
        overrides=_overrides(fields.get("overrides"), people, zone),
        vendors=_vendors(fields.get("vendors")),
        channels=_channels(fields["channels"]),
        support_email=_optional_text(fields.get("support_email")),
        status_page=_optional_text(fields.get("status_page")),
    )


def _person(name: str, node: Node) -> Person:
    ways: dict[str, str] = {}
    for way, value in node.fields(optional=tuple(_WAYS)).items():
        if value.is_empty:
            continue
        pattern, meaning = _WAYS[way]
        if not pattern.fullmatch(value.text()):
            raise value.refuse(f'{value.name}: "{value.text()}" is not {meaning}.')
        ways[way] = value.text()
    if not ways:
        raise node.refuse(f"{node.name}: {name} cannot be reached. Add a line `slack: U…`.")
    if "slack" in ways and "user_group" in ways:
        raise node.refuse(f"{node.name}: {name} is either a person (slack) or a user group (user_group). Keep one.")
    return Person(name, **ways)


def _lookup(node: Node, people: People) -> Person:
    if node.is_empty:
        raise node.refuse(f"{node.name}: nobody is named, which leaves a gap. Name somebody or remove the line.")
    name = node.text()
    if name not in people:
        raise node.refuse(
            f'{node.name}: nobody called "{name}" is listed under people.{did_you_mean(name, list(people))}'
        )
    return people[name]


def _everybody(node: Node, people: People) -> tuple[Person, ...]:
    return tuple(_lookup(item, people) for item in node.items())


def _roles(node: Node, people: People) -> dict[Role, tuple[Person, ...]]:
    rows = node.fields(optional=_ABOVE_ON_CALL)
    roles = {Role(name): _everybody(row, people) for name, row in rows.items()}
    for name, row in rows.items():
        if len(set(roles[Role(name)])) < len(roles[Role(name)]):
            raise row.refuse(f"{row.name}: somebody is named twice. Keep one.")
    return roles


def _on_call(node: Node, people: People) -> tuple[ZoneInfo, Rotation | Shifts]:
    if "shifts" in node.mapping():
        fields = node.fields("time_zone", "shifts")
        zone = fields["time_zone"].zone()
        return zone, Shifts(_shifts(fields["shifts"], people, zone))
    fields = node.fields("time_zone", "first_hand_over", "every", "primary", optional=("secondary",))
    zone = fields["time_zone"].zone()
    first = fields["first_hand_over"].local_instant()
    if first.tzinfo is not None:
        raise fields["first_hand_over"].refuse(
            "on_call.first_hand_over: write it without offset; it is wall-clock time in the time zone above."
        )
    every = fields["every"].duration()
    if every < _SHORTEST_TURN:
        raise fields["every"].refuse("on_call.every: a turn is at least 1 h long.")
    primary = _everybody(fields["primary"], people)
    if not primary:
        raise fields["primary"].refuse("on_call.primary: nobody is on call. Name at least one person.")
    secondary = _everybody(fields["secondary"], people) if "secondary" in fields else ()
    return zone, Rotation(zone, first, every, primary, secondary)


def _shifts(node: Node, people: People, zone: ZoneInfo) -> tuple[Shift, ...]:
    shifts: list[Shift] = []
    for item in node.items():
        fields = item.fields("from", "until", "primary", optional=("secondary",))
        from_at, until_at = _span(item, fields, zone)
        if shifts and from_at > shifts[-1].until_at:
            raise item.refuse(
                f"{item.name}: nobody is on call from {shifts[-1].until_at:%Y-%m-%d %H:%M} "
                f"to {from_at:%Y-%m-%d %H:%M} UTC. Close the gap."
            )
        if shifts and from_at < shifts[-1].until_at:
            raise item.refuse(f"{item.name}: it begins before the shift above it has ended. Shifts follow one another.")
        second = fields.get("secondary")
        secondary = _lookup(second, people) if second is not None and not second.is_empty else None
        shifts.append(Shift(from_at, until_at, _lookup(fields["primary"], people), secondary))
    if not shifts:
        raise node.refuse("on_call.shifts: nobody is on call. Add at least one shift.")
    return tuple(shifts)


def _span(node: Node, fields: Mapping[str, Node], zone: ZoneInfo) -> tuple[datetime, datetime]:
    from_at, until_at = (_instant(fields[key], zone) for key in ("from", "until"))
    if until_at <= from_at:
        raise node.refuse(f"{node.name}: it ends when or before it begins. `until` must be later than `from`.")
    return from_at, until_at


def _instant(node: Node, zone: ZoneInfo) -> datetime:
    local = node.local_instant()
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)


def _overrides(node: Node | None, people: People, zone: ZoneInfo) -> tuple[Override, ...]:
    overrides: list[Override] = []
    for item in node.items() if node else ():
        fields = item.fields("role", "person", "from", "until")
        role = Role(fields["role"].choice([role.value for role in Role]))
        from_at, until_at = _span(item, fields, zone)
        override = Override(role, (_lookup(fields["person"], people),), from_at, until_at)
        if any(override.overlaps(other) for other in overrides):
            raise item.refuse(
                f"{item.name}: it overlaps another override of the {role}. Let one end where the next begins."
            )
        overrides.append(override)
    return tuple(overrides)


def _vendors(node: Node | None) -> tuple[Vendor, ...]:
    rows: Iterable[Node] = node.items() if node else ()
    fields = [row.fields("name", "reach") for row in rows]
    return tuple(Vendor(row["name"].text(), row["reach"].text()) for row in fields)


def _channels(node: Node) -> Channels:
    fields = node.fields("announcement", "stakeholder", optional=("support",))
    support = fields.get("support")
    return Channels(
        announcement=_channel(fields["announcement"]),
        stakeholder=_channel(fields["stakeholder"]),
        support=_channel(support) if support is not None and not support.is_empty else None,
    )


def _channel(node: Node) -> str:
    if node.is_empty:
        raise node.refuse(f"{node.name}: no channel is named. Write its name without the # sign: # begins a comment.")
    name = node.text().removeprefix("#")
    if not _CHANNEL.fullmatch(name):
        raise node.refuse(
            f'{node.name}: "{name}" is not a channel name. Those are lower case, without spaces or dots, 80 at most.'
        )
    return name


def _optional_text(node: Node | None) -> str | None:
    return None if node is None or node.is_empty else node.text()
