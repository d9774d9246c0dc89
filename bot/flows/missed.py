"""What was said while Tocsin was away: recorded late, at the instant at which it was said, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.flows import record
from bot.store import incidents, messages, room, timeline
from bot.store.outbox import enqueue
from bot.store.tables import IncidentRow

LOOK_BACK = timedelta(days=1)  # before the newest recorded message: what came in between may have been missed too


@dataclass(frozen=True, slots=True)
class Missed:
    """A message as Slack's history has it. `edit_ts` is set where it was edited."""

    ts: str
    author: str
    text: str
    thread_ts: str | None
    edit_ts: str | None


def plan_reading_back(session: Session, before: datetime, now: datetime) -> int:
    """Have the channels of open incidents read back that were last read before an instant. How many."""
    rows = room.claim_unread(session, before, now)
    for row in rows:
        name = f"read-back-{row.incident_id}"
        enqueue(session, "slack.read_back", lock=name, once=name, incident_id=row.incident_id)
    if messages.find_workspace(session) is not None:
        enqueue(session, "slack.read_announcements", lock="read-announcements", once="read-announcements")
    return len(rows)


def reads_from(session: Session, row: IncidentRow) -> str:
    """The ts from which on the channel's history has to be looked at."""
    last = timeline.find_last_message_ts(session, row.incident_id)
    newest = datetime.fromtimestamp(float(last), tz=row.declared_at.tzinfo) if last else row.declared_at
    return f"{max(row.declared_at - LOOK_BACK, newest - LOOK_BACK).timestamp():.6f}"


def take_in(session: Session, incident_id: int, found: Sequence[Missed], now: datetime) -> int:
    """Record what of these messages is not recorded, and edits that were missed. How many were new."""
    row = incidents.get(session, incident_id)
    assert row.channel_id is not None  # it was just read
    known = timeline.known_messages(session, incident_id, [message.ts for message in found])
    fresh = 0
    for message in sorted(found, key=lambda each: each.ts):
        if message.ts not in known:
            fresh += record.message_posted(
                session, row.channel_id, message.ts, message.author, message.text, now, message.thread_ts
            )
        elif message.edit_ts:
            record.message_edited(
                session, row.channel_id, message.ts, message.author, message.text, now, message.edit_ts
            )
    return fresh
