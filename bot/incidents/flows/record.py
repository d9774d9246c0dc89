"""Recording: what happened goes on the timeline, and what people should hear of it is enqueued."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.errors import TransitionRefused
from bot.incidents import messages
from bot.incidents.queries import incidents, places, timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.key_moments import MOST_AN_HOUR, reads_like_key
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.slack.queries import names_in, names_of
from bot.slack.text import person
from bot.store.outbox import enqueue, enqueue_many
from bot.text.markup import at_of, instant, quiet
from bot.text.masking import mask
from bot.text.wording import mentioned

_WORDS_OF_PEOPLE = frozenset(
    {
        Kind.MESSAGE_POSTED,
        Kind.MESSAGE_EDITED,
        Kind.NOTED,
        Kind.IMPACT_RECORDED,
        Kind.CAUSE_RECORDED,
        Kind.RESOLUTION_RECORDED,
    }
)
_EARLIER = timedelta(minutes=1)  # a note is for an earlier time from here on


def lock_of(incident_id: int) -> str:
    """Calls about one incident happen in the order in which they were decided."""
    return f"incident-{incident_id}"


def record(
    session: Session,
    row: IncidentRow,
    kind: Kind,
    text: str,
    now: datetime,
    *,
    author: str | None = None,
    announce: bool = False,
    **more: Any,
) -> int | None:
    """Append an entry; with `announce`, its text is also posted in the incident's channel. None when it was there."""
    at = more.pop("at", now)
    entry_id = timeline.append(session, row.incident_id, kind, text, at=at, now=now, author=author, **more)
    if entry_id is not None and kind in _WORDS_OF_PEOPLE:
        learn_names_later(session, text)
    if announce and entry_id is not None:
        enqueue(session, "slack.say", lock=lock_of(row.incident_id), entry_id=entry_id)
    return entry_id


def learn_names_later(session: Session, text: str) -> None:
    """Have a job ask Slack what those are called whom this text mentions and we do not know."""
    ids = mentioned([text])
    unknown = ids - names_of(session, ids).keys() if ids else ids
    if unknown:
        enqueue(session, "slack.learn_names", names_of=sorted(unknown))


def refresh_card(session: Session, row: IncidentRow) -> None:
    """Have the card and its mirror show the present facts; changes that come close together are shown once."""
    refresh_own_card(session, row)
    refresh_mirror(session, row.incident_id)


def refresh_own_card(session: Session, row: IncidentRow) -> None:
    """Have the card show the present facts; its mirror in the announcement channel says nothing of them."""
    once = f"slack.card-{row.incident_id}"
    lock = lock_of(row.incident_id)
    enqueue(session, "slack.card", lock=lock, once=once, priority=2, incident_id=row.incident_id)


def refresh_mirror(session: Session, incident_id: int) -> None:
    """Have the announcement channel show the present facts, whatever the incident's own channel waits for."""
    once = f"slack.mirror-{incident_id}"
    enqueue(session, "slack.mirror", lock=once, once=once, incident_id=incident_id)


def refresh_furnishing(session: Session, incident_id: int) -> None:
    """Have topic, pin and invitations seen to, beside what is said: notes must not wait for them."""
    lock, once = f"furnish-{incident_id}", f"slack.furnish_room-{incident_id}"
    enqueue(session, "slack.furnish_room", lock=lock, once=once, incident_id=incident_id)


def invite_later(
    session: Session, incident_id: int, user_ids: Iterable[str | None], asked_by: str | None = None
) -> None:
    """Have people brought into the incident's channel; one after the other, so that nobody is invited twice."""
    wanted = [user_id for user_id in dict.fromkeys(user_ids) if user_id]
    enqueue(
        session,
        "slack.bring",
        lock=f"bring-{incident_id}",
        incident_id=incident_id,
        user_ids=wanted,
        asked_by=asked_by,
    )


def invite_each(session: Session, wanted: Iterable[tuple[int, Sequence[str]]]) -> None:
    """As `invite_later` for many incidents in one statement: pairs of the incident's id and who is brought in."""
    jobs: list[tuple[str | None, dict[str, Any]]] = [
        (f"bring-{incident_id}", {"incident_id": incident_id, "user_ids": list(user_ids), "asked_by": None})
        for incident_id, user_ids in wanted
    ]
    enqueue_many(session, "slack.bring", jobs)


def note(
    session: Session,
    row: IncidentRow,
    text: str,
    author: str,
    now: datetime,
    source_key: str,
    at: datetime | None = None,
) -> bool:
    """A note by command, for now or for an earlier instant: key by its nature, shown on the card and the timeline.

    Nothing is posted: whoever typed it is answered. False when the same command came twice.
    """
    when = at or now
    earlier = instant(when) if now - when >= _EARLIER else ""
    data = {"said": messages.note_line(author, quiet(text, names_in(session, text)), earlier)}
    entry_id = record(session, row, Kind.NOTED, text, now, author=author, at=when, source_key=source_key, data=data)
    if entry_id is not None:
        learn_names_later(session, person(author))
        refresh_own_card(session, row)
    return entry_id is not None


def message_posted(
    session: Session,
    channel_id: str,
    ts: str,
    author: str | None,
    text: str,
    now: datetime,
    thread_ts: str | None = None,
) -> bool:
    """A message of an incident's channel onto its timeline; False elsewhere, and when it is there already.

    Of the thread in which it is spoken about, too, while it has no channel.
    """
    row = incidents.find_by_channel(session, channel_id) or places.find_by_thread(session, channel_id, thread_ts)
    if row is None:
        return False
    at = at_of(ts)
    data = {"thread_ts": thread_ts} if thread_ts and thread_ts != ts else {}
    if row.channel_id != channel_id:
        data["channel"] = channel_id
    key = f"message:{channel_id}:{ts}"
    recorded = record(
        session, row, Kind.MESSAGE_POSTED, text, now, author=author, at=at, message_ts=ts, source_key=key, data=data
    )
    if recorded is not None and author and reads_like_key(text) and is_worked_on(row):
        _offer(session, row, ts, author, now)
    return recorded is not None


def _offer(session: Session, row: IncidentRow, ts: str, author: str, now: datetime) -> None:
    """Ask whoever wrote it whether it is key; of several close together, the first few only."""
    if timeline.offer_key(session, row.incident_id, ts, now, MOST_AN_HOUR):
        # Without the words; the version before, which may run beside this one, asks for some.
        enqueue(session, "slack.offer_key", incident_id=row.incident_id, user_id=author, ts=ts, text="")


def _incident_of(session: Session, channel_id: str, ts: str) -> IncidentRow | None:
    """The incident whose channel this is, or on whose timeline this message of another channel stands."""
    row = incidents.find_by_channel(session, channel_id)
    if row is None:
        entry = timeline.find_by_source(session, f"message:{channel_id}:{ts}")
        row = incidents.get(session, entry.incident_id) if entry is not None else None
    return row


def message_edited(
    session: Session, channel_id: str, ts: str, author: str | None, text: str, now: datetime, edit_ts: str
) -> bool:
    """The new wording, beside the old one, at the instant at which Slack says it was written.

    Events come in any order and some come again: of several edits the one written last counts, not the one heard last.
    """
    row = _incident_of(session, channel_id, ts)
    if row is None:
        return False
    words = mask(text)
    # Slack counts edits by the second: what tells two of the same second apart is their words.
    key = f"edit:{channel_id}:{ts}:{edit_ts}:{zlib.crc32(words.encode()):08x}"
    at = at_of(edit_ts)
    entry_id = record(
        session, row, Kind.MESSAGE_EDITED, words, now, author=author, at=at, message_ts=ts, source_key=key
    )
    return entry_id is not None


def message_deleted(session: Session, channel_id: str, ts: str, now: datetime) -> bool:
    """The fact that a message was taken back; what it said stays in the record but is shown nowhere."""
    row = _incident_of(session, channel_id, ts)
    if row is None:
        return False
    key = f"delete:{channel_id}:{ts}"
    return record(session, row, Kind.MESSAGE_DELETED, "", now, message_ts=ts, source_key=key) is not None


def pin_changed(
    session: Session,
    channel_id: str,
    ts: str,
    user_id: str,
    pinned: bool,
    now: datetime,
    event_id: str,
    event_ts: str | None = None,
) -> bool:
    """Somebody set or took away the pushpin reaction on a message of an incident's channel.

    At `event_ts`, the instant that Slack gives it, so that of a person's marks the last one counts in whichever order
    they come.
    """
    row = _incident_of(session, channel_id, ts)
    if row is None:
        return False
    kind = Kind.PINNED if pinned else Kind.UNPINNED
    key = f"reaction:{event_id}"
    at = at_of(event_ts) if event_ts else now
    return record(session, row, kind, "", now, author=user_id, at=at, message_ts=ts, source_key=key) is not None


def refuse_when_over(row: IncidentRow) -> None:
    """Raises TransitionRefused for an incident that is resolved or closed."""
    if not is_worked_on(row):
        raise TransitionRefused(messages.reopen_first(row.ref, row.status))


def is_worked_on(row: IncidentRow) -> bool:
    return Status(row.status).is_open
