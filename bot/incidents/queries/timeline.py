"""The timeline: append facts, read them back as people see them (edits followed, deletions left out, pins marked)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow, KeyOffer, TimelineEntry
from bot.slack.tables import SlackMessage

_KINDS = {kind.value: kind for kind in Kind}
_POSTED = Kind.MESSAGE_POSTED.value
_CORRECTIONS = (Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED, Kind.PINNED, Kind.UNPINNED, Kind.ENTRY_CORRECTED)
_HIDDEN = frozenset(kind.value for kind in (*_CORRECTIONS, Kind.LINK_TAKEN))
# What of a duplicate's timeline is read with that of the incident which it was merged into.
_FOLLOWING = (Kind.MESSAGE_POSTED, Kind.NOTED, *_CORRECTIONS)


def append(
    session: Session,
    incident_id: int,
    kind: Kind,
    text: str,
    *,
    at: datetime,
    now: datetime,
    author: str | None = None,
    data: dict[str, Any] | None = None,
    message_ts: str | None = None,
    source_key: str | None = None,
) -> int | None:
    """Record one fact; its id, or None when `source_key` says that it is recorded already."""
    statement = (
        insert(TimelineEntry)
        .values(
            incident_id=incident_id,
            kind=kind.value,
            at=at,
            recorded_at=now,
            author=author,
            text=text.replace("\x00", ""),  # PostgreSQL's text cannot hold it
            data=data or {},
            message_ts=message_ts,
            source_key=source_key,
        )
        .on_conflict_do_nothing(index_elements=["source_key"])
        .returning(TimelineEntry.entry_id)
    )
    return session.execute(statement).scalar_one_or_none()


def append_many(session: Session, facts: Sequence[dict[str, Any]]) -> list[int | None]:
    """Record many facts, each with all columns and a source key, in one statement.

    Their ids, None where recorded before.
    """
    if not facts:
        return []
    statement = insert(TimelineEntry).values(list(facts)).on_conflict_do_nothing(index_elements=["source_key"])
    ids = dict(session.execute(statement.returning(TimelineEntry.source_key, TimelineEntry.entry_id)).all())
    return [ids.get(fact["source_key"]) for fact in facts]


def get(session: Session, entry_id: int) -> TimelineEntry:
    return session.get_one(TimelineEntry, entry_id)


def list_rows(session: Session, incident_id: int, kinds: tuple[Kind, ...]) -> list[TimelineEntry]:
    """The raw rows of some kinds, in time order."""
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind.in_([kind.value for kind in kinds]))
        .order_by(TimelineEntry.at, TimelineEntry.entry_id)
    )
    return list(session.scalars(statement))


def list_rows_of(session: Session, incident_ids: list[int], kinds: tuple[Kind, ...]) -> dict[int, list[TimelineEntry]]:
    """The raw rows of some kinds of many incidents in one query, by incident and in time order."""
    found: dict[int, list[TimelineEntry]] = {incident_id: [] for incident_id in incident_ids}
    statement = (
        select(TimelineEntry)
        .where(TimelineEntry.incident_id.in_(incident_ids), TimelineEntry.kind.in_([kind.value for kind in kinds]))
        .order_by(TimelineEntry.at, TimelineEntry.entry_id)
    )
    for entry in session.scalars(statement):
        found[entry.incident_id].append(entry)
    return found


def find_by_source(session: Session, source_key: str) -> TimelineEntry | None:
    return session.scalar(select(TimelineEntry).where(TimelineEntry.source_key == source_key))


def list_entries(
    session: Session, incident_id: int, permalink: Callable[[str], str | None] = lambda _ts: None
) -> tuple[Entry, ...]:
    """The timeline as people read it, in time order: corrected, and with that of its duplicates.

    `permalink` makes a link of a message's ts; what was said in a duplicate's channel has none.
    """
    return list_page(session, incident_id, 0, None, permalink)[0]


def list_page(
    session: Session,
    incident_id: int,
    first: int,
    count: int | None,
    permalink: Callable[[str], str | None] = lambda _ts: None,
) -> tuple[tuple[Entry, ...], int]:
    """Of the timeline as `list_entries` has it: `count` entries (None: all that follow) from the `first` on, 0 being
    the earliest, and how many there are.
    """
    rows = _rows(session, incident_id)
    edited, deleted, pinned = _corrections(rows)
    corrected = _corrected(session, rows)
    shown = [row for row in rows if row.kind not in _HIDDEN and not (row.kind == _POSTED and row.message_ts in deleted)]
    ordered = [(_when(row, corrected), row) for row in shown]
    if corrected:
        ordered.sort(key=lambda pair: (pair[0], pair[1].entry_id))

    def elsewhere(row: Any) -> bool:
        """What was said in a duplicate's channel, or in a thread while there was no channel."""
        return row.incident_id != incident_id or row.elsewhere is not None

    asked = ordered[first:] if count is None else ordered[first : first + count]
    entries = tuple(
        Entry(
            entry_id=row.entry_id,
            kind=_KINDS[row.kind],
            at=at,
            author=row.author,
            text=corrected.get(row.entry_id, {}).get("text")
            or (edited.get(row.message_ts, row.text) if row.kind == _POSTED else row.text),
            key=bool(pinned.get(row.message_ts)),
            permalink=permalink(row.message_ts) if row.message_ts and not elsewhere(row) else None,
        )
        for at, row in asked
    )
    return entries, len(ordered)


def _when(row: Any, corrected: dict[int, dict[str, str]]) -> datetime:
    at: datetime = row.at
    correction = corrected.get(row.entry_id)
    return datetime.fromisoformat(correction["at"]) if correction and "at" in correction else at


def _rows(session: Session, incident_id: int) -> Any:
    columns = TimelineEntry.__table__.c
    # What we said in the channel about an entry can be marked and linked like anybody's message.
    said = SlackMessage.__table__.c
    message_ts = func.coalesce(columns.message_ts, said.ts).label("message_ts")
    # Asked for first: with the numbers at hand PostgreSQL reads these incidents alone, and not everybody's entries.
    incident_ids = [incident_id, *list_duplicates(session, incident_id)]
    own = columns.incident_id == incident_id
    statement = (
        select(
            columns.entry_id,
            columns.incident_id,
            columns.kind,
            columns.at,
            columns.author,
            columns.text,
            message_ts,
            columns.data["channel"].astext.label("elsewhere"),
        )
        .outerjoin(SlackMessage, said.key == func.concat("entry:", columns.entry_id))
        .where(columns.incident_id.in_(incident_ids))
        .where(own | columns.kind.in_([kind.value for kind in _FOLLOWING]))
        .order_by(columns.at, columns.entry_id)
    )
    return session.execute(statement).all()


def _duplicates(incident_id: int) -> Select[int]:
    """The incidents that were merged into this one, and those that were merged into them before."""
    first = select(IncidentRow.incident_id).where(IncidentRow.merged_into == incident_id)
    found = first.cte("duplicates", recursive=True)
    further = select(IncidentRow.incident_id).where(IncidentRow.merged_into == found.c.incident_id)
    # A union drops what was found before, so that it would end even if incidents were merged in a circle.
    return select(found.union(further).c.incident_id)


def _corrected(session: Session, rows: Any) -> dict[int, dict[str, str]]:
    """What people put right: time and words by entry, the last of several first."""
    ids = [row.entry_id for row in rows if row.kind == Kind.ENTRY_CORRECTED]
    found: dict[int, dict[str, str]] = {}
    if ids:
        columns = TimelineEntry.__table__.c
        for (data,) in session.execute(
            select(columns.data).where(columns.entry_id.in_(ids)).order_by(columns.entry_id)
        ):
            found.setdefault(int(data["entry_id"]), {}).update(
                {key: data[key] for key in ("at", "text") if key in data}
            )
    return found


def find_by_message(session: Session, incident_id: int, message_ts: str) -> TimelineEntry | None:
    """The entry that a message of the channel is, or that our line in the channel speaks of."""
    posted = select(TimelineEntry).where(
        TimelineEntry.incident_id == incident_id,
        TimelineEntry.message_ts == message_ts,
        TimelineEntry.kind == Kind.MESSAGE_POSTED.value,
    )
    found = session.scalar(posted)
    if found is not None:
        return found
    said = select(SlackMessage.key).where(SlackMessage.ts == message_ts, SlackMessage.key.startswith("entry:"))
    for key in session.scalars(said):
        entry = session.get(TimelineEntry, int(key.removeprefix("entry:")))
        if entry is not None and entry.incident_id == incident_id:
            return entry
    return None


def known_messages(session: Session, incident_id: int, stamps: Collection[str]) -> frozenset[str]:
    """Those of `stamps` whose messages are recorded."""
    statement = select(TimelineEntry.message_ts).where(
        TimelineEntry.incident_id == incident_id,
        TimelineEntry.kind == Kind.MESSAGE_POSTED.value,
        TimelineEntry.message_ts.in_(list(stamps)),
    )
    return frozenset(ts for ts in session.scalars(statement) if ts)


def list_duplicates(session: Session, incident_id: int) -> list[int]:
    """The incidents whose messages are read with those of this one."""
    return list(session.scalars(_duplicates(incident_id)))


def list_marked(session: Session, incident_id: int) -> set[int]:
    """The messages, with their edits, that are key or that somebody corrected; duplicates' messages too."""
    rows = _rows(session, incident_id)
    _, _, pinned = _corrections(rows)
    corrected = _corrected(session, rows)
    stamps = {ts for ts, users in pinned.items() if users}
    stamps |= {row.message_ts for row in rows if row.entry_id in corrected and row.message_ts}
    return {row.entry_id for row in rows if row.message_ts in stamps}


def list_messages_between(session: Session, incident_id: int, after: str, before: str) -> dict[str, str | None]:
    """The messages of that stretch that are recorded and not recorded as deleted: the thread's ts by the message's ts.

    `after` and `before` are stamps of Slack's. None for a message that is in no thread.
    """
    deleted = select(TimelineEntry.message_ts).where(
        TimelineEntry.incident_id == incident_id, TimelineEntry.kind == Kind.MESSAGE_DELETED.value
    )
    statement = select(TimelineEntry.message_ts, TimelineEntry.data["thread_ts"].astext).where(
        TimelineEntry.incident_id == incident_id,
        TimelineEntry.kind == _POSTED,
        TimelineEntry.message_ts > after,
        TimelineEntry.message_ts < before,
        TimelineEntry.message_ts.not_in(deleted),
    )
    return {ts: thread_ts for ts, thread_ts in session.execute(statement) if ts}


def list_threads(session: Session, incident_id: int, begun_before: str, spoken_after: datetime, most: int) -> list[str]:
    """Threads whose first message is older than a stamp of Slack's and in which something was said after an instant."""
    thread_ts = TimelineEntry.data["thread_ts"].astext
    statement = (
        select(thread_ts)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind == _POSTED)
        .where(TimelineEntry.at > spoken_after, thread_ts < begun_before)
        .group_by(thread_ts)
        .order_by(func.max(TimelineEntry.at).desc())
        .limit(most)
    )
    return [found for (found,) in session.execute(statement)]


def marks_in_slack(session: Session, incident_id: int, stamps: Collection[str]) -> dict[str, set[str]]:
    """Who has the pushpin on which of these messages, as recorded. Marks set with a button are no pushpins."""
    statement = (
        select(TimelineEntry.kind, TimelineEntry.message_ts, TimelineEntry.author)
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.message_ts.in_(list(stamps)))
        .where(TimelineEntry.kind.in_([Kind.PINNED.value, Kind.UNPINNED.value]))
        .where(~TimelineEntry.source_key.startswith("reaction:offer:"))
        .order_by(TimelineEntry.at, TimelineEntry.entry_id)
    )
    return _marks(session.execute(statement))


def _marks(rows: Any) -> dict[str, set[str]]:
    """Whose mark stands on which message, of rows in the order in which things happened."""
    pinned: dict[str, set[str]] = {}
    for row in rows:
        if row.kind == Kind.PINNED:
            pinned.setdefault(row.message_ts, set()).add(row.author or "")
        elif row.kind == Kind.UNPINNED:
            pinned.get(row.message_ts, set()).discard(row.author or "")
    return pinned


def _corrections(rows: Any) -> tuple[dict[str, str], set[str], dict[str, set[str]]]:
    """(last text of edited messages, deleted messages, who pinned which message), each by the message's ts.

    `rows` are in the order in which things happened, which is not the one in which they were heard of.
    """
    edited: dict[str, str] = {}
    deleted: set[str] = set()
    for row in rows:
        if row.kind == Kind.MESSAGE_EDITED:
            edited[row.message_ts] = row.text
        elif row.kind == Kind.MESSAGE_DELETED:
            deleted.add(row.message_ts)
    return edited, deleted, _marks(rows)


def offer_key(session: Session, incident_id: int, message_ts: str, now: datetime, most_an_hour: int) -> bool:
    """True when this message may be offered as a key one: not offered before, and few were within the last hour."""
    # Of messages taken in at the same moment, each sees the offers of those before it.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"key-offers:{incident_id}", 0))))
    recent = select(func.count()).where(
        KeyOffer.incident_id == incident_id, KeyOffer.offered_at > now - timedelta(hours=1)
    )
    if (session.scalar(recent) or 0) >= most_an_hour:
        return False
    values = {"incident_id": incident_id, "message_ts": message_ts, "offered_at": now}
    statement = insert(KeyOffer).values(**values).on_conflict_do_nothing().returning(KeyOffer.message_ts)
    return session.execute(statement).scalar_one_or_none() is not None
