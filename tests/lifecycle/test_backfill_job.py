"""What was said while nobody listened is recorded at its time, once, and reports of a moment ago are answered late."""

from __future__ import annotations

import operator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.context import AppContext
from bot.incidents.flows import record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows.backfill import plan_backfill
from bot.lifecycle.jobs import backfill
from bot.lifecycle.jobs import channel as room
from bot.reports import queries as reports
from bot.reports.jobs import answers
from bot.reports.jobs import backfill as reports_backfill
from bot.severity.rules import Severity
from bot.slack.client import Slack, TryAgain
from bot.slack.poster import Poster
from slack_playground.app import Playground
from slack_playground.person import Person, content_of
from tests.fixtures.job import Declared, later
from tests.fixtures.slack import Control
from tests.support.queue import empty_queue, queued
from tests.support.rows import minutes
from tests.support.stage import INCIDENTS


def said(context: AppContext, incident_id: int) -> list[str]:
    with context.database.transaction() as session:
        return [
            entry.text for entry in timeline.list_entries(session, incident_id) if entry.kind == Kind.MESSAGE_POSTED
        ]


def test_missed_messages_threads_and_edits_are_recorded_once(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    incident_id = declared_incident().incident_id
    channel_id = opened(context, slack, poster, incident_id)
    heard = responder.say(channel_id, "heard as it was said")
    with context.database.transaction() as session:
        record.message_posted(session, channel_id, heard, "U0RESPONDER", "heard as it was said", context.now())
    missed = responder.say(channel_id, "missed password=hunter2secret")
    responder.reply(channel_id, missed, "missed in a thread")
    responder.reply(channel_id, heard, "missed below what was heard")
    responder.edit(channel_id, heard, "heard and edited")
    for _ in range(2):
        backfill.backfill_channel(context, slack, poster, incident_id=incident_id)
        assert said(context, incident_id) == [
            "heard and edited",
            "missed password=[secret masked]",
            "missed in a thread",
            "missed below what was heard",
        ]
    with context.database.transaction() as session:
        kinds = (Kind.MESSAGE_POSTED, Kind.MESSAGE_EDITED)
        rows = timeline.list_rows(session, incident_id, kinds)
        assert len(rows) == 5, "no doubles"
        late = next(row for row in rows if row.message_ts == missed)
        assert f"{late.at.timestamp():.6f}" == missed, "at the time at which it was said"


def opened(context: AppContext, slack: Slack, poster: Poster, incident_id: int) -> str:
    """The incident's channel, with its people in it."""
    room.open_channel(context, slack, poster, incident_id=incident_id)
    room.set_up_channel(context, slack, poster, incident_id=incident_id)
    with context.database.transaction() as session:
        return incidents.get(session, incident_id).channel_id or ""


def asked_for(playground: Playground, method: str) -> list[float]:
    """From when on history was asked for, call by call."""
    calls = playground.on_loop(lambda: playground.workspace.journal.since(0, method))
    return [float(call["args"]["oldest"]) for call in calls]


def test_a_look_begins_where_the_last_one_ended_and_now_and_then_well_before(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, playground: Playground
) -> None:
    incident_id = declared_incident().incident_id
    opened(context, slack, poster, incident_id)
    hour, day = datetime(2031, 1, 1, 12, 0, tzinfo=UTC), 24 * 60
    looks = {0: False, 5: False, 30: False, 35: True, 40: False, 50: False, 61: False}
    for at, long in looks.items():
        then = replace(context, now=partial(operator.add, hour, minutes(at)))
        backfill.backfill_channel(then, slack, poster, incident_id=incident_id, long=long)
    first, *others = asked_for(playground, "conversations.history")
    with context.database.transaction() as session:
        assert first < incidents.get(session, incident_id).declared_at.timestamp(), "the first sees everything"
    begins = [round((oldest - hour.timestamp()) / 60) for oldest in others]
    short, lapse, wanted, next_hour = 0 - 2, 5 - day, 30 - day, 50 - day
    assert begins == [short, lapse, wanted, 35 - 2, 40 - 2, next_hour]


def test_a_thread_that_began_long_ago_is_looked_at_while_people_speak_in_it(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    incident_id = declared_incident().incident_id
    channel_id = opened(context, slack, poster, incident_id)
    parent = responder.say(channel_id, "the question")
    responder.reply(channel_id, parent, "the first answer")
    backfill.backfill_channel(context, slack, poster, incident_id=incident_id)
    with context.database.transaction() as session:
        incidents.get(session, incident_id).read_through_at = context.now() + minutes(2)  # the next begins here
    responder.reply(channel_id, parent, "the second answer")
    backfill.backfill_channel(later(context, 3), slack, poster, incident_id=incident_id)
    assert said(context, incident_id) == ["the question", "the first answer", "the second answer"]


def test_what_slack_shows_no_more_for_its_age_is_not_taken_for_deleted(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    playground: Playground,
    responder: Person,
) -> None:
    incident_id = declared_incident().incident_id
    channel_id = opened(context, slack, poster, incident_id)
    texts = ("older", "old", "taken back", "young")
    stamps = {text: responder.say(channel_id, text) for text in texts}
    backfill.backfill_channel(context, slack, poster, incident_id=incident_id)
    channel = playground.workspace.channels[channel_id]
    responder.delete(channel_id, stamps["taken back"])

    def forget() -> None:
        for ts in [ts for ts in channel.timeline if ts < stamps["old"]]:
            channel.timeline.remove(ts)

    playground.on_loop(forget)
    backfill.backfill_channel(later(context, 1), slack, poster, incident_id=incident_id, long=True)
    assert said(context, incident_id) == ["older", "old", "young"]


def test_channels_of_incidents_that_ended_a_moment_ago_are_read_back_too(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    ended, long_ago = declared_incident().incident_id, declared_incident().incident_id
    now = context.now()
    for incident_id, hours in ((ended, 2), (long_ago, 26)):
        opened(context, slack, poster, incident_id)
        with context.database.transaction() as session:
            row = incidents.get(session, incident_id)
            row.status, row.resolved_at = "resolved", now - minutes(60 * hours)
    with context.database.transaction() as session:
        plan_backfill(session, now, now, long=True)
        assert [len(queued(session, "slack.read_back", incident_id=each)) for each in (ended, long_ago)] == [1, 0]


def test_channels_are_read_back_once_a_turn(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    incident_id = declared_incident().incident_id
    room.open_channel(context, slack, poster, incident_id=incident_id)
    for _ in range(2):
        with context.database.transaction() as session:
            plan_backfill(session, context.now(), context.now())
    with context.database.transaction() as session:
        jobs = queued(session, "slack.read_back", incident_id=incident_id)
    assert len(jobs) == 1


def test_a_channel_whose_incident_is_just_being_changed_is_read_back_at_the_next_turn(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    incident_id = declared_incident().incident_id
    opened(context, slack, poster, incident_id)
    now = context.now()
    with context.database.transaction() as other:
        incidents.get_for_change(other, incident_id)
        with context.database.transaction() as session:
            assert not plan_backfill(session, now, now)
    with context.database.transaction() as session:
        assert plan_backfill(session, now, now)
        assert len(queued(session, "slack.read_back", incident_id=incident_id)) == 1


def test_a_report_missed_a_moment_ago_is_answered_and_says_that_it_is_late(
    context: AppContext, slack: Slack, poster: Poster, responder: Person
) -> None:
    ts = responder.say(INCIDENTS, "checkout is down for all customers in production, every order fails")
    responder.say(INCIDENTS, "coffee?")
    reports_backfill.backfill_reports(context, slack, poster)
    with context.database.transaction() as session:
        early = reports.find_report_of_message(session, context.announcement_channel() or "", ts)
        assert early is None, "its event may be on the way"
    for _ in range(2):
        reports_backfill.backfill_reports(later(context, 6), slack, poster)
    with context.database.transaction() as session:
        report = reports.find_report_of_message(session, context.announcement_channel() or "", ts)
        assert report is not None
        report_id, answered = report.report_id, report.answered
    assert answered
    answers.answer(context, slack, poster, report_id=report_id)
    assert "late: Tocsin was offline" in content_of(responder.replies(INCIDENTS, ts)[1])


def test_a_report_that_was_reworded_unheard_is_judged_again(
    context: AppContext, slack: Slack, poster: Poster, responder: Person
) -> None:
    ts = responder.say(INCIDENTS, "wait, token=xoxb-1234567890-abcdefghij")
    reports_backfill.backfill_reports(later(context, 2), slack, poster)
    responder.edit(INCIDENTS, ts, "checkout is down for all customers in production, password=hunter2secret")
    for _ in range(2):
        reports_backfill.backfill_reports(later(context, 6), slack, poster)
    with context.database.transaction() as session:
        report = reports.find_report_of_message(session, context.announcement_channel() or "", ts)
        assert report is not None
        assert report.answered
        assert len(report.history) == 1, "judged anew once, though its secret is stored masked"
        assert "hunter2" not in report.text + str(report.history)


def test_a_room_with_more_threads_than_slack_lets_us_read_at_once_is_read_to_its_end(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    declared_incident: Declared,
    responder: Person,
    playground: Playground,
    control: Control,
) -> None:
    incident_id = declared_incident().incident_id
    channel_id = opened(context, slack, poster, incident_id)
    parents = [responder.say(channel_id, f"question {number}") for number in range(12)]
    for number, ts in enumerate(parents):
        responder.reply(channel_id, ts, f"answer {number}")
    control.strictness(tiers=True)
    control.rate("conversations.replies", 5, 3600)
    tries = 0
    while True:
        tries += 1
        try:
            backfill.backfill_channel(context, slack, poster, incident_id=incident_id)
            break
        except TryAgain as waits:
            assert waits.after is not None and tries < 4, "each try goes on where the last one stopped"
            told = said(context, incident_id)
            assert all(f"question {number}" in told for number in range(12)), "what was read is recorded at once"
            newest_first = [f"answer {number}" for number in range(11, -1, -1)]
            assert [text for text in newest_first if text in told] == newest_first[: 5 * tries]
            control.rate("conversations.replies", 5, 3600)  # an hour later
    assert tries == 3
    assert len(said(context, incident_id)) == 24
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        assert row.read_progress is None and row.read_through_at is not None
        assert timeline.list_rows(session, incident_id, (Kind.MESSAGE_DELETED,)) == [], "nothing counts as deleted"


def test_the_worst_and_newest_incidents_are_read_back_first(context: AppContext, declared_incident: Declared) -> None:
    severities = (Severity.P3, Severity.P1, Severity.P0, Severity.P1)
    rows = [declared_incident(severity) for severity in severities]
    with context.database.transaction() as session:
        for number, row in enumerate(rows):
            found = incidents.get(session, row.incident_id)
            found.channel_id, found.declared_at = f"C0ORDER{row.incident_id}", context.now() + minutes(number)
        empty_queue(session)
        plan_backfill(session, context.now() + minutes(1), context.now())
        ours = {row.incident_id: number for number, row in enumerate(rows)}
        jobs = [
            ours[job.arguments["incident_id"]]
            for job in queued(session, "slack.read_back")
            if job.arguments["incident_id"] in ours
        ]
    assert jobs == [2, 3, 1, 0]
