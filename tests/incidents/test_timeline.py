"""The timeline: append-only, each cause once, and read back as people should see it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, minutes

_instants = iter(NOON + minutes(number) for number in range(10_000))


def note(session: Session, row: IncidentRow, kind: Kind, said: str = "", **more: Any) -> int | None:
    """An entry, a minute after the one before."""
    at = more.pop("at", None) or next(_instants)
    return timeline.append(session, row.incident_id, kind, said, at=at, now=at, **more)


def message(session: Session, row: IncidentRow, kind: Kind, said: str = "", ts: str = "1.1", by: str = "U1") -> None:
    note(session, row, kind, said, message_ts=ts, author=by)


def read(session: Session, row: IncidentRow) -> tuple[Entry, ...]:
    return timeline.list_entries(session, row.incident_id, lambda ts, _: f"link:{ts}")


CHANGES = [
    "update timeline_entries set text = 'rewritten' where entry_id = :id",
    "update timeline_entries set at = now() where entry_id = :id",
    "delete from timeline_entries where entry_id = :id",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_recorded_can_be_neither_changed_nor_deleted(database: Database, change: str) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        entry_id = note(session, row, Kind.NOTED, "as it was")
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(change), {"id": entry_id})
    with database.transaction() as session:
        assert [entry.text for entry in read(session, row)] == ["as it was"]


def test_the_record_cannot_be_changed_through_its_row_either(database: Database) -> None:
    with database.transaction() as session:
        entry_id = note(session, add_incident(session), Kind.NOTED, "as it was")
        assert entry_id is not None
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        timeline.get(session, entry_id).text = "rewritten"


def test_a_cause_is_recorded_once(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        first = note(session, row, Kind.NOTED, "once", source_key="command:1")
        assert first is not None
        assert note(session, row, Kind.NOTED, "again", source_key="command:1") is None
        assert note(session, row, Kind.NOTED, "without a cause") is not None
        assert note(session, row, Kind.NOTED, "without a cause") is not None
        assert [entry.text for entry in read(session, row)] == ["once", "without a cause", "without a cause"]


def test_an_entry_reads_back_as_it_was_recorded(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        at = NOON - minutes(30)
        entry_id = timeline.append(
            session, row.incident_id, Kind.MESSAGE_POSTED, "seen at half past", at=at, now=NOON, author="U1",
            data={"thread_ts": "0.9"}, message_ts="1.0", source_key="message:1.0",
        )  # fmt: skip
        assert entry_id is not None
        assert read(session, row) == (
            Entry(entry_id, Kind.MESSAGE_POSTED, at, "U1", "seen at half past", key=False, permalink="link:1.0"),
        )
        stored = timeline.get(session, entry_id)
        assert (stored.recorded_at, stored.data) == (NOON, {"thread_ts": "0.9"})


def test_entries_come_in_the_order_in_which_things_happened(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        for at, said in ((3, "third"), (1, "first"), (2, "second"), (2, "second, told later")):
            note(session, row, Kind.NOTED, said, at=NOON + minutes(at))
        assert [entry.text for entry in read(session, row)] == ["first", "second", "second, told later", "third"]


def test_entries_of_another_incident_are_not_shown(database: Database) -> None:
    with database.transaction() as session:
        row, other = add_incident(session), add_incident(session)
        message(session, other, Kind.MESSAGE_POSTED, "elsewhere")
        message(session, row, Kind.MESSAGE_DELETED)
        assert read(session, row) == ()
        assert [entry.text for entry in read(session, other)] == ["elsewhere"]


def test_an_edited_message_shows_its_last_wording(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        message(session, row, Kind.MESSAGE_POSTED, "pool is ful", ts="1.1")
        message(session, row, Kind.MESSAGE_POSTED, "untouched", ts="1.2")
        message(session, row, Kind.MESSAGE_EDITED, "pool is full", ts="1.1")
        message(session, row, Kind.MESSAGE_EDITED, "the pool is full", ts="1.1")
        assert [entry.text for entry in read(session, row)] == ["the pool is full", "untouched"]
        kept = timeline.list_rows(session, row.incident_id, (Kind.MESSAGE_POSTED,))
        assert kept[0].text == "pool is ful"


def test_a_deleted_message_is_shown_nowhere(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        message(session, row, Kind.MESSAGE_POSTED, "a password", ts="1.1")
        message(session, row, Kind.MESSAGE_EDITED, "still a password", ts="1.1")
        message(session, row, Kind.PINNED, ts="1.1")
        message(session, row, Kind.MESSAGE_POSTED, "stays", ts="1.2")
        message(session, row, Kind.MESSAGE_DELETED, ts="1.1")
        assert [entry.text for entry in read(session, row)] == ["stays"]


def test_a_message_is_key_while_anybody_s_pin_is_on_it(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        message(session, row, Kind.MESSAGE_POSTED, "found it")
        message(session, row, Kind.MESSAGE_POSTED, "lunch?", ts="1.2")

        def keys() -> list[bool]:
            return [entry.key for entry in read(session, row)]

        assert keys() == [False, False]
        message(session, row, Kind.PINNED, by="U1")
        message(session, row, Kind.PINNED, by="U2")
        assert keys() == [True, False]
        message(session, row, Kind.UNPINNED, by="U1")
        assert keys() == [True, False]
        message(session, row, Kind.UNPINNED, by="U2")
        assert keys() == [False, False]
        message(session, row, Kind.UNPINNED, by="U3", ts="9.9")
        message(session, row, Kind.PINNED, by="U1")
        assert keys() == [True, False]


def test_messages_of_a_stretch_are_listed_with_their_threads_and_without_the_deleted(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        for second in range(1, 7):
            data = {"thread_ts": "1700000001.000100"} if second == 4 else {}
            note(session, row, Kind.MESSAGE_POSTED, message_ts=f"170000000{second}.000100", data=data)
        message(session, row, Kind.MESSAGE_DELETED, ts="1700000003.000100")
        found = timeline.list_messages_between(session, row.incident_id, "1700000001.000100", "1700000006.000100")
        assert found == {
            "1700000002.000100": None,
            "1700000004.000100": "1700000001.000100",
            "1700000005.000100": None,
        }


def test_characters_that_postgresql_cannot_hold_are_left_out(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        note(session, row, Kind.NOTED, "a\x00b 🔥 “ü”")
        assert read(session, row)[0].text == "ab 🔥 “ü”"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_can_be_recorded_and_told_apart(database: Database, kind: Kind) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        entry_id = note(session, row, kind, "something")
        assert [found.entry_id for found in timeline.list_rows(session, row.incident_id, (kind,))] == [entry_id]
        others = tuple(other for other in Kind if other is not kind)
        assert timeline.list_rows(session, row.incident_id, others) == []


def test_every_row_of_the_table_has_its_kind_in_the_code(database: Database) -> None:
    with database.transaction() as session:
        stored = session.query(TimelineEntry.kind).distinct()
        assert {kind for (kind,) in stored} <= {kind.value for kind in Kind}
