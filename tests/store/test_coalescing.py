"""A job that stands for several changes must see the last of them, and recording must not wait for commands."""

from __future__ import annotations

from sqlalchemy import text

from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.store.engine import Database
from bot.store.outbox import enqueue
from tests.support.rows import NOON, add_incident

_FETCH = text(
    "select id from procrastinate_jobs where queueing_lock = :name and status = 'todo' for update skip locked"
)


def test_a_job_that_waits_is_not_begun_before_the_change_that_relies_on_it_commits(database: Database) -> None:
    with database.transaction() as session:
        enqueue(session, "slack.card", once="card-coalesced", incident_id=1)
    with database.transaction() as changing, database.transaction() as worker:
        enqueue(changing, "slack.card", once="card-coalesced", incident_id=1)
        assert worker.execute(_FETCH, {"name": "card-coalesced"}).first() is None
    with database.transaction() as worker:
        assert worker.execute(_FETCH, {"name": "card-coalesced"}).first() is not None


def test_recording_a_message_and_a_command_do_not_wait_for_each_other(database: Database) -> None:
    with database.transaction() as session:
        incident_id = add_incident(session).incident_id
    with database.transaction() as recording, database.transaction() as command:
        timeline.append(recording, incident_id, Kind.MESSAGE_POSTED, "found it", at=NOON, now=NOON)
        assert incidents.get_for_change(command, incident_id).incident_id == incident_id
        timeline.append(command, incident_id, Kind.NOTED, "noted", at=NOON, now=NOON)
