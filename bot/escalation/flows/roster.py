"""Who holds which role: what was arranged in Slack and what was imported, on top of contacts.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.errors import BadRequest
from bot.escalation.messages import roster as messages
from bot.escalation.policy.schedules import ReadShift
from bot.escalation.queries import roster
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Override, Person, Roster, Rotation, check_override
from bot.escalation.tables import OverrideRow, ShiftRow
from bot.store.outbox import enqueue


@dataclass(frozen=True, slots=True)
class WantedOverride:
    """What somebody asked for. `request_key` names the request: sent twice, it counts once."""

    request_key: str
    role: Role
    user_id: str
    from_at: datetime
    until_at: datetime
    by: str


def read_roster(session: Session, contacts: Contacts, now: datetime) -> Roster:
    """The roster as it stands at `now`, with what is to come."""
    return roster_of(contacts, roster.list_overrides(session, now), roster.list_shifts(session, now))


def roster_of(contacts: Contacts, overrides: Sequence[OverrideRow], shifts: Sequence[ShiftRow]) -> Roster:
    """The rows and contacts.yaml as one roster. Shifts of whom contacts.yaml no longer knows are left out."""
    imported = tuple(
        Override(Role(row.role), (contacts.people[row.person],), row.from_at, row.until_at)
        for row in shifts
        if row.person in contacts.people  # `doctor` names who was taken out of contacts.yaml since
    )
    return Roster(contacts, tuple(as_override(row, contacts) for row in overrides), imported)


def as_override(row: OverrideRow, contacts: Contacts) -> Override:
    """The row as the policy's own kind of override."""
    return Override(Role(row.role), (person_of(contacts, row.user_id),), row.from_at, row.until_at)


def person_of(contacts: Contacts, user_id: str) -> Person:
    """The contact with this Slack id, or one who is known by that id alone."""
    return contacts.by_slack(user_id) or Person(messages.mention(user_id), slack=user_id)


def zone_of(contacts: Contacts, fallback: ZoneInfo) -> ZoneInfo:
    """The time zone in which people speak of the rotation."""
    return contacts.on_call.zone if isinstance(contacts.on_call, Rotation) else fallback


def make_override(session: Session, wanted: WantedOverride, contacts: Contacts, now: datetime) -> OverrideRow:
    """Keep the override and tell the person. Raises BadRequest for one that is over, empty or overlaps another."""
    roster.lock_roster(session)
    earlier = roster.find_override_by_request(session, wanted.request_key)
    if earlier is not None:
        return earlier
    asked = Override(wanted.role, (person_of(contacts, wanted.user_id),), wanted.from_at, wanted.until_at)
    existing = [as_override(row, contacts) for row in roster.list_overrides(session, now)]
    check_override(asked, [*existing, *contacts.overrides], now)
    row = roster.add_override(
        session,
        request_key=wanted.request_key,
        role=wanted.role.value,
        user_id=wanted.user_id,
        from_at=wanted.from_at,
        until_at=wanted.until_at,
        made_by=wanted.by,
        made_at=now,
    )
    _notify(session, row)
    return row


def remove_override(session: Session, user_id: str | None, role: Role | None, by: str, now: datetime) -> OverrideRow:
    """Take back the override of that person or role. Raises BadRequest where none fits, or several do."""
    roster.lock_roster(session)
    rows = [
        row
        for row in roster.list_overrides(session, now)
        if user_id in (None, row.user_id) and role in (None, Role(row.role))
    ]
    if not rows:
        raise BadRequest(messages.NO_SUCH_OVERRIDE)
    # Of several, the one that holds now is meant; of several to come, nobody can tell which.
    current = [row for row in rows if row.from_at <= now] or rows
    if len(current) > 1:
        raise BadRequest(messages.SEVERAL_OVERRIDES)
    current[0].removed_at, current[0].removed_by = now, by
    _notify(session, current[0])
    return current[0]


def _notify(session: Session, row: OverrideRow) -> None:
    """All whom it concerns hear of it, and the announcement channel; made and removed at once reads as removed."""
    name = f"override-{row.override_id}"
    enqueue(session, "slack.tell_override", lock=name, once=name, override_id=row.override_id)


def keep_schedule(session: Session, role: Role, shifts: Sequence[ReadShift], source: str, now: datetime) -> int | None:
    """Put the shifts in place of the role's earlier import; how many there were before, None where they are the same.

    Of an earlier import, shifts that are over count as nothing.
    """
    roster.lock_roster(session)
    present = [row for row in roster.list_shifts(session, now) if row.role == role]
    wanted = [(source, shift.person, shift.from_at, shift.until_at) for shift in shifts]
    if [(row.source, row.person, row.from_at, row.until_at) for row in present] == wanted:
        return None
    rows = [
        ShiftRow(
            role=role.value,
            person=shift.person,
            from_at=shift.from_at,
            until_at=shift.until_at,
            source=source,
            imported_at=now,
        )
        for shift in shifts
    ]
    roster.replace_shifts(session, role.value, rows)
    return len(present)
