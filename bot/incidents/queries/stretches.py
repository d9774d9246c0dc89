"""Stretches of a timeline in SQL, as people read it: hidden kinds and deleted messages left out, corrections followed.

What is asked for is what is read: an incident may have a hundred thousand entries, and a person is shown twenty.
Corrections, edits and marks are people's acts and few; those that concern the stretch are read with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all
from sqlalchemy.orm import Session

from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.slack.tables import SlackMessage

# Makes a link of a message's ts and its channel's id; None stands for the incident's own channel.
Permalink = Callable[[str, str | None], str | None]
_KINDS = {kind.value: kind for kind in Kind}
_POSTED = Kind.MESSAGE_POSTED.value
_CORRECTIONS = (Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED, Kind.PINNED, Kind.UNPINNED, Kind.ENTRY_CORRECTED)
_HIDDEN = [kind.value for kind in (*_CORRECTIONS, Kind.LINK_TAKEN)]
# What of a duplicate's timeline is read with that of the incident which it was merged into.
_FOLLOWING = [kind.value for kind in (Kind.MESSAGE_POSTED, Kind.NOTED, *_CORRECTIONS)]
_ROWS_AT_ONCE = 2_000  # of a whole timeline, held beside what is made of them
_C = TimelineEntry.__table__.c


@dataclass(frozen=True, slots=True)
class Scope:
    """An incident, and the duplicates whose messages are read with its own."""

    incident_id: int
    ids: tuple[int, ...]
    channels: Mapping[int, str | None]  # of the duplicates; None where one had no channel


@dataclass(frozen=True, slots=True)
class Corrections:
    """What people put right in an incident, by entry: its instant, its words."""

    at: dict[int, datetime]
    text: dict[int, str]

    def key_of(self, row: Any) -> tuple[datetime, int]:
        """What a row is ordered by."""
        return self.at.get(row.entry_id, row.at), row.entry_id


def scope_of(session: Session, incident_id: int) -> Scope:
    # Asked for first: with the numbers at hand PostgreSQL reads these incidents alone, and not everybody's entries.
    channels = dict(session.execute(_duplicates(incident_id)).all())
    return Scope(incident_id, (incident_id, *channels), channels)


def _duplicates(incident_id: int) -> Select[int, str | None]:
    """The incidents that were merged into this one, and those merged into them before, with their channels."""
    what = (IncidentRow.incident_id, IncidentRow.channel_id)
    first = select(*what).where(IncidentRow.merged_into == incident_id)
    found = first.cte("duplicates", recursive=True)
    further = select(*what).where(IncidentRow.merged_into == found.c.incident_id)
    # A union drops what was found before, so that it would end even if incidents were merged in a circle.
    all_of_them = found.union(further)
    return select(all_of_them.c.incident_id, all_of_them.c.channel_id)


def corrections(session: Session, scope: Scope) -> Corrections:
    """The last of several counts."""
    found = Corrections({}, {})
    statement = select(_C.data).where(_within(scope), _C.kind == Kind.ENTRY_CORRECTED.value).order_by(_C.entry_id)
    for data in session.scalars(statement):
        entry_id = int(data["entry_id"])
        if "at" in data:
            found.at[entry_id] = datetime.fromisoformat(data["at"])
        if "text" in data:
            found.text[entry_id] = data["text"]
    return found


def count_shown(session: Session, scope: Scope) -> int:
    """How many entries people see."""
    # Deleted messages are left out in a filter: as a condition or a subtraction, PostgreSQL makes a join of it, which
    # takes seconds on an incident that grew faster than its statistics.
    shown = or_(_C.kind != _POSTED, _C.message_ts.is_(None), _C.message_ts.not_in(_deleted(scope)))
    counted = select(func.count().filter(_C.kind.not_in(_HIDDEN), shown))
    return session.scalar(counted.where(_within(scope), _following(scope))) or 0


def read_stretch(
    session: Session,
    scope: Scope,
    *,
    first: int = 0,
    count: int | None = None,
    latest: bool = False,
    kinds: Collection[Kind] = (),
    entry_ids: Collection[int] | None = None,
    but: Collection[int] = (),
) -> list[Any]:
    """`count` rows (None: all) from the `first` on, by the recorded instant, in time order.

    `latest`: counted from the end. `kinds` and `entry_ids`: only those; `but`: without those entries.
    """
    return list(session.execute(_stretch(scope, first, count, latest, _shown(scope, kinds, entry_ids, but))))


def stream_all(session: Session, scope: Scope) -> Iterator[Any]:
    """Every row, in time order, without holding them all."""
    statement = _stretch(scope, 0, None, False, _shown(scope, (), None, ()))
    yield from session.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE))


def key_stamps(session: Session, scope: Scope) -> set[str]:
    """The stamps of the messages that are marked as key."""
    marks = (Kind.PINNED.value, Kind.UNPINNED.value)
    statement = select(_C.kind, _C.message_ts, _C.author).where(_within(scope), _C.kind.in_(marks))
    pinned = standing_marks(session.execute(statement.order_by(_C.at, _C.entry_id)))
    return {ts for ts, users in pinned.items() if users}


def said_entries(session: Session, stamps: Collection[str]) -> list[int]:
    """The entries of which our own messages with these stamps speak."""
    if not stamps:
        return []
    said = SlackMessage.__table__.c
    keys = session.scalars(select(said.key).where(said.ts.in_(list(stamps)), said.key.startswith("entry:")))
    return [int(key.removeprefix("entry:")) for key in keys]


def entries_of(
    session: Session,
    scope: Scope,
    rows: Iterable[Any],
    corrected: Corrections,
    permalink: Permalink,
    stamps: Collection[str] | None,
) -> Iterator[Entry]:
    """The rows as people read them. `stamps`: of the rows' messages; None where the rows are all there are."""
    edited, pinned = _edits_and_marks(session, scope, stamps)
    for row in rows:
        edit = edited.get(row.message_ts) if row.kind == _POSTED else None
        # A duplicate had a channel of its own; while there is none, an incident is spoken about in a thread of another.
        channel = row.elsewhere or scope.channels.get(row.incident_id)
        placed = row.message_ts and (channel or row.incident_id == scope.incident_id)
        yield Entry(
            entry_id=row.entry_id,
            kind=_KINDS[row.kind],
            at=corrected.at.get(row.entry_id, row.at),
            author=row.author,
            text=corrected.text.get(row.entry_id) or (row.text if edit is None else edit),
            key=bool(pinned.get(row.message_ts)),
            permalink=permalink(row.message_ts, channel) if placed else None,
        )


def standing_marks(rows: Iterable[Any]) -> dict[str, set[str]]:
    """Whose mark stands on which message, of rows in the order in which things happened."""
    pinned: dict[str, set[str]] = {}
    for row in rows:
        if row.kind == Kind.PINNED:
            pinned.setdefault(row.message_ts, set()).add(row.author or "")
        elif row.kind == Kind.UNPINNED:
            pinned.get(row.message_ts, set()).discard(row.author or "")
    return pinned


def marked_entries(session: Session, scope: Scope, stamps: Collection[str]) -> set[int]:
    """The entries, hidden ones too, of messages with these stamps."""
    if not stamps:
        return set()
    about = or_(_C.message_ts.in_(list(stamps)), _C.entry_id.in_(said_entries(session, stamps)))
    return set(session.scalars(select(_C.entry_id).where(_within(scope), _following(scope), about)))


def stamps_of(session: Session, entry_ids: Collection[int]) -> set[str]:
    """The stamps of the messages that these entries are, or that speak of them."""
    if not entry_ids:
        return set()
    said = SlackMessage.__table__.c
    stamp = func.coalesce(_C.message_ts, said.ts)
    statement = select(stamp).outerjoin(SlackMessage, said.key == func.concat("entry:", _C.entry_id))
    return {ts for ts in session.scalars(statement.where(_C.entry_id.in_(list(entry_ids)))) if ts}


def _edits_and_marks(
    session: Session, scope: Scope, stamps: Collection[str] | None
) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The last text of edited messages, and who marked which message, by the message's stamp."""
    if stamps is not None and not stamps:
        return {}, {}
    kinds = [Kind.MESSAGE_EDITED.value, Kind.PINNED.value, Kind.UNPINNED.value]
    statement = select(_C.kind, _C.message_ts, _C.author, _C.text).where(_within(scope), _C.kind.in_(kinds))
    if stamps is not None:
        statement = statement.where(_C.message_ts.in_(list(stamps)))
    # In the order in which things happened, which is not the one in which they were heard of.
    rows = session.execute(statement.order_by(_C.at, _C.entry_id)).all()
    return {row.message_ts: row.text for row in rows if row.kind == Kind.MESSAGE_EDITED}, standing_marks(rows)


def _within(scope: Scope) -> ColumnElement[bool]:
    return _C.incident_id == scope.incident_id if len(scope.ids) == 1 else _C.incident_id.in_(scope.ids)


def _following(scope: Scope) -> ColumnElement[bool]:
    return or_(_C.incident_id == scope.incident_id, _C.kind.in_(_FOLLOWING))


def _deleted(scope: Scope) -> Select[Any]:
    """The stamps of deleted messages."""
    gone = _C.kind == Kind.MESSAGE_DELETED.value
    return select(_C.message_ts).where(_within(scope), gone, _C.message_ts.is_not(None))


def _shown(
    scope: Scope, kinds: Collection[Kind], entry_ids: Collection[int] | None, but: Collection[int]
) -> list[ColumnElement[bool]]:
    conditions = [
        _following(scope),
        _C.kind.in_([kind.value for kind in kinds]) if kinds else _C.kind.not_in(_HIDDEN),
        or_(_C.kind != _POSTED, _C.message_ts.is_(None), _C.message_ts.not_in(_deleted(scope))),
    ]
    if entry_ids is not None:
        conditions.append(_C.entry_id.in_(list(entry_ids)))
    if but:
        conditions.append(_C.entry_id.not_in(list(but)))
    return conditions


def _stretch(
    scope: Scope, first: int, count: int | None, latest: bool, conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    elsewhere = _C.data["channel"].astext.label("elsewhere")
    what = (_C.entry_id, _C.incident_id, _C.kind, _C.at, _C.author, _C.text, _C.message_ts, elsewhere)
    order = (_C.at.desc(), _C.entry_id.desc()) if latest else (_C.at, _C.entry_id)
    parts = [select(*what).where(_C.incident_id == one, *conditions) for one in scope.ids]
    if count is not None:
        # Of each incident apart, so that the index gives them in order.
        parts = [part.order_by(*order).limit(first + count) for part in parts]
    every = (parts[0] if len(parts) == 1 else union_all(*(part.subquery().select() for part in parts))).subquery()
    inner = every.c
    order = (inner.at.desc(), inner.entry_id.desc()) if latest else (inner.at, inner.entry_id)
    chosen = every if count is None else select(every).order_by(*order).offset(first).limit(count).subquery()
    # What we said in the channel about an entry can be marked and linked like anybody's message.
    said = SlackMessage.__table__.c
    stamp = func.coalesce(chosen.c.message_ts, said.ts).label("message_ts")
    return (
        select(*(column for column in chosen.c if column.name != "message_ts"), stamp)
        .outerjoin(SlackMessage, said.key == func.concat("entry:", chosen.c.entry_id))
        .order_by(chosen.c.at, chosen.c.entry_id)
    )
