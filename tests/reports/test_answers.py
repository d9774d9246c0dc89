"""Answers to reports, and the review's draft, each said once to the right people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.jobs import channel
from bot.reports.flows import reports as suggest
from bot.reports.flows.reports import Heard
from bot.reports.jobs import answers as reports
from bot.reports.listeners.answers import declare_report, declare_report_as
from bot.reviews.jobs import drafts as jobs_drafts
from bot.reviews.jobs import reviews
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.queries import action_items, drafts
from bot.severity.rules import Evidence, Judgement, Severity
from bot.slack import queries as messages
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control
from tests.support.queue import queued

INCIDENTS = "C0INCIDENTS"
BY_NAME: dict[str, Callable[..., None]] = {"slack.link_answer": reports.link_answer, "slack.answer": reports.answer}
SURE = Judgement(Severity.P1, 0.9, (Evidence("502", "5xx"),), None, "a major part")
Named = Callable[[str], Person]


@pytest.fixture
def reported(context: AppContext, responder: Person) -> tuple[int, str]:
    """A report that was judged: its id and its ts."""
    text = "checkout returns 502 for a third of users"
    ts = responder.say(INCIDENTS, text)
    with context.database.transaction() as session:
        heard = Heard(INCIDENTS, ts, "U0RESPONDER", text)
        row = suggest.judge_report(session, heard, SURE, (), context.policy, context.now())
        assert row is not None
        return row.report_id, ts


def answers(responder: Person, ts: str) -> list[dict[str, Any]]:
    return responder.replies(INCIDENTS, ts)[1:]


def test_a_report_is_answered_once_in_its_thread(
    context: AppContext, slack: Slack, poster: Poster, reported: tuple[int, str], responder: Person
) -> None:
    report_id, ts = reported
    for _ in range(2):
        reports.answer(context, slack, poster, report_id=report_id)
    (answer,) = answers(responder, ts)
    assert "Looks like *P1 high*" in str(answer["blocks"])
    assert "report_declare" in str(answer["blocks"])


def test_an_answer_says_that_what_sounds_like_a_leak_is_declared_in_private(
    context: AppContext, slack: Slack, poster: Poster, responder: Person
) -> None:
    said = {}
    for text in ("some customers emails were leaked in a csv to a partner", "checkout fails for some customers"):
        ts = responder.say(INCIDENTS, text)
        with context.database.transaction() as session:
            heard = Heard(INCIDENTS, ts, "U0RESPONDER", text)
            row = suggest.judge_report(session, heard, SURE, (), context.policy, context.now())
            assert row is not None
        reports.answer(context, slack, poster, report_id=row.report_id)
        said[text] = str(answers(responder, ts)[0]["blocks"])
    assert ["private channel" in blocks for blocks in said.values()] == [True, False]


def test_declaring_asks_once_about_an_incident_that_was_declared_since_and_the_answer_offers_it(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    reported: tuple[int, str],
    responder: Person,
    declared_incident: Declared,
) -> None:
    report_id, ts = reported
    reports.answer(context, slack, poster, report_id=report_id)
    (answer,) = answers(responder, ts)
    assert "confirm" not in str(answer["blocks"]), "nothing was open"
    row = declared_incident(title="checkout returns 502 for a third of users")
    for value, press in ((str(report_id), declare_report), (f"P0:{report_id}", declare_report_as)):
        with context.database.transaction() as session:
            said = press(session, context, value, "U0TEAMLEAD", context.now())
        if press is declare_report:
            assert said is not None and said.startswith(f"Nothing was declared yet: {row.ref} was declared since")
            reports.answer(context, slack, poster, report_id=report_id)
            (answer,) = answers(responder, ts)
            assert f"Part of {row.ref}" in str(answer["blocks"])
            assert str(answer["blocks"]).count(f"{row.ref} is still open and looks like the same.") == 2
        else:
            assert said is not None and "declared." in said and row.ref not in said, "asked once"


def test_a_decision_takes_the_place_of_the_buttons(
    context: AppContext, slack: Slack, poster: Poster, reported: tuple[int, str], responder: Person
) -> None:
    report_id, ts = reported
    reports.answer(context, slack, poster, report_id=report_id)
    with context.database.transaction() as session:
        row, _ = suggest.declare_report(session, report_id, Severity.P0, "U0TEAMLEAD", context.policy, context.now())
    reports.answer(context, slack, poster, report_id=report_id)
    (answer,) = answers(responder, ts)
    assert answer["text"] == f"Declared as P0 by <@U0TEAMLEAD>: {row.ref}."
    assert "report_declare" not in str(answer["blocks"])


def test_the_answer_links_the_channel_as_soon_as_there_is_one(
    context: AppContext, slack: Slack, poster: Poster, reported: tuple[int, str], responder: Person
) -> None:
    report_id, ts = reported
    with context.database.transaction() as session:
        row, _ = suggest.declare_report(session, report_id, None, "U0RESPONDER", context.policy, context.now())
    reports.answer(context, slack, poster, report_id=report_id)
    assert "<#" not in str(answers(responder, ts)), "its channel is still to be created"
    channel.open_channel(context, slack, poster, incident_id=row.incident_id)
    for task in ("slack.link_answer", "slack.answer"):
        with context.database.transaction() as session:
            (job,) = [job for job in queued(session) if job.task == task][-1:]
        BY_NAME[task](context, slack, poster, **job.arguments)
    with context.database.transaction() as session:
        channel_id = incidents.get(session, row.incident_id).channel_id
    (answer,) = answers(responder, ts)
    assert answer["text"] == f"Declared as P1 by <@U0RESPONDER>: {row.ref} in <#{channel_id}>."


def test_what_may_be_trouble_is_asked_about_in_its_thread_until_somebody_decides(
    context: AppContext, slack: Slack, poster: Poster, responder: Person
) -> None:
    text = "the courier app behaves oddly since lunch"
    ts = responder.say(INCIDENTS, text)
    with context.database.transaction() as session:
        heard, unsure = Heard(INCIDENTS, ts, "U0RESPONDER", text), replace(SURE, confidence=0.1)
        row = suggest.judge_report(session, heard, unsure, (), context.policy, context.now())
        assert row is not None
        report_id = row.report_id
    reports.answer(context, slack, poster, report_id=report_id)
    (asked,) = answers(responder, ts)
    assert asked["text"] == "Is this an incident?"
    assert "report_declare_as" in str(asked["blocks"]) and "Looks like" not in str(asked["blocks"])
    with context.database.transaction() as session:
        suggest.dismiss_report(session, report_id, "U0TEAMLEAD", context.now())
    reports.answer(context, slack, poster, report_id=report_id)
    (decided,) = answers(responder, ts)
    assert decided["text"] == "Marked as not an incident by <@U0TEAMLEAD>."
    assert "report_declare_after_all" in str(decided["blocks"])
    assert not any(word in str(decided["blocks"]) for word in ("Judged", "report_why"))


def test_what_is_no_report_is_not_answered(context: AppContext, slack: Slack, poster: Poster, control: Control) -> None:
    with context.database.transaction() as session:
        heard = Heard(INCIDENTS, "1.000001", "U0RESPONDER", "lunch?")
        row = suggest.judge_report(
            session, heard, Judgement(None, 0.9, (), None, ""), (), context.policy, context.now()
        )
        assert row is not None
        report_id = row.report_id
    reports.answer(context, slack, poster, report_id=report_id)
    reports.answer(context, slack, poster, report_id=-1)
    assert control.journal("chat.postMessage") == []


@pytest.fixture
def closed(context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared) -> IncidentRow:
    """An incident with a room, resolved and closed."""
    row = declared_incident()
    channel.open_channel(context, slack, poster, incident_id=row.incident_id)
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.acknowledge(session, found, "U0TEAMLEAD", context.policy, context.now())
        change.resolve(session, found, "U0TEAMLEAD", context.policy, context.now(), "raised it", "pool exhausted")
        change.close(session, found, "U0TEAMLEAD", Closing(), context.policy, context.now())
        return found


def test_the_draft_goes_to_the_room_the_commander_and_the_manager_once(
    context: AppContext, slack: Slack, poster: Poster, closed: IncidentRow, person: Named
) -> None:
    assert closed.channel_id is not None
    slack.invite(closed.channel_id, ["U0RESPONDER"])
    for _ in range(2):
        jobs_drafts.review(context, slack, poster, incident_id=closed.incident_id, episode=1)
    places = {
        "U0RESPONDER": closed.channel_id,
        "U0TEAMLEAD": person("U0TEAMLEAD").dm_with("U0TOCSIN"),
        "U0MANAGER": person("U0MANAGER").dm_with("U0TOCSIN"),
    }
    for user_id, place in places.items():
        ready = [m for m in person(user_id).messages(place) if m["text"].startswith("Review draft of")]
        assert [message["text"] for message in ready] == [f"Review draft of {closed.ref} is ready"]
    with context.database.transaction() as session:
        last = drafts.find_last(session, closed.incident_id)
        assert last is not None
        assert last.version == 1
        said = to_markdown(last.document)
        assert "pool exhausted" in said
        assert "team-lead" in said  # a name, not an id


@pytest.fixture
def secret(context: AppContext, closed: IncidentRow) -> IncidentRow:
    """The same incident as one of security, with an action item that is overdue and has the VP for owner."""
    with context.database.transaction() as session:
        row = incidents.get(session, closed.incident_id)
        row.ref = f"SEC-2026-{row.incident_id:04d}"
        row.title, row.impact = "somebody reads our mail", "all of our mail"
        return row


def told(one: Person) -> str:
    return "\n".join(str(message) for message in one.messages(one.dm_with("U0TOCSIN")))


def test_a_private_review_is_told_with_its_facts_to_its_people_alone(
    context: AppContext, slack: Slack, poster: Poster, secret: IncidentRow, person: Named
) -> None:
    assert secret.channel_id is not None
    linking = replace(
        context,
        review_link=lambda ref: f"https://example.com/shared/{ref}",
        personal_link=lambda path, user_id, name: f"https://example.com/own{path}",
    )
    slack.invite(secret.channel_id, ["U0RESPONDER"])
    jobs_drafts.review(linking, slack, poster, incident_id=secret.incident_id, episode=1)
    reviews.review_reminder(linking, slack, poster, incident_id=secret.incident_id, reminder="late")
    reviews.review_handed_in(linking, slack, poster, incident_id=secret.incident_id, step=1, by="U0TEAMLEAD")
    manager, lead = told(person("U0MANAGER")), told(person("U0TEAMLEAD"))
    assert manager.count("A review is waiting for you") >= 3
    for kept in ("reads our mail", "all of our mail", "pool exhausted", "https://"):
        assert kept not in manager
    assert "pool exhausted" in lead and "https://example.com/own/reviews/SEC-" in lead
    posted = "\n".join(str(message) for message in person("U0RESPONDER").messages(secret.channel_id))
    assert "https://example.com/shared" not in posted
    assert "Type `/incident review` for your own link" in posted


def test_an_overdue_item_of_a_private_incident_keeps_its_words_from_outsiders(
    context: AppContext, slack: Slack, poster: Poster, secret: IncidentRow, person: Named
) -> None:
    ids = []
    with context.database.transaction() as session:
        for owner in ("U0VP", "U0TEAMLEAD"):
            item = {"request_key": f"secret:{owner}", "text": "turn the keys", "priority": "high", "owner": owner}
            due = {"state": action_items.OPEN, "due_on": date(2026, 1, 2), "made_at": context.now()}
            ids.append(action_items.add(session, secret.incident_id, **item, **due).action_id)
    for action_id in ids:
        reviews.action_reminder(context, slack, poster, action_id=action_id)
    assert "Action item 1 is overdue" in told(person("U0VP"))
    assert "turn the keys" not in told(person("U0VP"))
    assert "turn the keys" in told(person("U0TEAMLEAD"))


def test_one_who_left_keeps_the_draft_from_nobody(
    context: AppContext, slack: Slack, poster: Poster, closed: IncidentRow, person: Named
) -> None:
    with context.database.transaction() as session:
        incidents.get(session, closed.incident_id).commander = "U0GONE"
    jobs_drafts.review(context, slack, poster, incident_id=closed.incident_id, episode=1)
    manager = person("U0MANAGER")
    assert [m["text"] for m in manager.messages(manager.dm_with("U0TOCSIN"))] == [
        f"Review draft of {closed.ref} is ready"
    ]


def test_a_draft_names_people_as_they_are_called_now_and_keeps_the_names_of_those_who_left(
    context: AppContext, slack: Slack, poster: Poster, closed: IncidentRow
) -> None:
    long_ago = context.now() - timedelta(days=90)
    with context.database.transaction() as session:
        row = incidents.get(session, closed.incident_id)
        row.acknowledged_by = "U0GONE"
        for user_id, name in (("U0TEAMLEAD", "a former name"), ("U0GONE", "whoever left")):
            messages.record_name(session, user_id, name, long_ago)
    jobs_drafts.review(context, slack, poster, incident_id=closed.incident_id, episode=1)
    with context.database.transaction() as session:
        names = messages.names_of(session, ["U0TEAMLEAD", "U0GONE"])
    assert names == {"U0TEAMLEAD": "team-lead", "U0GONE": "whoever left"}


def test_the_draft_of_a_false_alarm_says_that_nobody_waits_for_it(
    context: AppContext, slack: Slack, poster: Poster, closed: IncidentRow, person: Named
) -> None:
    with context.database.transaction() as session:
        incidents.get(session, closed.incident_id).false_alarm = True
    jobs_drafts.review(context, slack, poster, incident_id=closed.incident_id, episode=1)
    said = told(person("U0MANAGER"))
    assert "No review is required." in said and "Due " not in said
