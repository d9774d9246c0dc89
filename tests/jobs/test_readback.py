"""What was said while nobody listened is recorded at its time, once, and reports of a moment ago are answered late."""

from __future__ import annotations

from bot.domain.timeline import Kind
from bot.flows import record
from bot.flows.desk import Desk
from bot.flows.missed import plan_reading_back
from bot.jobs import readback, reports, room
from bot.jobs.delivery import Speaker
from bot.playground.person import Person, content_of
from bot.slack.client import Slack
from bot.store import incidents, messages, timeline
from tests.jobs.conftest import Declared, later
from tests.queue import queued
from tests.stage import INCIDENTS


def said(desk: Desk, incident_id: int) -> list[str]:
    with desk.database.transaction() as session:
        return [
            entry.text for entry in timeline.list_entries(session, incident_id) if entry.kind == Kind.MESSAGE_POSTED
        ]


def test_missed_messages_threads_and_edits_are_recorded_once(
    desk: Desk, slack: Slack, speaker: Speaker, declared: Declared, responder: Person
) -> None:
    incident_id = declared().incident_id
    room.open_room(desk, slack, speaker, incident_id=incident_id)
    room.furnish_room(desk, slack, speaker, incident_id=incident_id)
    with desk.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id or ""
    heard = responder.say(channel_id, "heard as it was said")
    with desk.database.transaction() as session:
        record.message_posted(session, channel_id, heard, "U0RESPONDER", "heard as it was said", desk.now())
    missed = responder.say(channel_id, "missed password=hunter2secret")
    responder.reply(channel_id, missed, "missed in a thread")
    responder.reply(channel_id, heard, "missed below what was heard")
    responder.edit(channel_id, heard, "heard and edited")
    for _ in range(2):
        readback.read_back(desk, slack, speaker, incident_id=incident_id)
        assert said(desk, incident_id) == [
            "heard and edited",
            "missed password=[secret masked]",
            "missed in a thread",
            "missed below what was heard",
        ]
    with desk.database.transaction() as session:
        kinds = (Kind.MESSAGE_POSTED, Kind.MESSAGE_EDITED)
        rows = timeline.list_rows(session, incident_id, kinds)
        assert len(rows) == 5, "no doubles"
        late = next(row for row in rows if row.message_ts == missed)
        assert f"{late.at.timestamp():.6f}" == missed, "at the time at which it was said"


def test_channels_are_read_back_once_a_turn(desk: Desk, slack: Slack, speaker: Speaker, declared: Declared) -> None:
    incident_id = declared().incident_id
    room.open_room(desk, slack, speaker, incident_id=incident_id)
    for _ in range(2):
        with desk.database.transaction() as session:
            plan_reading_back(session, desk.now(), desk.now())
    with desk.database.transaction() as session:
        jobs = queued(session, "slack.read_back", incident_id=incident_id)
    assert len(jobs) == 1


def test_a_report_missed_a_moment_ago_is_answered_and_says_that_it_is_late(
    desk: Desk, slack: Slack, speaker: Speaker, responder: Person
) -> None:
    ts = responder.say(INCIDENTS, "checkout is down for all customers in production, every order fails")
    responder.say(INCIDENTS, "coffee?")
    readback.read_announcements(desk, slack, speaker)
    with desk.database.transaction() as session:
        early = messages.find_report_of_message(session, desk.announcement_channel() or "", ts)
        assert early is None, "its event may be on the way"
    for _ in range(2):
        readback.read_announcements(later(desk, 6), slack, speaker)
    with desk.database.transaction() as session:
        report = messages.find_report_of_message(session, desk.announcement_channel() or "", ts)
        assert report is not None
        report_id, answered = report.report_id, report.answered
    assert answered
    reports.answer(desk, slack, speaker, report_id=report_id)
    assert "late: Tocsin was away" in content_of(responder.replies(INCIDENTS, ts)[1])
