"""Queries for making an incident private: its people, and what Tocsin said of it and where."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Text, column, func, or_, select, table, update
from sqlalchemy.orm import Session

from bot.incidents.queries import incidents
from bot.incidents.queries.places import MIRROR
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack.tables import SlackMessage

_LEFT = "left:"  # what the keys begin with of what was said before an incident moved
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
    entries = session.scalars(select(TimelineEntry.entry_id).where(TimelineEntry.incident_id == incident_id)).all()
    outside: list[ColumnElement[bool]] = [
        SlackMessage.key.in_([f"{prefix}{entry_id}{suffix}" for entry_id in entries])
        for prefix, suffix in (("notice:", ""), ("entry:", ":thread"))
    ]
    outside.append(SlackMessage.key == f"card:{incident_id}:thread")
    said = or_(SlackMessage.channel_id == channel_id, *(outside if private else []))
    kept = SlackMessage.key.startswith(MIRROR) | SlackMessage.key.startswith(_LEFT)
    session.execute(
        update(SlackMessage).where(said, ~kept).values(key=func.concat(f"{_LEFT}{incident_id}:", SlackMessage.key))
    )


def list_set_aside(session: Session, incident_id: int) -> Sequence[SlackMessage]:
    """What was said before the incident moved, and still stands."""
    return session.scalars(
        select(SlackMessage).where(SlackMessage.key.startswith(f"{_LEFT}{incident_id}:")).order_by(SlackMessage.key)
    ).all()


def forget(session: Session, key: str) -> None:
    """A message that was deleted."""
    row = session.get(SlackMessage, key)
    if row is not None:
        session.delete(row)


def count_outside(session: Session, incident_id: int, channel_id: str) -> tuple[int, int]:
    """How many messages people wrote there, which no bot can delete, and how many updates went to stakeholders."""
    written = TimelineEntry.source_key.startswith(f"message:{channel_id}:")
    told = TimelineEntry.kind == Kind.STAKEHOLDERS_TOLD.value
    statement = select(func.count().filter(written), func.count().filter(told))
    return tuple(session.execute(statement.where(TimelineEntry.incident_id == incident_id)).one())  # type: ignore[return-value]  # two counts
