"""What owners are asked, by direct message: reviews, commands, the archive, what an incident taught."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.webhook import WebhookResponse
from sqlalchemy import delete

from bot.context import AppContext
from bot.errors import BadRequest
from bot.incidents.flows.record import note
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Standing
from bot.memory import queries as knowledge
from bot.memory.entries.entries import Entry
from bot.memory.flows.learn import forget
from bot.memory.importing.importer import render_entry
from bot.playbooks.flows import editing, runs
from bot.playbooks.flows import upkeep as flow
from bot.playbooks.flows.texts import text_of
from bot.playbooks.jobs import upkeep as jobs
from bot.playbooks.listeners import upkeep as listeners
from bot.playbooks.messages import upkeep as messages
from bot.playbooks.queries import upkeep
from bot.playbooks.rules.upkeep import RequestKind, difference, is_due, new_commands, with_lesson, without_steps
from bot.playbooks.rules.written_steps import WrittenStep
from bot.playbooks.tables import PlaybookNotice, UpkeepRequest
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.wiring.upkeep.command_checks import check_entries
from slack_playground.blockkit.blocks import check_view
from slack_playground.person import Person, content_of
from tests.fixtures.job import Declared
from tests.fixtures.slack import PersonNamed
from tests.support.queue import empty_queue, queued
from tests.support.stage import BOT

LEAD = "U0TEAMLEAD"
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # in business hours
_triggers = itertools.count(1)


@pytest.fixture
def at_work(context: AppContext) -> Iterator[AppContext]:
    """On a Monday morning, with nothing asked before; all are members."""
    with context.database.transaction() as session:
        session.execute(delete(UpkeepRequest))
        session.execute(delete(PlaybookNotice))
    yield replace(
        context, now=lambda: MONDAY, standing_of=lambda user_id: Standing.MEMBER, look_up=lambda user_id: None
    )
    with context.database.transaction() as session:
        session.execute(delete(UpkeepRequest))
        for row in knowledge.list_at(session):
            forget(session, row.ref, LEAD, MONDAY)
        empty_queue(session)


def ask_all(context: AppContext, slack: Slack, poster: Poster) -> list[int]:
    """Run what the queue holds of asking and redrawing; the ids that were asked."""
    with context.database.transaction() as session:
        asks = [job.arguments for job in queued(session, "slack.upkeep_ask")]
        redraws = [job.arguments for job in queued(session, "slack.upkeep_redraw")]
        empty_queue(session)
    for arguments in asks:
        for _ in range(2):  # a job may run twice
            jobs.ask(context, slack, poster, **arguments)
    for arguments in redraws:
        jobs.redraw(context, slack, poster, **arguments)
    return [arguments["request_id"] for arguments in asks]


def press(context: AppContext, action_id: str, request_id: int, user_id: str = LEAD, chosen: str = "") -> str:
    """What the person hears."""
    said: list[Any] = []

    def respond(**words: Any) -> WebhookResponse:
        said.append(words["text"])
        return WebhookResponse(url="", status_code=200, body="ok", headers={})

    respond.response_url = "https://example.com"  # type: ignore[attr-defined]  # as Bolt's has
    body = {"user": {"id": user_id}, "trigger_id": f"1.{next(_triggers)}"}
    action = {"action_id": action_id, "value": str(request_id), "block_id": f"upkeep:{request_id}"}
    if chosen:
        action["selected_user"] = chosen
    listeners.press(context, lambda: None, respond, body, action)  # type: ignore[arg-type]  # as Bolt hands them over
    return str(said)


def shown_to(person: Person, words: str) -> str:
    """The one direct message with these words."""
    [found] = [content_of(message) for message in person.messages(person.dm_with(BOT)) if words in content_of(message)]
    return found


# -- rules -------------------------------------------------------------------------------------------------------------


def test_what_was_never_reviewed_is_due_and_never_means_never() -> None:
    today = date(2026, 11, 23)
    assert is_due(None, timedelta(days=90), today) and not is_due(None, None, today)
    assert is_due(date(2026, 8, 25), timedelta(days=90), today) and not is_due(
        date(2026, 8, 26), timedelta(days=90), today
    )


def test_only_commands_that_the_playbook_lacks_are_new() -> None:
    done = [
        WrittenStep("Look", ("kubectl  get pods",)),
        WrittenStep("Restart", ("kubectl get pods", "kubectl rollout x")),
    ]
    assert new_commands(done, "```\nkubectl get\n  pods\n```") == [WrittenStep("Restart", ("kubectl rollout x",))]


def test_a_lesson_is_one_step_more_with_what_ended_it_and_dropped_steps_go() -> None:
    steps = "### 1. A\n- Purpose: a\n- Changes production: no\n"
    longer = with_lesson(steps, [], "INC-2026-0001", "The pool was\nreset.")
    assert longer.endswith("- Purpose: What ended INC-2026-0001: The pool was reset.\n- Changes production: no")
    assert "+- Purpose: What ended INC-2026-0001" in difference(steps, longer)
    assert without_steps(f"{steps}\n### 2. B\nb\n\n### 3. C\nc\n", {2}) == f"{steps}\n### 3. C\nc\n"


# -- reviews -----------------------------------------------------------------------------------------------------------


def test_reviews_are_asked_in_business_hours_a_few_a_day_once_and_of_the_team_lead_where_the_owner_is_a_team(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    jobs.plan(at_work, now=datetime(2026, 11, 22, 10, 0, tzinfo=UTC))  # a Sunday
    assert ask_all(at_work, slack, poster) == []
    for _ in range(2):  # two replicas, or the next hour
        jobs.plan(at_work, now=MONDAY)
    asked = ask_all(at_work, slack, poster)
    assert len(asked) == at_work.policy.upkeep.most_a_day == 2
    shown = shown_to(person(LEAD), "PB-alb")
    assert "is due for its review. Is every step still right?" in shown and "Last reviewed 2024-01-31" in shown
    assert "not used yet. Go through it with <@" in shown
    jobs.plan(at_work, now=MONDAY + timedelta(days=1))
    assert len(ask_all(at_work, slack, poster)) == 2, "the next ones on the next day"


def first_review(context: AppContext, slack: Slack, poster: Poster) -> tuple[int, Entry]:
    """The question about PB-alb, asked."""
    jobs.plan(context, now=MONDAY)
    request_id = ask_all(context, slack, poster)[0]
    entry = listeners.entry_of(context, request_id)
    assert entry is not None and entry.ref == "PB-alb"
    return request_id, entry


def test_still_right_is_said_once_by_somebody_who_may_and_the_message_says_by_whom(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    request_id, _ = first_review(at_work, slack, poster)
    assert "authority.yaml lets edit knowledge" in press(at_work, "upkeep_right", request_id, "U0SUPPORT")
    assert press(at_work, "upkeep_right", request_id) == "[]"
    assert "has been answered: Confirmed by <@U0TEAMLEAD>" in press(at_work, "upkeep_archive", request_id)
    ask_all(at_work, slack, poster)
    assert "Confirmed by <@U0TEAMLEAD>" in shown_to(person(LEAD), "PB-alb")
    jobs.plan(at_work, now=MONDAY + timedelta(days=80))
    with at_work.database.transaction() as session:
        refs = [row.ref for row in session.query(UpkeepRequest).filter_by(ref="PB-alb")]
    assert refs == ["PB-alb"], "counted from the answer"


def test_a_question_is_put_off_or_handed_to_somebody_else(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    request_id, _ = first_review(at_work, slack, poster)
    assert "You'll be asked again on Monday, 30 November 2026" in press(at_work, "upkeep_snooze", request_id)
    with at_work.database.transaction() as session:
        assert flow.send_due(session, at_work.policy, MONDAY + timedelta(days=6)) == 0
        assert flow.send_due(session, at_work.policy, MONDAY + timedelta(days=8)) == 1
    ask_all(at_work, slack, poster)
    assert "<@U0SUPPORT> will be asked from now on" in press(at_work, "upkeep_delegate", request_id, chosen="U0SUPPORT")
    ask_all(at_work, slack, poster)
    assert "due for its review" in shown_to(person("U0SUPPORT"), "PB-alb")
    assert press(at_work, "upkeep_right", request_id, "U0SUPPORT") == "[]", "whoever was asked may answer"


def test_a_question_that_nobody_answers_is_asked_three_times(at_work: AppContext) -> None:
    with at_work.database.transaction() as session:
        upkeep.add(session, "review:PB-alb:x", RequestKind.REVIEW, "PB-alb", MONDAY)
        days = [0, 13, 14, 28, 42, 400]
        asked = [flow.send_due(session, at_work.policy, MONDAY + timedelta(days=day)) for day in days]
    assert asked == [1, 0, 1, 1, 0, 0]


def form_values(view: dict[str, Any], **changed: str) -> dict[str, str]:
    """What a form holds when it is opened, and what was changed."""
    values = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            chosen = (element.get("initial_option") or {}).get("value")
            values[element["action_id"]] = str(element.get("initial_value") or chosen or "")
    return values | changed


def test_a_review_goes_step_by_step_and_its_changes_are_edited_in_a_form(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    request_id, entry = first_review(at_work, slack, poster)
    view = messages.review_form(request_id, entry)
    check_view(view, "modal")
    values = form_values(view, step_2="change", step_3="drop", notes="The path moved.")
    assert listeners.reviewed(at_work, values, view, LEAD, MONDAY) is None
    ask_all(at_work, slack, poster)
    shown = shown_to(person(LEAD), "PB-alb")
    assert "To do: change step 2 and remove step 3. Reviewed by <@U0TEAMLEAD>" in shown and "Edit PB-alb" in shown
    with at_work.database.transaction() as session:
        form = listeners._view(session, at_work, "upkeep_edit", request_id, entry, LEAD)
    check_view(form, "modal")
    assert "### 3." not in json.dumps(form) and "### 2. Call the health endpoint" in json.dumps(form)
    values = form_values(form)
    broken = values | {"steps_1": values["steps_1"].replace("- Changes production: no", "", 1)}
    with pytest.raises(BadRequest, match="Line 1: the step needs a line `- Changes production"):
        listeners.edited(at_work, broken, form, LEAD, MONDAY)
    values["steps_1"] = values["steps_1"].replace("Call the health endpoint directly", "Ask /healthz")
    assert listeners.edited(at_work, values, form, LEAD, MONDAY) is None
    kept = at_work.memory.current().entries["PB-alb"]
    assert [step.title for step in kept.steps] == ["See which targets are unhealthy", "Ask /healthz"]
    assert kept.reviewed_at == MONDAY.date() and kept.section("Related") == entry.section("Related")
    with pytest.raises(BadRequest, match="was changed by U0TEAMLEAD while you edited it"):
        listeners.edited(at_work, values, form, LEAD, MONDAY)


# -- the archive, commands, lessons ------------------------------------------------------------------------------------


def test_an_archived_playbook_is_offered_to_nobody_and_comes_back_when_its_archiving_is_taken_back(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    with at_work.database.transaction() as session:
        flow.propose_archive(session, "PB-cache", MONDAY)
        flow.propose_archive(session, "PB-cache", MONDAY)
        flow.send_due(session, at_work.policy, MONDAY)
    [request_id] = ask_all(at_work, slack, poster)
    assert "Archive it?" in shown_to(person(LEAD), "PB-cache")
    assert press(at_work, "upkeep_archive", request_id) == "[]"
    memory = at_work.memory.current()
    assert "PB-cache" not in memory.entries
    assert "PB-cache" not in {match.ref for match in memory.index.search("redis is down, cache unreachable", limit=20)}
    ask_all(at_work, slack, poster)
    assert "Archived by <@U0TEAMLEAD>" in shown_to(person(LEAD), "PB-cache")
    with at_work.database.transaction() as session:
        forget(session, "PB-cache", LEAD, MONDAY)
    assert "PB-cache" in at_work.memory.current().entries


def test_commands_that_went_wrong_are_shown_to_the_owner(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed
) -> None:
    entry = at_work.memory.current().entries["PB-network"]
    command = (
        replace(entry.steps[0].commands[0], text="aws ec2 describe-securty-groups")
        if False
        else (entry.steps[0].commands[0]._replace(text="aws ec2 describe-securty-groups"))
    )
    broken = replace(entry, steps=(replace(entry.steps[0], commands=(command,)), *entry.steps[1:]))
    for _ in range(2):
        jobs.check_commands(lambda _entries: check_entries([broken]))(at_work, slack, poster)
    with at_work.database.transaction() as session:
        assert flow.send_due(session, at_work.policy, MONDAY) == 1
        assert flow.is_command_check_due(session, at_work.policy, MONDAY)
        assert not flow.is_command_check_due(session, at_work.policy, MONDAY), "another replica did"
    ask_all(at_work, slack, poster)
    shown = shown_to(person(LEAD), "PB-network")
    assert "has commands that can't be right any more" in shown and "did you mean describe-security-groups?" in shown


def test_after_a_major_incident_the_difference_is_shown_and_accepted_as_an_edit(
    at_work: AppContext, slack: Slack, poster: Poster, person: PersonNamed, declared_incident: Declared
) -> None:
    row = declared_incident()
    with at_work.database.transaction() as session:
        kept = incidents.get_for_change(session, row.incident_id)
        run = text_of(at_work.memory.current().entries["PB-lambda"])
        runs.start(session, kept, run, LEAD, MONDAY - timedelta(hours=2))
        said = "rolled back with `aws lambda update-function-code --function-name orders --s3-bucket b --s3-key x`"
        note(session, kept, said, LEAD, MONDAY - timedelta(hours=1), "upkeep:1")
        kept.status, kept.closed_at = "closed", MONDAY - timedelta(minutes=5)
        kept.resolution = "The package of the day before was deployed again."
    jobs.plan(at_work, now=MONDAY)
    jobs.plan(at_work, now=MONDAY)
    ask_all(at_work, slack, poster)
    shown = shown_to(person(LEAD), f"{row.ref}* ")
    assert f"*{row.ref}* {row.title} has a lesson missing from *PB-lambda*." in shown
    assert "+aws lambda update-function-code" in shown and "+- Purpose: What ended" in shown
    with at_work.database.transaction() as session:
        [request] = session.query(UpkeepRequest).filter_by(kind="lesson")
        request_id = request.request_id
    assert press(at_work, "upkeep_accept", request_id) == "[]"
    entry = at_work.memory.current().entries["PB-lambda"]
    assert len(entry.steps) == 6 and row.ref in entry.section("Related")
    assert entry.steps[5].changes_production and "The package of the day before" in entry.steps[5].purpose
    assert editing.version_of(entry) == editing.version_of(editing.read_whole("PB-lambda", render_entry(entry)))
