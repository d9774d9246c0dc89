"""The transaction: all or nothing, and nothing but it commits."""

from __future__ import annotations

import pytest

from bot.incidents.queries import incidents
from bot.store.engine import Database, driver_url
from bot.store.outbox import enqueue
from tests.queue import queued
from tests.rows import add_incident


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
