"""The ledger against figures worked out by hand: on the shell, as CSV, on a page; and which step ended an incident."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.lifecycle.flows import change
from bot.memory.entries.entries import Entry
from bot.playbooks.flows import results, runs
from bot.playbooks.flows.ledger import read_ledger
from bot.playbooks.messages.ledger import lines, share
from bot.playbooks.rules.records import LedgerLine, StepRecord, TrackRecord, is_unused
from bot.playbooks.rules.steps import Outcome
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.fixtures.flow import Declare
from tests.fixtures.web import Site
from tests.playbooks.run_facts import text
from tests.support.commands import run_command
from tests.support.rows import NOON, minutes

BY = "U0RESPONDER"
ENTRY = Entry(
    "PB-test",
    "playbook",
    "Connections are exhausted",
    sections=(("Symptoms", "x"),),
    success="89 % resolved",
    owner="Platform",
)
OTHER = Entry("PB-idle", "playbook", "Nobody needs it", sections=(("Symptoms", "x"),))


@pytest.fixture(autouse=True)
def _no_earlier_runs(database: Database) -> None:
    with database.transaction() as session:
        session.execute(delete(PlaybookStep))
        session.execute(delete(PlaybookRun))


def worked(
    session: Session, declared: Declare, *steps: tuple[Outcome, float], title: str = "it is down"
) -> PlaybookRun:
    """A run begun at noon: what became of each step, and in which minute."""
    run, _ = runs.start(session, declared(title=title), text(), BY, NOON)
    for number, (outcome, at) in enumerate(steps, 1):
        runs.decide(session, run.run_id, number, outcome, BY, NOON + minutes(at))
    return run


def end(session: Session, policy: Policy, run: PlaybookRun, step: int, at: float) -> None:
    """Resolve its incident by the form, which says which step fixed it; 0 is none."""
    from bot.incidents.queries import incidents

    row = incidents.get_for_change(session, run.incident_id)
    value = f"{run.run_id}:{step}" if step else results.NONE
    results.credit(session, row, value, BY, NOON + minutes(at))
    change.resolve(session, row, BY, policy, NOON + minutes(at))


@pytest.fixture
def history(session: Session, declared: Declare, policy: Policy) -> list[PlaybookRun]:
    """Four runs: two ended it after 10 and 20 minutes, one did not, one is under way."""
    done, failed, skipped = Outcome.DONE, Outcome.NOT_HELPED, Outcome.SKIPPED
    first = worked(session, declared, (done, 2), (done, 8))  # step 2 (3–8 min) to the minute
    end(session, policy, first, 2, 10)
    second = worked(session, declared, (done, 4), (failed, 9), (done, 19))  # step 1 (0–3 min) was late
    end(session, policy, second, 3, 20)
    third = worked(session, declared, (skipped, 1), (failed, 5))
    end(session, policy, third, 0, 60)
    return [first, second, third, worked(session, declared, (done, 3))]


def line_of(session: Session, ref: str = "PB-test", **more: Any) -> LedgerLine:
    found = read_ledger(session, [ENTRY, OTHER], more.pop("now", NOON + timedelta(days=1)))
    return next(line for line in found if line.ref == ref)


@pytest.mark.usefixtures("history")
def test_a_playbooks_record_is_what_the_history_says(session: Session) -> None:
    line = line_of(session)
    assert line.record == TrackRecord(used=4, ended_it=2, median_minutes=15.0, last_used=NOON)
    assert (line.claim, line.owner, line.kept, line.unused) == ("89 % resolved", "Platform", True, False)
    #                 number, title, decided, done, not helped, skipped, ended it, median, timed, in window
    assert line.steps == (
        StepRecord(1, "Count the connections", 4, 3, 0, 1, 0, 2.5, 4, 3),  # 2, 4, 1 and 3 minutes
        StepRecord(2, "Restart the application servers", 3, 1, 2, 0, 1, 5.0, 3, 3),  # 6, 5 and 4 minutes
        StepRecord(3, "Fail over", 1, 1, 0, 0, 1, 10.0, 1, 0),  # 9 to 19; its window ended in minute 16
    )


@pytest.mark.usefixtures("history")
def test_the_list_sets_our_figure_beside_the_sources_claim(session: Session) -> None:
    shown = lines([line_of(session)], steps=True)
    assert shown[1].strip() == "Used 4 times, resolved an incident twice, median 15 min; ended 50% (2 of 4)"
    assert shown[2].strip() == "The source says: 89 % resolved"
    assert (
        shown[4]
        .strip()
        .startswith("2. Restart the application servers: done 1, did not help 2, skipped 0, resolved 1;")
    )
    assert lines([], steps=False)[0].startswith("There are no playbooks yet.")


def test_of_fewer_than_three_there_is_no_percentage() -> None:
    assert [share(1, 2), share(2, 2), share(0, 3), share(9, 12)] == ["1 of 2", "2 of 2", "0% (0 of 3)", "75% (9 of 12)"]


def test_reopening_takes_back_that_a_playbook_ended_it(
    session: Session, history: list[PlaybookRun], policy: Policy
) -> None:
    from bot.incidents.queries import incidents

    row = incidents.get_for_change(session, history[0].incident_id)
    assert row.playbook_helped is True
    change.reopen(session, row, BY, policy, NOON + minutes(30))
    assert line_of(session).record == TrackRecord(used=4, ended_it=1, median_minutes=20.0, last_used=NOON)
    assert row.playbook_helped is None


def test_the_form_that_resolves_asks_which_step_fixed_it(session: Session, declared: Declare, policy: Policy) -> None:
    from bot.incidents.queries import incidents

    run = worked(session, declared, (Outcome.DONE, 2))
    row = incidents.get_for_change(session, run.incident_id)
    asked, likely = results.choices(session, row)
    assert [label for _, label in asked] == [
        "PB-test step 1: Count the connections",
        "PB-test step 2: Restart the application servers",
    ]
    assert likely == f"{run.run_id}:1"
    runs.decide(session, run.run_id, 2, Outcome.NOT_HELPED, BY, NOON + minutes(4))
    assert results.choices(session, row)[1] == results.NONE, "what was done before did not fix it"
    end(session, policy, run, 3, 7)  # people were at step 3 when it ended
    session.refresh(run)
    assert (run.ended_it, run.ended_step, run.state) == (True, 3, "finished")


def test_the_form_that_closes_credits_the_last_step_that_was_done(
    session: Session, declared: Declare, policy: Policy
) -> None:
    from bot.incidents.queries import incidents

    run = worked(session, declared, (Outcome.DONE, 2), (Outcome.SKIPPED, 3))
    row = incidents.get_for_change(session, run.incident_id)
    assert results.was_used(session, row) == (True, None)
    change.resolve(session, row, BY, policy, NOON + minutes(5))
    results.credit_last(session, row, helped=True)
    assert (run.ended_it, run.ended_step, results.was_used(session, row)) == (True, 1, (True, True))
    results.credit_last(session, row, helped=False)
    assert (run.ended_it, run.ended_step, row.playbook_helped) == (False, None, False)


def test_an_entry_that_was_archived_keeps_its_record(session: Session, history: list[PlaybookRun]) -> None:
    line = next(line for line in read_ledger(session, [], NOON) if line.ref == "PB-test")
    assert (line.kept, line.title, line.record.used) == (False, "Connections are exhausted", len(history))
    assert "archived" in lines([line], steps=False)[1]


def test_what_nobody_used_in_a_year_is_proposed_for_the_archive_and_what_is_new_is_not() -> None:
    year = timedelta(days=365)
    assert is_unused(TrackRecord(), NOON - year, NOON)
    assert not is_unused(TrackRecord(), NOON - timedelta(days=364), NOON), "known for less than a year"
    assert not is_unused(TrackRecord(), None, NOON), "no incident has been recorded yet"
    assert not is_unused(TrackRecord(1, 0, None, NOON - timedelta(days=300)), NOON - year, NOON)
    assert is_unused(TrackRecord(1, 0, None, NOON - year), NOON - year, NOON)


@pytest.mark.usefixtures("history")
def test_an_unused_playbook_is_marked_in_the_ledger(session: Session) -> None:
    later = NOON + timedelta(days=800)
    assert line_of(session, "PB-idle", now=later).unused and line_of(session, now=later).unused
    assert "archive it?" in " ".join(lines([line_of(session, "PB-idle", now=later)], steps=False))


@pytest.fixture
def shown(database: Database, policy: Policy) -> Site:
    """The pages, with a memory of two playbooks."""

    class WithMemory(Site):
        @property
        def context(self) -> AppContext:
            memory = SimpleNamespace(current=lambda: SimpleNamespace(entries={"PB-test": ENTRY, "PB-idle": OTHER}))
            return replace(super().context, memory=memory)  # type: ignore[arg-type]  # no page searches

    return WithMemory(database, policy, at=timedelta(days=1))


def test_the_shell_prints_the_ledger_as_text_json_and_csv_and_the_page_shows_it(
    database: Database, policy: Policy, shown: Site, data_folder: Path
) -> None:
    from bot.lifecycle.flows.declare import Declaration, declare

    with database.transaction() as session:
        wanted = Declaration("ledger", "orders <b>fail</b>", Severity.P1, BY)
        row, _ = declare(session, wanted, policy, NOON)
        run, _ = runs.start(session, row, text(), BY, NOON)
        runs.decide(session, run.run_id, 1, Outcome.DONE, BY, NOON + minutes(2))
        ref = row.ref
        hidden, _ = declare(
            session, Declaration("s", "stolen key", Severity.P1, "U0MANAGER", security=True), policy, NOON
        )
        runs.start(session, hidden, text(), "U0MANAGER", NOON)
    environment = {"DATABASE_URL": database.url, "TOCSIN_DATA": str(data_folder), "PATH": "/usr/bin"}
    told = run_command(["playbooks"], environment)
    assert told.returncode == 0 and "PB-lambda" in told.stdout and "Not used here yet" in told.stdout
    [line] = [
        json.loads(line) for line in run_command(["playbooks", "pb-test", "--json"], environment).stdout.splitlines()
    ]
    assert (line["used"], line["ended_it"], line["archived"], line["steps"][0]["done"]) == (2, 0, True, 1)
    table = list(csv.DictReader(io.StringIO(run_command(["playbooks", "PB-test", "--csv"], environment).stdout)))
    assert [(one["step"], one["used"]) for one in table] == [("", "2"), ("1", "1")]
    refused = run_command(["playbooks", "PB-none"], environment)
    assert refused.returncode == 1 and "There is no playbook PB-none" in refused.stderr

    browser = shown.enter(BY)
    listed = browser.get("/playbooks").text
    assert "Used twice, never resolved an incident" in listed and "89 % resolved" in listed
    one = browser.get("/playbooks/PB-test").text
    assert ref in one and "1 of 3 steps done" in one and "<b>fail" not in one
    assert "stolen key" not in one, "a security incident is counted, and shown to nobody outside it"
    assert browser.get("/playbooks/PB-none").status_code == 404
