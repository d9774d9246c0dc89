"""Jobs that were given up are listed, and run again when somebody asks for it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from bot.__main__ import app
from bot.errors import BadRequest
from bot.store.engine import Database
from bot.store.outbox import enqueue, list_failed, retry_failed


def fail_one(database: Database, once: str | None = None) -> int:
    """A job that was given up; its id."""
    with database.transaction() as session:
        enqueue(session, "slack.card", lock="incident-1", once=once, incident_id=7, sentence="what somebody wrote")
        job_id = session.scalar(text("select max(id) from procrastinate_jobs"))
        session.execute(text("update procrastinate_jobs set status = 'failed' where id = :id"), {"id": job_id})
        return int(job_id or 0)


def statuses(database: Database, *job_ids: int) -> list[str]:
    with database.transaction() as session:
        found = text("select status::text from procrastinate_jobs where id = any(:ids) order by id")
        return list(session.scalars(found, {"ids": list(job_ids)}))


@pytest.fixture(autouse=True)
def address(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands read the environment; each test begins with an empty queue."""
    monkeypatch.setenv("DATABASE_URL", database.url)
    with database.transaction() as session:
        session.execute(text("truncate procrastinate_jobs restart identity cascade"))


def test_failed_jobs_are_listed_with_their_ids_and_without_what_people_wrote(database: Database) -> None:
    job_id = fail_one(database)
    answered = CliRunner().invoke(app, ["jobs", "list"])
    assert answered.exit_code == 0, answered.output
    assert f"{job_id}  slack.card  incident_id=7" in answered.output
    assert "somebody" not in answered.output
    document = json.loads(CliRunner().invoke(app, ["jobs", "list", "--json"]).stdout)
    assert (document["id"], document["of"]) == (job_id, {"incident_id": 7})


def test_only_those_that_were_named_run_again(database: Database) -> None:
    first, second = fail_one(database), fail_one(database)
    answered = CliRunner().invoke(app, ["jobs", "retry", str(second)])
    assert answered.output == "1 job runs again.\n"
    assert statuses(database, first, second) == ["failed", "todo"]
    assert CliRunner().invoke(app, ["jobs", "retry", "--all"]).output == "1 job runs again.\n"
    assert statuses(database, first, second) == ["todo", "todo"]
    assert CliRunner().invoke(app, ["jobs", "list"]).output == "No failed jobs.\n"


@pytest.mark.parametrize("words", [[], ["999"], ["--all", "1"]])
def test_what_cannot_be_run_again_is_said(database: Database, words: list[str]) -> None:
    fail_one(database)
    answered = CliRunner().invoke(app, ["jobs", "retry", *words])
    assert isinstance(answered.exception, BadRequest)
    assert "jobs" in str(answered.exception)


def test_one_whose_work_waits_anew_makes_way_for_it(database: Database) -> None:
    old = fail_one(database, once="card-1")
    with database.transaction() as session:
        enqueue(session, "slack.card", lock="incident-1", once="card-1", incident_id=7)
    with database.transaction() as session:
        assert retry_failed(session, [old]) == 1
    with database.transaction() as session:
        assert list_failed(session) == []
    assert statuses(database, old) == []
