"""A long timeline is read a page at a time: the same entries as the whole has, and no rows but those that are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, minutes

MANY = 3_000


def add(session: Session, row: IncidentRow, kind: Kind, at: float, **more: Any) -> int:
    said = more.pop("text", f"{kind} at {at:g}")
    when = NOON + minutes(at)
    entry_id = timeline.append(session, row.incident_id, kind, said, at=when, now=when, author="U1", **more)
    assert entry_id is not None
    return entry_id


def correct(session: Session, row: IncidentRow, entry_id: int, at: float | None = None, text: str = "") -> None:
    data: dict[str, Any] = {"entry_id": entry_id}
    if at is not None:
        data["at"] = (NOON + minutes(at)).isoformat()
    if text:
        data["text"] = text
    add(session, row, Kind.ENTRY_CORRECTED, 300, data=data)


def told_of(session: Session) -> IncidentRow:
    """An incident with edits, deletions, marks, corrections to both ends and to the middle, and a duplicate's words."""
    row = add_incident(session)
    other = add_incident(session, merged_into=row.incident_id)
    further = add_incident(session, merged_into=other.incident_id)
    notes = [add(session, row, Kind.NOTED, number) for number in range(12)]
    for number in range(8):
        add(session, row, Kind.MESSAGE_POSTED, 2.5 + number, message_ts=f"{number}.1")
        add(session, other, Kind.MESSAGE_POSTED, 2.6 + number, message_ts=f"{number}.2")
    add(session, other, Kind.SEVERITY_RAISED, 4)  # what became of a duplicate is not shown
    add(session, further, Kind.NOTED, 5.5)
    for kind, ts in ((Kind.MESSAGE_EDITED, "1.1"), (Kind.MESSAGE_EDITED, "1.1"), (Kind.MESSAGE_DELETED, "2.1")):
        add(session, row, kind, 20 + float(ts), message_ts=ts)
    add(session, other, Kind.MESSAGE_DELETED, 30, message_ts="4.2")
    for kind, ts in ((Kind.PINNED, "3.1"), (Kind.PINNED, "5.2"), (Kind.PINNED, "6.1"), (Kind.UNPINNED, "6.1")):
        add(session, row, kind, 30 + float(ts), message_ts=ts)
    correct(session, row, notes[0], at=50)
    correct(session, row, notes[11], at=-50)
    correct(session, row, notes[5], at=7.55, text="put right")
    correct(session, row, notes[6], text="said again")
    correct(session, row, notes[5], at=6.05)
    return row


def test_pages_of_any_size_are_the_stretches_of_the_whole(database: Database) -> None:
    with database.transaction() as session:
        row = told_of(session)
        whole = timeline.list_entries(session, row.incident_id)
        assert [entry.at for entry in whole] == sorted(entry.at for entry in whole)
        assert whole[0].text.startswith("noted at 11") and whole[-1].text.startswith("noted at 0")
        for count in (1, 3, 7, len(whole), 100):
            for first in range(len(whole) + 2):
                page, total = timeline.list_page(session, row.incident_id, first, count)
                assert (page, total) == (whole[first : first + count], len(whole)), (first, count)
            assert timeline.list_latest(session, row.incident_id, count) == whole[-count:]
        assert timeline.count_entries(session, row.incident_id) == len(whole)


def test_the_latest_of_a_kind_and_the_latest_key_ones_are_those_of_the_whole(database: Database) -> None:
    with database.transaction() as session:
        row = told_of(session)
        whole = timeline.list_entries(session, row.incident_id)
        for count in (1, 4, 50):
            latest = timeline.list_latest(session, row.incident_id, count, kinds=[Kind.NOTED])
            assert latest == tuple(entry for entry in whole if entry.kind is Kind.NOTED)[-count:]
            key = timeline.list_latest(session, row.incident_id, count, only_key=True)
            assert key == tuple(entry for entry in whole if entry.key)[-count:]
        assert len(key) == 2


def test_one_entry_reads_as_the_whole_has_it_and_a_deleted_one_is_none(database: Database) -> None:
    with database.transaction() as session:
        row = told_of(session)
        for entry in timeline.list_entries(session, row.incident_id):
            assert timeline.find_entry(session, row.incident_id, entry.entry_id) == entry
        gone = timeline.find_by_message(session, row.incident_id, "2.1")
        assert gone is not None
        assert timeline.find_entry(session, row.incident_id, gone.entry_id) is None


@contextmanager
def fetched(database: Database) -> Iterator[list[int]]:
    """How many rows each statement gives meanwhile."""
    rows: list[int] = []

    def note(_connection: Any, cursor: Any, *_more: Any) -> None:
        rows.append(cursor.rowcount)

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield rows
    finally:
        event.remove(database.engine, "after_cursor_execute", note)


@pytest.fixture
def long_one(database: Database) -> int:
    """An incident of MANY messages, every hundredth of them edited and every thousandth marked."""
    with database.transaction() as session:
        row = add_incident(session)
        facts = [
            {
                "incident_id": row.incident_id,
                "kind": kind,
                "at": NOON + timedelta(seconds=number),
                "recorded_at": NOON,
                "author": "U1",
                "text": f"line {number}",
                "message_ts": f"{number}.1",
            }
            for number in range(MANY)
            for kind in (
                "message_posted",
                *(["message_edited"] * (number % 100 == 0)),
                *(["pinned"] * (number % 1000 == 0)),
            )
        ]
        session.execute(insert(TimelineEntry), facts)
        return row.incident_id


def test_a_page_of_a_long_timeline_reads_a_page(database: Database, long_one: int) -> None:
    with database.transaction() as session, fetched(database) as rows:
        for first in (0, MANY // 2, MANY - 100):
            page, total = timeline.list_page(session, long_one, first, 100)
            assert (len(page), total, page[0].text) == (100, MANY, f"line {first}")
        timeline.list_latest(session, long_one, 20)
        timeline.list_latest(session, long_one, 8, kinds=[Kind.NOTED])
        timeline.list_latest(session, long_one, 8, only_key=True)
        timeline.find_entry(session, long_one, page[0].entry_id)
    assert sum(rows) < 400
    assert len(rows) <= 3 * 6 + 4 * 7


def test_the_index_of_kinds_answers_what_asks_for_few_of_many(database: Database, long_one: int) -> None:
    with database.transaction() as session:
        session.connection().exec_driver_sql("analyze timeline_entries")
        plan = session.connection().exec_driver_sql(
            "explain select entry_id from timeline_entries where incident_id = %s and kind = 'pinned'", (long_one,)
        )
        assert "ix_timeline_entries_incident_id_kind_at" in " ".join(line for (line,) in plan)


def test_entries_are_counted_without_comparing_each_message_with_each_deletion(
    database: Database, long_one: int
) -> None:
    """An incident of an hour has no statistics yet, and PostgreSQL takes it for one of three entries."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    with database.transaction() as session:
        deleted = [{"incident_id": long_one, "kind": "message_deleted", "at": NOON, "recorded_at": NOON, "text": ""}]
        deleted = [deleted[0] | {"message_ts": f"{number}.1"} for number in range(0, MANY, 100)]
        session.execute(insert(TimelineEntry), deleted)
        event.listen(database.engine, "before_cursor_execute", note)
        try:
            assert timeline.count_entries(session, long_one) == MANY - MANY // 100
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        statement, parameters = asked[-1]
        plan = session.connection().exec_driver_sql(f"explain {statement}", parameters)
        assert "Join" not in " ".join(line for (line,) in plan)
