"""Recording what passes in an incident's channel."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.incidents.flows import record, refusals
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Entry, Kind
from bot.incidents.tables import IncidentRow
from tests.fixtures.flow import Declare
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, count_entries, minutes

TS = "1795176000.000100"  # 2026-11-20 12:00:00 UTC


@pytest.fixture
def row(session: Session, declared: Declare) -> IncidentRow:
    """An incident with a channel."""
    row = declared()
    row.channel_id = f"C{row.incident_id}"
    session.flush()
    empty_queue(session)
    return row


def shown(session: Session, row: IncidentRow) -> tuple[Entry, ...]:
    return timeline.list_entries(session, row.incident_id)[1:]


def test_a_message_is_recorded_once_at_its_own_instant(session: Session, row: IncidentRow) -> None:
    channel_id = row.channel_id or ""
    assert record.message_posted(session, channel_id, TS, "U1", "pool is full", NOON + minutes(9))
    assert not record.message_posted(session, channel_id, TS, "U1", "pool is full", NOON + minutes(10))
    (entry,) = shown(session, row)
    assert (entry.kind, entry.author, entry.text) == (Kind.MESSAGE_POSTED, "U1", "pool is full")
    assert abs(entry.at - NOON) < minutes(0.001)
    assert queued(session) == []  # what people said themselves is not said again


def test_a_reply_remembers_its_thread(session: Session, row: IncidentRow) -> None:
    channel_id = row.channel_id or ""
    record.message_posted(session, channel_id, TS, "U1", "parent", NOON, thread_ts=TS)
    record.message_posted(session, channel_id, "1795176001.000100", "U1", "reply", NOON, thread_ts=TS)
    kept = timeline.list_rows(session, row.incident_id, (Kind.MESSAGE_POSTED,))
    assert [entry.data for entry in kept] == [{}, {"thread_ts": TS}]


def test_edits_deletions_and_pins_follow_their_message(session: Session, row: IncidentRow) -> None:
    channel_id = row.channel_id or ""
    record.message_posted(session, channel_id, TS, "U1", "pool is ful", NOON)
    assert record.message_edited(session, channel_id, TS, "U1", "pool is full", NOON + minutes(1), "1.1")
    assert not record.message_edited(session, channel_id, TS, "U1", "pool is full", NOON + minutes(1), "1.1")
    assert record.pin_changed(session, channel_id, TS, "U2", True, NOON + minutes(2), "Ev1")
    assert not record.pin_changed(session, channel_id, TS, "U2", True, NOON + minutes(2), "Ev1")
    (entry,) = shown(session, row)
    assert (entry.text, entry.key) == ("pool is full", True)
    assert record.pin_changed(session, channel_id, TS, "U2", False, NOON + minutes(3), "Ev2")
    assert not shown(session, row)[0].key
    assert record.message_deleted(session, channel_id, TS, NOON + minutes(4))
    assert not record.message_deleted(session, channel_id, TS, NOON + minutes(4))
    assert shown(session, row) == ()


def test_of_several_edits_the_one_written_last_is_shown_in_whichever_order_they_come(
    session: Session, row: IncidentRow
) -> None:
    channel_id = row.channel_id or ""
    record.message_posted(session, channel_id, TS, "U1", "pool", NOON)
    edits = {"1795176030.000000": "pool is full", "1795176010.000000": "pool is", "1795176020.000000": "pool is fu"}
    for edit_ts, said in edits.items():
        assert record.message_edited(session, channel_id, TS, "U1", said, NOON + minutes(5), edit_ts)
    assert shown(session, row)[0].text == "pool is full"


def test_two_edits_of_the_same_second_are_both_recorded(session: Session, row: IncidentRow) -> None:
    channel_id = row.channel_id or ""
    record.message_posted(session, channel_id, TS, "U1", "pool", NOON)
    for said in ("pool is ful", "pool is full"):
        assert record.message_edited(session, channel_id, TS, "U1", said, NOON, "1795176010.000000")
    assert not record.message_edited(session, channel_id, TS, "U1", "pool is full", NOON, "1795176010.000000")
    assert shown(session, row)[0].text == "pool is full"


def test_a_mark_taken_away_and_heard_of_late_does_not_undo_the_one_set_after_it(
    session: Session, row: IncidentRow
) -> None:
    channel_id = row.channel_id or ""
    record.message_posted(session, channel_id, TS, "U1", "pool is full", NOON)
    for event_ts, pinned in (("1795176001.0", True), ("1795176003.0", True), ("1795176002.0", False)):
        heard_at = NOON + minutes(5)
        assert record.pin_changed(session, channel_id, TS, "U2", pinned, heard_at, f"Ev{event_ts}", event_ts)
    assert shown(session, row)[0].key


def test_other_channels_are_nobody_s_record(session: Session, row: IncidentRow) -> None:
    before = count_entries(session, row.incident_id)
    assert not record.message_posted(session, "C0LUNCH", TS, "U1", "soup?", NOON)
    assert not record.message_edited(session, "C0LUNCH", TS, "U1", "soup!", NOON, "1.1")
    assert not record.message_deleted(session, "C0LUNCH", TS, NOON)
    assert not record.pin_changed(session, "C0LUNCH", TS, "U1", True, NOON, "Ev3")
    refusals.channel_archived(session, "C0LUNCH", archived=True, now=NOON)
    assert count_entries(session, row.incident_id) == before


def test_a_note_is_recorded_once_and_shown_on_the_card(session: Session, row: IncidentRow) -> None:
    assert record.note(session, row, "rolled back, ask <@U0VP>", "U1", NOON, "command:1")
    assert not record.note(session, row, "rolled back, ask <@U0VP>", "U1", NOON, "command:1")
    (entry,) = shown(session, row)
    assert (entry.kind, entry.text, entry.author) == (Kind.NOTED, "rolled back, ask <@U0VP>", "U1")
    assert not queued(session, "slack.say"), "whoever typed it is answered, and nobody else is disturbed"
    (job,) = queued(session, "slack.card")
    assert job.arguments == {"incident_id": row.incident_id}
    said = timeline.get(session, entry.entry_id).data["said"]
    assert said.startswith("Note by <@U1>: rolled back, ask")
    assert "<@U0VP>" not in said


def test_changes_that_come_close_together_are_shown_once(session: Session, row: IncidentRow) -> None:
    for _ in range(3):
        record.refresh_card(session, row)
    assert [(job.task, job.lock) for job in queued(session)] == [
        ("slack.card", f"incident-{row.incident_id}"),
        ("slack.mirror", f"slack.mirror-{row.incident_id}"),
    ]


def test_only_what_is_announced_is_said(session: Session, row: IncidentRow) -> None:
    quiet = record.record(session, row, Kind.NOTED, "for the record", NOON)
    loud = record.record(session, row, Kind.NOTED, "for the room", NOON, announce=True, source_key="x:1")
    assert record.record(session, row, Kind.NOTED, "for the room", NOON, announce=True, source_key="x:1") is None
    assert quiet is not None
    assert [job.arguments["entry_id"] for job in queued(session, "slack.say")] == [loud]


def test_an_archived_channel_is_remembered(session: Session, row: IncidentRow) -> None:
    channel_id = row.channel_id or ""
    refusals.channel_archived(session, channel_id, archived=True, now=NOON)
    assert row.channel_archived
    refusals.channel_archived(session, channel_id, archived=False, now=NOON)
    assert not row.channel_archived


def test_jobs_hold_no_words_of_people(session: Session, row: IncidentRow) -> None:
    words = "found it: the printer queue is full"
    assert record.message_posted(session, row.channel_id or "", TS, "U0RESPONDER", words, NOON)
    record.note(session, row, words, "U0RESPONDER", NOON, "command:1")
    assert queued(session, "slack.offer_key", incident_id=row.incident_id)
    assert "printer" not in str([job.arguments for job in queued(session)])
