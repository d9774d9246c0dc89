"""Queries for making an incident private: its people, and what Tocsin said of it and where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Text, column, func, or_, select, table, update
from sqlalchemy.orm import Session

from bot.incidents.queries import incidents
from bot.incidents.queries.places import MIRROR
from bot.incidents.rules.incident import SECURITY
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack.tables import SlackMessage

# What people did in the channel, which Tocsin says nowhere.
_OF_PEOPLE = [kind.value for kind in (Kind.MESSAGE_POSTED, Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED)]
_LEFT = "left:"  # what the keys begin with of what was said before an incident moved
_CANVAS = "canvas:"
_PINGS = table("pings", column("incident_id"), column("user_ids", ARRAY(Text)), column("state"), column("kind"))


def list_people(session: Session, row: IncidentRow) -> list[str]:
    """Who has a part in it: declared or acknowledged it, holds a role, or was paged. Not who only spoke."""
    paged = select(func.unnest(_PINGS.c.user_ids)).where(
        _PINGS.c.incident_id == row.incident_id, _PINGS.c.state == "sent", _PINGS.c.kind != "digest"
    )
    held = incidents.list_roles(session, row.incident_id).values()
    named = [row.declared_by, row.commander, row.acknowledged_by, *held, *session.scalars(paged)]
    return list(dict.fromkeys(user_id for user_id in named if user_id))


def set_aside(session: Session, incident_id: int, channel_id: str | None, *, private: bool) -> None:
    """Free the keys of what was said in the channel that is left, so that it is said anew in the next one.

    Where the incident becomes `private`, those of its notices and of its thread in the announcement channel too: they
    are to be deleted. The mirror keeps its key, as it is edited.
    """
    # In SQL: an incident may have more entries than a statement may have parameters.
    entry = select(TimelineEntry).where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind.not_in(_OF_PEOPLE))
    outside: list[ColumnElement[bool]] = [
        SlackMessage.key.in_(entry.with_only_columns(func.concat(prefix, TimelineEntry.entry_id, suffix)))
        for prefix, suffix in (("notice:", ""), ("entry:", ":thread"))
    ]
    outside.append(SlackMessage.key == f"card:{incident_id}:thread")
    said = or_(SlackMessage.channel_id == channel_id, *(outside if private else []))
    kept = SlackMessage.key.startswith(MIRROR) | SlackMessage.key.startswith(_LEFT)
    session.execute(
        update(SlackMessage).where(said, ~kept).values(key=func.concat(f"{_LEFT}{incident_id}:", SlackMessage.key))
    )


def set_canvas_aside(session: Session, incident_id: int, channel_id: str, canvas_id: str, now: datetime) -> None:
    """The review's canvas in the channel that is left is to be deleted, too."""
    key = f"{_LEFT}{incident_id}:{_CANVAS}{canvas_id}"
    session.add(SlackMessage(key=key, channel_id=channel_id, ts=None, attempted_at=now))


def canvas_in(key: str) -> str:
    """The canvas that a key of what was set aside stands for; "" for messages."""
    rest = key.removeprefix(_LEFT).partition(":")[2]
    return rest.removeprefix(_CANVAS) if rest.startswith(_CANVAS) else ""


def list_set_aside(session: Session, incident_id: int) -> Sequence[SlackMessage]:
    """What was said before the incident moved, and still stands."""
    return session.scalars(
        select(SlackMessage).where(SlackMessage.key.startswith(f"{_LEFT}{incident_id}:")).order_by(SlackMessage.key)
    ).all()


def list_public_duplicates(session: Session, incident_id: int) -> Sequence[IncidentRow]:
    """What was merged into it and everybody may read, the oldest first."""
    statement = select(IncidentRow).where(
        IncidentRow.merged_into == incident_id, IncidentRow.ref.not_like(f"{SECURITY}-%")
    )
    return session.scalars(statement.order_by(IncidentRow.incident_id)).all()


def forget(session: Session, key: str) -> None:
    """A message that was deleted."""
    row = session.get(SlackMessage, key)
    if row is not None:
        session.delete(row)


def count_written(session: Session, incident_id: int, channel_id: str) -> int:
    """How many messages people wrote there, which no bot can delete."""
    written = TimelineEntry.source_key.startswith(f"message:{channel_id}:")
    statement = select(func.count()).where(TimelineEntry.incident_id == incident_id, written)
    return session.scalar(statement) or 0
