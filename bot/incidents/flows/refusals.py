"""What was promised and did not come about: on the timeline, in the channel, and to whoever waits for it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.incidents.flows import members
from bot.incidents.flows.record import is_worked_on, lock_of, record, refresh_card, refresh_furnishing
from bot.incidents.queries import incidents, places
from bot.incidents.rules.incident import is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.refusals import Refusal, sentence
from bot.store.outbox import enqueue

_SOONEST, _LATEST = timedelta(seconds=1), timedelta(minutes=1)
_AT_ONCE = 1  # channels tried again at each look; one is looked for every three seconds


@dataclass(frozen=True, slots=True)
class NotDone:
    """One thing that Slack refused.

    `what` completes "Tocsin couldn't …" in Slack's markup, `again` says when it is tried again. `asked_by` waits for it
    (None: whoever declared the incident). The same thing with the same reason is told once, `since` a time.
    """

    what: str
    refusal: Refusal
    asked_by: str | None = None
    again: str = ""
    since: datetime | None = None


def not_done(session: Session, row: IncidentRow, outcome: NotDone, now: datetime) -> bool:
    """Record it, say it where the incident is spoken about, and tell whoever asked and the commander.

    False where that was done before.
    """
    refusal = outcome.refusal
    name = zlib.crc32(f"{outcome.what}:{refusal.method}:{outcome.since or ''}".encode())
    key = f"not-done:{row.incident_id}:{row.episode}:{name:08x}:{refusal.error}"
    text = sentence(outcome.what, refusal, outcome.again)
    data = {"method": refusal.method, "error": refusal.error}
    entry_id = record(session, row, Kind.NOT_DONE, text, now, data=data, source_key=key, announce=True)
    if entry_id is None:
        return False
    tell(session, row, entry_id, outcome.asked_by)
    return True


def tell(session: Session, row: IncidentRow, entry_id: int, asked_by: str | None = None) -> None:
    """Send a timeline entry to whoever asked (or declared the incident) and to the commander, each once."""
    for user_id in dict.fromkeys(filter(None, (asked_by or incidents.declarer(row), row.commander))):
        enqueue(session, "slack.tell", lock=f"tell-{entry_id}-{user_id}", entry_id=entry_id, user_id=user_id)


def note_trouble(session: Session, row: IncidentRow, error: str, now: datetime) -> bool:
    """Slack refuses the channel or us in it: until it no longer does, the incident is spoken about in a thread.

    It is tried again: at first soon, later once a minute. False where that was known and said.
    """
    fresh = row.channel_trouble_since is None or row.channel_trouble != error
    since = row.channel_trouble_since or now
    row.channel_trouble, row.channel_trouble_since = error, since
    row.channel_retry_at = now + min(max(now - since, _SOONEST), _LATEST)
    session.flush()
    return fresh


def regained(session: Session, row: IncidentRow, text: str, now: datetime) -> bool:
    """The channel is there and we may speak in it; `text` says so to those who heard that it was not.

    Card, mirror and people are brought in line, and what was said meanwhile is read back. False where all was well.
    """
    if row.channel_trouble is None:
        return False
    since = row.channel_trouble_since
    row.channel_trouble = row.channel_trouble_since = row.channel_retry_at = None
    session.flush()
    if since is not None:
        key = f"done-after-all:{row.incident_id}:{since.isoformat()}"
        entry_id = record(session, row, Kind.DONE_AFTER_ALL, text, now, source_key=key, announce=True)
        if entry_id is not None:
            tell(session, row, entry_id)
    refresh_card(session, row)
    refresh_furnishing(session, row.incident_id)
    once = f"read-back-{row.incident_id}-long"  # beside those that are read in turn: people wait for this one
    lock = f"read-back-now-{row.incident_id}"
    enqueue(session, "slack.read_back", lock=lock, once=once, incident_id=row.incident_id, long=True)
    return True


def check_channel(session: Session, row: IncidentRow) -> None:
    """Have it looked up whether the incident's channel is there and we are in it."""
    once = f"check-channel-{row.incident_id}"
    enqueue(session, "slack.check_channel", lock=once, once=once, incident_id=row.incident_id)


def channel_lost(session: Session, row: IncidentRow, error: str, now: datetime) -> None:
    """Slack says that we can't speak in the channel: people hear of it once it was looked up why.

    Of an incident that is over, nobody expects anything to be said.
    """
    if not is_worked_on(row) or row.channel_id is None:
        return
    row.channel_trouble = row.channel_trouble or error
    row.channel_retry_at = now
    check_channel(session, row)


def channel_archived(session: Session, channel_id: str, archived: bool, now: datetime) -> None:
    """An incident's channel was archived or brought back, which does not bring us back into it."""
    row = incidents.find_by_channel(session, channel_id)
    if row is None:
        return
    row.channel_archived = archived
    if archived:
        channel_lost(session, row, "is_archived", now)
    else:
        check_channel(session, row)


def put_out(session: Session, channel_id: str, now: datetime) -> None:
    """Somebody removed us from a channel."""
    row = incidents.find_by_channel(session, channel_id)
    if row is not None:
        channel_lost(session, row, "not_in_channel", now)
        _ask_for_members(session, row)


def let_in(session: Session, channel_id: str) -> None:
    """Somebody added us to a channel; of one that we never left, that is no news."""
    row = incidents.find_by_channel(session, channel_id)
    if row is None:
        return
    if row.channel_trouble:
        check_channel(session, row)
    _ask_for_members(session, row)


def _ask_for_members(session: Session, row: IncidentRow) -> None:
    if is_private(row.ref):
        members.ask(session, row)


def renamed(session: Session, channel_id: str, name: str) -> None:
    """A channel has another name now."""
    row = incidents.find_by_channel(session, channel_id)
    if row is not None:
        row.channel_name = name


def retry_channels(session: Session, now: datetime) -> int:
    """Have the channels tried again whose time has come, a few at once: Slack lets 20 be created a minute."""
    rows = places.claim_retries(session, now, _AT_ONCE)
    for row in rows:
        row.channel_retry_at = now + _LATEST  # where the job is held up, it is not planned again at each look
        if row.channel_id is None:
            once = f"slack.open_room-{row.incident_id}"
            enqueue(session, "slack.open_room", lock=lock_of(row.incident_id), once=once, incident_id=row.incident_id)
        else:
            check_channel(session, row)
    return len(rows)
