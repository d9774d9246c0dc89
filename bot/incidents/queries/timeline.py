"""The timeline: append facts, read them back as people see them (edits followed, deletions left out, pins marked)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.queries import stretches
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import KeyOffer, TimelineEntry
from bot.slack.tables import SlackMessage

_POSTED = Kind.MESSAGE_POSTED.value


def _no_link(_ts: str, _channel_id: str | None) -> str | None:
    return None


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


def list_entries(session: Session, incident_id: int, permalink: stretches.Permalink = _no_link) -> tuple[Entry, ...]:
    """The whole timeline as people read it, in time order: corrected, and with that of its duplicates. For reviews.

    `permalink` makes a link of a message's ts and its channel's id, None for the incident's own.
    """
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    entries = list(
        stretches.entries_of(session, scope, stretches.stream_all(session, scope), corrected, permalink, None)
    )
    if corrected.at:
        entries.sort(key=lambda entry: (entry.at, entry.entry_id))
    return tuple(entries)


def list_words(session: Session, incident_id: int) -> tuple[set[str], list[str]]:
    """Who wrote anything that was recorded of an incident and its duplicates, and all their words, corrected or not."""
    scope = stretches.scope_of(session, incident_id)
    statement = select(TimelineEntry.author, TimelineEntry.text).where(TimelineEntry.incident_id.in_(scope.ids))
    rows = session.execute(statement).all()
    return {author for author, _ in rows if author}, [words for _, words in rows]


def list_page(
    session: Session, incident_id: int, first: int, count: int, permalink: stretches.Permalink = _no_link
) -> tuple[tuple[Entry, ...], int]:
    """Of the timeline as `list_entries` has it: `count` entries from the `first` on, 0 being the earliest, and how many
    there are.
    """
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    total = stretches.count_shown(session, scope)
    if first >= total:
        return (), total
    moved = _moved(session, scope, corrected)
    # Entries whose time was corrected are left out of the stretch and put where they belong. Each of them may have been
    # before it, so the stretch begins that much earlier and is that much longer.
    still, base, most = total - len(moved), max(0, first - len(moved)), count + len(moved)
    most = max(0, min(most, still - base))
    latest = base > still // 2  # the nearer end
    rows = stretches.read_stretch(
        session,
        scope,
        first=still - base - most if latest else base,
        count=most,
        latest=latest,
        but=corrected.at,
    )
    earlier = sum(corrected.key_of(row) < corrected.key_of(rows[0]) for row in moved) if rows and base else 0
    ordered = sorted([*rows, *moved[earlier:]], key=corrected.key_of)[first - base - earlier :][:count]
    return _as_read(session, scope, ordered, corrected, permalink), total


def list_latest(
    session: Session, incident_id: int, count: int, *, kinds: Collection[Kind] = (), only_key: bool = False
) -> tuple[Entry, ...]:
    """The `count` latest entries as people read them, in time order; of these `kinds`, or those marked as key."""
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    entry_ids: set[int] | None = None
    if only_key:
        entry_ids = stretches.marked_entries(session, scope, stretches.key_stamps(session, scope))
        if not entry_ids:
            return ()
    rows = stretches.read_stretch(
        session, scope, count=count, latest=True, kinds=kinds, entry_ids=entry_ids, but=corrected.at
    )
    moved = _moved(session, scope, corrected, kinds, entry_ids)
    ordered = sorted([*rows, *moved], key=corrected.key_of)[-count:]
    return _as_read(session, scope, ordered, corrected, _no_link)


def list_earliest(session: Session, incident_id: int, count: int, kinds: Collection[Kind]) -> tuple[Entry, ...]:
    """The `count` earliest entries of these `kinds` as people read them, in time order."""
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    rows = stretches.read_stretch(session, scope, count=count, kinds=kinds, but=corrected.at)
    moved = _moved(session, scope, corrected, kinds)
    ordered = sorted([*rows, *moved], key=corrected.key_of)[:count]
    return _as_read(session, scope, ordered, corrected, _no_link)


def list_rows_by_id(session: Session, entry_ids: Collection[int]) -> dict[int, TimelineEntry]:
    """The raw rows with these ids."""
    found = session.scalars(select(TimelineEntry).where(TimelineEntry.entry_id.in_(list(entry_ids))))
    return {row.entry_id: row for row in found}


def list_actors(
    session: Session, incident_id: int, kinds: Collection[Kind], but: Collection[str] = ()
) -> frozenset[str]:
    """Who did anything of these kinds, but for what has a source key that begins like one of `but`."""
    key = func.coalesce(TimelineEntry.source_key, "")
    statement = select(TimelineEntry.author).where(
        TimelineEntry.incident_id == incident_id,
        TimelineEntry.kind.in_([kind.value for kind in kinds]),
        *(~key.startswith(beginning) for beginning in but),
    )
    return frozenset(author for author in session.scalars(statement.distinct()) if author)


def list_authors(session: Session, incident_id: int) -> set[str]:
    """Who wrote or did anything that was recorded of an incident and its duplicates."""
    scope = stretches.scope_of(session, incident_id)
    statement = select(TimelineEntry.author).where(TimelineEntry.incident_id.in_(scope.ids)).distinct()
    return {author for author in session.scalars(statement) if author}


def count_entries(session: Session, incident_id: int) -> int:
    """How many entries people see."""
    return stretches.count_shown(session, stretches.scope_of(session, incident_id))


def find_entry(session: Session, incident_id: int, entry_id: int) -> Entry | None:
    """One entry as people read it; None where it is shown nowhere."""
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    rows = stretches.read_stretch(session, scope, entry_ids=[entry_id])
    return next(iter(_as_read(session, scope, rows, corrected, _no_link)), None)


def _moved(
    session: Session,
    scope: stretches.Scope,
    corrected: stretches.Corrections,
    kinds: Collection[Kind] = (),
    entry_ids: Collection[int] | None = None,
) -> list[Any]:
    """The rows whose time was corrected, in the order of the corrected times."""
    wanted = corrected.at.keys() if entry_ids is None else corrected.at.keys() & set(entry_ids)
    if not wanted:
        return []
    return sorted(stretches.read_stretch(session, scope, kinds=kinds, entry_ids=wanted), key=corrected.key_of)


def _as_read(
    session: Session,
    scope: stretches.Scope,
    rows: Sequence[Any],
    corrected: stretches.Corrections,
    permalink: stretches.Permalink,
) -> tuple[Entry, ...]:
    if not rows:
        return ()
    stamps = {row.message_ts for row in rows if row.message_ts}
    return tuple(stretches.entries_of(session, scope, rows, corrected, permalink, stamps))


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
    return list(stretches.scope_of(session, incident_id).ids[1:])


def list_marked(session: Session, incident_id: int) -> set[int]:
    """The messages, with their edits, that are key or that somebody corrected; duplicates' messages too."""
    scope = stretches.scope_of(session, incident_id)
    corrected = stretches.corrections(session, scope)
    stamps = stretches.key_stamps(session, scope) | stretches.stamps_of(session, {*corrected.at, *corrected.text})
    return stretches.marked_entries(session, scope, stamps)


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
    return stretches.standing_marks(session.execute(statement))


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
