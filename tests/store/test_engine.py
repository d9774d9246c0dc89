"""The transaction: all or nothing, and nothing but it commits."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, event, select, update

from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.store.engine import Database, driver_url
from bot.store.outbox import enqueue
from tests.support.queue import queued
from tests.support.rows import add_incident


class Interrupted(Exception):
    """Whatever goes wrong inside a block."""


def test_rows_and_jobs_commit_together(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        enqueue(session, "slack.card", incident_id=row.incident_id)
    with database.transaction() as session:
        assert incidents.find_by_ref(session, row.ref) is not None
        assert [job.task for job in queued(session, incident_id=row.incident_id)] == ["slack.card"]


def test_rows_and_jobs_vanish_together(database: Database) -> None:
    with pytest.raises(Interrupted), database.transaction() as session:
        row = add_incident(session)
        enqueue(session, "slack.card", incident_id=row.incident_id)
        enqueue(session, "slack.mirror", once=f"mirror-{row.incident_id}", incident_id=row.incident_id)
        assert len(queued(session, incident_id=row.incident_id)) == 2
        raise Interrupted
    with database.transaction() as session:
        assert incidents.find_by_ref(session, row.ref) is None
        assert queued(session, incident_id=row.incident_id) == []


def test_nobody_else_sees_a_transaction_before_its_end(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        with database.transaction() as other:
            assert incidents.find_by_ref(other, row.ref) is None
    with database.transaction() as session:
        assert incidents.find_by_ref(session, row.ref) is not None


def test_rows_can_be_read_after_their_transaction(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session, title="read me later")
    assert row.title == "read me later"


def test_every_spelling_of_the_address_reaches_the_same_driver() -> None:
    for spelling in ("postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"):
        assert driver_url(spelling) == "postgresql+psycopg://h/d"
        assert Database(spelling).url == "postgresql://h/d"


def test_a_database_that_is_there_answers(database: Database) -> None:
    assert database.answers()


def test_reading_begins_no_transaction(database: Database) -> None:
    with database.transaction() as session:
        ref = add_incident(session, title="read twice").ref
    begun: list[object] = []

    def note(connection: object) -> None:
        begun.append(connection)

    event.listen(database.engine, "commit", note)
    try:
        with database.reading() as session:
            driver = session.connection().connection.driver_connection
            row = incidents.get_by_ref(session, ref)
            assert driver is not None and driver.info.transaction_status.name == "IDLE"
            with database.transaction() as other:
                incidents.get_by_ref(other, ref).title = "changed meanwhile"
            begun.clear()
            assert session.scalar(select(IncidentRow.title).where(IncidentRow.ref == ref)) == "changed meanwhile"
    finally:
        event.remove(database.engine, "commit", note)
    assert begun == [] and row.title == "read twice"


def test_reading_refuses_what_writes_or_locks(database: Database) -> None:
    with database.transaction() as session:
        ref = add_incident(session, title="stays").ref
    mine = IncidentRow.ref == ref
    writing = (update(IncidentRow).where(mine).values(title="x"), delete(IncidentRow).where(mine))
    for statement in (*writing, select(IncidentRow).where(mine).with_for_update()):
        with pytest.raises(RuntimeError, match="while only reading"), database.reading() as session:
            session.execute(statement)
    with pytest.raises(RuntimeError, match="while only reading"), database.reading() as session:
        incidents.get_by_ref(session, ref).title = "y"
    with database.transaction() as session:
        assert incidents.get_by_ref(session, ref).title == "stays"


def test_a_connection_that_was_read_with_is_one_for_transactions_again(database: Database) -> None:
    one = Database(database.url, connections=1)
    with one.reading() as session:
        session.execute(select(1))
    with pytest.raises(Interrupted), one.transaction() as session:
        row = add_incident(session)
        raise Interrupted
    with one.transaction() as session:
        assert incidents.find_by_ref(session, row.ref) is None
    one.close()
