"""The lines that the incident's channel reads of its timeline, and which of them one message holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.incidents.queries import incidents, places, stretches, timeline
from bot.incidents.rules.timeline import Entry, Kind, Line
from bot.incidents.tables import TimelineEntry
from bot.slack import queries as slack_queries
from bot.slack.tables import SlackMessage
from bot.text.markup import quiet

_TOGETHER = timedelta(minutes=1)  # after the line before
_LONGEST = 1_500  # characters of markup in one message
# Pages are edited by themselves as they are acknowledged, so each stays a message of its own.
_ALONE = frozenset({Kind.PING_SENT, Kind.PING_FAILED, Kind.UPDATE_ASKED, Kind.RESOLVED, Kind.REOPENED})
_ENTRY = "entry:"
_NOTES = 2  # on the card


def share(session: Session, entry_id: int, now: datetime) -> list[int]:
    """The entries that the message of this one says, in order: itself alone, or what it was added to.

    Called again it answers the same. The lines of one incident are said one after the other.
    """
    key = f"{_ENTRY}{entry_id}"
    said = slack_queries.find_message(session, key)
    if said is not None:
        return _said_by(session, said) if said.ts else [entry_id]
    entry = timeline.get(session, entry_id)
    last = _last_line(session, entry, now)
    if last is None:
        return [entry_id]
    slack_queries.share_message(session, key, last, now)
    return _said_by(session, last)


def _said_by(session: Session, message: SlackMessage) -> list[int]:
    assert message.ts is not None
    keys = slack_queries.list_keys(session, message.channel_id, message.ts)
    return sorted(int(key.removeprefix(_ENTRY)) for key in keys if key.startswith(_ENTRY))


def _last_line(session: Session, entry: TimelineEntry, now: datetime) -> SlackMessage | None:
    """The message to add this line to; None where it is said by a message of its own."""
    place = places.place_of(session, incidents.get(session, entry.incident_id))
    if place is None or place.thread_ts or entry.kind in _ALONE:
        return None
    last = slack_queries.find_last(session, place.channel_id, now - _TOGETHER)
    if last is None or not last.key.startswith(_ENTRY):
        return None
    before = [timeline.get(session, entry_id) for entry_id in _said_by(session, last)]
    length = sum(len(_shown(each)) for each in (*before, entry))
    between = exists().where(
        TimelineEntry.incident_id == entry.incident_id,
        TimelineEntry.kind == Kind.MESSAGE_POSTED,
        TimelineEntry.message_ts > last.ts,
    )
    if length > _LONGEST or any(each.kind in _ALONE for each in before) or session.scalar(select(between)):
        return None
    return last


def state_of_card(session: Session, incident_id: int) -> tuple[dict[str, str], list[Line], bool]:
    """Who holds which role, the latest notes, oldest first, and whether AWS was asked: what the card shows."""
    roles = incidents.list_roles(session, incident_id)
    noted, diagnosed = (
        exists().where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind == kind.value)
        for kind in (Kind.NOTED, Kind.DIAGNOSED)
    )
    has_notes, was_diagnosed = session.execute(select(noted, diagnosed)).one()
    if not has_notes:
        return roles, [], was_diagnosed  # of most incidents; the card is drawn with each change
    notes = timeline.list_latest(session, incident_id, _NOTES, kinds=(Kind.NOTED,))
    known = slack_queries.names_in(session, "\n".join([*(note.text for note in notes), *_authors(notes)]))
    shown = [
        Line(quiet(note.text, known), note.at, note.author, known.get(note.author) if note.author else None)
        for note in notes
    ]
    return roles, shown, was_diagnosed


def _authors(notes: Sequence[Entry]) -> list[str]:
    return [f"<@{note.author}>" for note in notes if note.author]


def read(session: Session, entry_ids: Sequence[int]) -> list[Line]:
    """The lines of these entries."""
    entries = [timeline.get(session, entry_id) for entry_id in entry_ids]
    hidden = _corrected(session, entries)
    names = slack_queries.names_of(session, {entry.author for entry in entries if entry.author})
    return [
        Line(
            hidden.get(entry.entry_id) or _shown(entry),
            entry.at,
            entry.author,
            names.get(entry.author) if entry.author else None,
        )
        for entry in entries
    ]


def _corrected(session: Session, entries: Sequence[TimelineEntry]) -> dict[int, str]:
    """What is said now of a merge whose target was made private since. Of other entries nothing is said anew."""
    merged = [entry.incident_id for entry in entries if entry.kind == Kind.MERGED]
    return stretches.corrections(session, stretches.scope_of(session, merged[0])).text if merged else {}


def _shown(entry: TimelineEntry) -> str:
    return str(entry.data.get("said") or entry.text)
