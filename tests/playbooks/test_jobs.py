"""What a playbook that does not help leads to: an offer in the channel, a word to its owner; in the local Slack."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.playbooks.flows import owners as flow
from bot.playbooks.flows import runs
from bot.playbooks.flows.texts import text_of
from bot.playbooks.jobs import offers, owners
from bot.playbooks.jobs.runs import draw_run
from bot.playbooks.listeners import buttons
from bot.playbooks.rules.steps import Outcome, RunText
from bot.playbooks.tables import PlaybookNotice, PlaybookRun, PlaybookStep, UpkeepRequest
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.fixtures.job import Declared
from tests.fixtures.slack import PersonNamed
from tests.support.queue import queued
from tests.support.stage import BOT

BY = "U0RESPONDER"


@pytest.fixture(autouse=True)
def _no_earlier_runs(context: AppContext) -> None:
    with context.database.transaction() as session:
        for table in (PlaybookNotice, PlaybookStep, PlaybookRun):
            session.execute(delete(table))


def in_channel(context: AppContext, slack: Slack, row: IncidentRow) -> str:
    """Give the incident a channel that the responder is in."""
    channel_id, name = slack.open_channel(row.channel_name, BOT, private=False)
    slack.invite(channel_id, [BY])
    with context.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        kept.channel_id, kept.channel_name = channel_id, name
    return channel_id


def lambda_text(context: AppContext) -> RunText:
    return text_of(context.memory.current().entries["PB-lambda"])


def begin(context: AppContext, row: IncidentRow, failing: int = 0) -> int:
    """A run whose first steps did not help."""
    with context.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        run, _ = runs.start(session, kept, lambda_text(context), BY, context.now())
        for number in range(1, failing + 1):
            runs.decide(session, run.run_id, number, Outcome.NOT_HELPED, BY, context.now())
        return run.run_id


def test_the_second_step_that_did_not_help_offers_the_next_best_and_whom_to_page(
    context: AppContext, slack: Slack, poster: Poster, responder: Person, declared_incident: Declared
) -> None:
    row = declared_incident(title="Lambda is denied by DynamoDB: database connection pool exhausted, RDS times out")
    channel_id = in_channel(context, slack, row)
    begin(context, declared_incident(), failing=1)
    with context.database.transaction() as session:
        assert queued(session, "slack.playbook_offer") == [], "one step is not two"
    run_id = begin(context, row, failing=3)
    with context.database.transaction() as session:
        [job] = queued(session, "slack.playbook_offer")
    assert job.arguments == {"run_id": run_id}
    for _ in range(2):  # a job may run twice
        offers.offer_next(context, slack, poster, run_id=run_id)
    [said] = [message for message in responder.messages(channel_id) if "did not help" in content_of(message)]
    shown = content_of(said)
    assert "Two steps of PB-lambda did not help." in shown
    assert "Next best: *PB-database*" in shown and "Start PB-database" in shown
    assert "Next to page: the on-call engineer." in shown or "Next to page: the team lead." in shown


def test_the_role_is_paged_once_however_often_the_button_is_pressed(
    context: AppContext, declared_incident: Declared
) -> None:
    row = declared_incident()
    run_id = begin(context, row)
    value = f"{row.incident_id}:{run_id}:VP engineering"
    with context.database.transaction() as session:
        first = buttons.page(session, context, value, BY, context.now())
        again = buttons.page(session, context, value, BY, context.now())
    assert first == f"Paging the VP engineering about {row.ref}."
    assert again == "The VP engineering was already paged from here."


def test_nothing_is_offered_once_the_incident_is_over(
    context: AppContext, slack: Slack, poster: Poster, responder: Person, declared_incident: Declared
) -> None:
    row = declared_incident()
    channel_id = in_channel(context, slack, row)
    run_id = begin(context, row, failing=2)
    with context.database.transaction() as session:
        incidents.get(session, row.incident_id).status = "resolved"
    offers.offer_next(context, slack, poster, run_id=run_id)
    assert responder.messages(channel_id) == [] or "did not help" not in str(responder.messages(channel_id))


def failures(context: AppContext) -> list[list[int]]:
    with context.database.transaction() as session:
        return [job.arguments["incident_ids"] for job in queued(session, "slack.playbook_failed")]


def test_a_step_that_failed_twice_in_a_row_is_told_once_and_again_after_it_helped(
    context: AppContext, declared_incident: Declared
) -> None:
    rows = [declared_incident() for _ in range(6)]

    def press(row: IncidentRow, outcome: Outcome) -> None:
        run_id = begin(context, row)
        with context.database.transaction() as session:
            runs.decide(session, run_id, 1, outcome, BY, context.now())

    press(rows[0], Outcome.NOT_HELPED)
    assert failures(context) == []
    press(rows[1], Outcome.NOT_HELPED)
    assert failures(context) == [[rows[0].incident_id, rows[1].incident_id]]
    press(rows[2], Outcome.NOT_HELPED)
    assert len(failures(context)) == 1, "the third time is no news"
    press(rows[3], Outcome.DONE)
    press(rows[4], Outcome.NOT_HELPED)
    assert len(failures(context)) == 1
    press(rows[5], Outcome.NOT_HELPED)
    assert failures(context)[1] == [rows[4].incident_id, rows[5].incident_id]


def test_the_team_lead_hears_where_the_owner_is_nobody_in_slack_and_security_incidents_are_not_named(
    context: AppContext, slack: Slack, poster: Poster, person: PersonNamed, declared_incident: Declared
) -> None:
    open_row, hidden = declared_incident(), declared_incident()
    with context.database.transaction() as session:
        incidents.get(session, hidden.incident_id).ref = f"SEC-2026-{hidden.incident_id:04d}"
    arguments = {
        "ref": "PB-lambda",
        "number": 1,
        "title": "Look at the function",
        "incident_ids": [open_row.incident_id, hidden.incident_id],
    }
    for _ in range(2):
        owners.step_failed(context, slack, poster, **arguments)  # type: ignore[arg-type]  # as the queue hands them over
    lead = person("U0TEAMLEAD")
    [said] = [message for message in lead.messages(lead.dm_with(BOT)) if "PB-lambda" in content_of(message)]
    shown = content_of(said)
    assert "Step 1 of *PB-lambda*, Look at the function, did not help the last two times." in shown
    assert open_row.ref in shown and "1 security incident" in shown and "SEC-" not in shown


def test_an_unused_playbook_is_proposed_once_a_year_and_looked_for_once_a_day(
    context: AppContext, declared_incident: Declared
) -> None:
    declared_incident()
    now = context.now()
    year = now.replace(year=now.year + 2)
    entries = context.memory.current().entries.values()
    with context.database.transaction() as session:
        flow.look_for_unused(session, now)
        flow.look_for_unused(session, now)
        assert len(queued(session, "slack.playbook_find_unused")) == 1
        span = timedelta(days=365)
        assert flow.propose_archive(session, entries, now, span) == 0, "nothing is known for a year yet"
        proposed = flow.propose_archive(session, entries, year, span)
        assert proposed == flow.propose_archive(session, entries, year, span) == 8
        keys = {row.key for row in session.query(UpkeepRequest).filter_by(kind="archive")}
        assert len(keys) == 8 and f"archive:PB-alb:{year.year}" in keys
        session.execute(delete(UpkeepRequest))


def test_a_run_goes_on_when_its_entry_was_archived_and_is_drawn_twice_without_a_second_message(
    context: AppContext, slack: Slack, poster: Poster, responder: Person, declared_incident: Declared
) -> None:
    row = declared_incident()
    channel_id = in_channel(context, slack, row)
    kept = lambda_text(context)
    with context.database.transaction() as session:
        gone = RunText("PB-gone", kept.kind, kept.title, kept.steps)  # no entry of that ref is known
        run, _ = runs.start(session, incidents.get_for_change(session, row.incident_id), gone, BY, context.now())
        run_id = run.run_id
    draw_run(context, slack, poster, run_id=run_id)
    draw_run(context, slack, poster, run_id=run_id)
    with context.database.transaction() as session:
        runs.decide(session, run_id, 1, Outcome.DONE, BY, context.now())
    draw_run(context, slack, poster, run_id=run_id)
    [said] = [message for message in responder.messages(channel_id) if "PB-gone" in content_of(message)]
    assert "Step 2 of 5" in content_of(said)
