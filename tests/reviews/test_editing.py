"""Reviews from draft to knowledge, action items and reminders, as rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.memory import queries as knowledge
from bot.memory.entries.documents import from_document
from bot.memory.entries.entries import Entry
from bot.memory.importing.importer import write_entries
from bot.memory.rules.similar import SimilarItem
from bot.reviews.flows import action_items, drafting, editing, reminders
from bot.reviews.queries import action_items as actions
from bot.reviews.queries import reviews
from bot.reviews.rules.action_requests import ActionRequest, ItemChange, parse_action
from bot.reviews.rules.document import Nature
from bot.reviews.rules.stages import Stage
from bot.slack import queries as messages
from tests.fixtures.flow import Declare
from tests.reviews.review_facts import HOSTILE
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

MANAGER = "U0MANAGER"


@pytest.fixture
def closed(session: Session, declared: Declare, policy: Policy) -> IncidentRow:
    """Resolved after twenty minutes, closed, drafted."""
    row = declared()
    row.channel_id = f"C{row.incident_id}"
    messages.record_name(session, MANAGER, "manager", NOON)
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(20), "rolled back", "the pool was exhausted")
    change.close(session, row, "U0RESPONDER", Closing(impact="40 orders failed"), policy, NOON + minutes(22))
    drafting.draft_once(session, row, policy, NOON + minutes(22))
    empty_queue(session)
    return row


def test_reminders_come_at_24_and_44_hours_and_when_overdue_and_once_each(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    resolved = NOON + minutes(20)
    told = []
    for hour in (1, 23, 24, 24, 30, 44, 47, 48, 49, 100):
        reminders.remind(session, policy.review, resolved + timedelta(hours=hour))
        jobs = queued(session, "slack.review_reminder", incident_id=closed.incident_id)
        told.append(len(jobs))
    assert told == [0, 0, 1, 1, 1, 2, 2, 3, 3, 3]
    assert [job.arguments["reminder"] for job in jobs] == ["24 h", "44 h", "overdue"]


def test_after_an_absence_the_last_reminder_alone_is_sent(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    reminders.remind(session, policy.review, NOON + timedelta(hours=90))
    (job,) = queued(session, "slack.review_reminder", incident_id=closed.incident_id)
    assert job.arguments["reminder"] == "overdue"


def test_an_approved_review_reminds_nobody(session: Session, closed: IncidentRow, policy: Policy) -> None:
    editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))
    reminders.remind(session, policy.review, NOON + timedelta(hours=90))
    assert queued(session, "slack.review_reminder", incident_id=closed.incident_id) == []


def test_stopped_reminders_stay_silent(session: Session, closed: IncidentRow, policy: Policy) -> None:
    reminders.stop_reminders(session, closed)
    reminders.remind(session, policy.review, NOON + timedelta(hours=90))
    assert queued(session, "slack.review_reminder", incident_id=closed.incident_id) == []


@pytest.fixture
def resolved(session: Session, declared: Declare, policy: Policy) -> IncidentRow:
    """Resolved after twenty minutes, and left at that."""
    row = declared()
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(20), "rolled back")
    empty_queue(session)
    return row


def reminders_by(session: Session, row: IncidentRow, policy: Policy, at: datetime) -> list[str]:
    reminders.remind(session, policy.review, at)
    return [job.arguments["reminder"] for job in queued(session, "slack.review_reminder", incident_id=row.incident_id)]


def waits(session: Session, row: IncidentRow) -> bool:
    return row.incident_id in {stage.incident_id for stage, _ in reviews.list_unfinished(session, None)}


def test_reminders_count_from_the_resolution_even_when_nobody_closes(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    assert reminders_by(session, resolved, policy, NOON + minutes(19) + timedelta(hours=24)) == []
    assert reminders_by(session, resolved, policy, NOON + minutes(21) + timedelta(hours=24)) == ["24 h"]
    assert waits(session, resolved)


def test_nothing_can_be_done_with_a_review_that_is_not_drafted_yet(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    assert editing.assemble(session, resolved) is None
    with pytest.raises(BadRequest, match="No review of"):
        editing.move(session, resolved, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))


def test_the_first_step_is_the_draft_and_not_the_resolution(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    assert reviews.list_steps(session, resolved.incident_id) == []
    change.close(session, resolved, "U0RESPONDER", Closing(), policy, NOON + minutes(22))
    for minute in (23, 30):
        drafting.draft_review(session, resolved, policy, NOON + minutes(minute))
    found = editing.assemble(session, resolved)
    assert found is not None
    assert [(step.stage, step.at) for step in found.steps] == [(Stage.DRAFT, NOON + minutes(23))]


def test_reopening_stops_the_reminders_and_another_resolution_starts_them_anew(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    assert reminders_by(session, resolved, policy, NOON + timedelta(hours=25)) == ["24 h"]
    empty_queue(session)
    change.reopen(session, resolved, "U0RESPONDER", policy, NOON + timedelta(hours=26))
    assert reminders_by(session, resolved, policy, NOON + timedelta(hours=90)) == []
    assert not waits(session, resolved)
    change.resolve(session, resolved, "U0RESPONDER", policy, NOON + timedelta(hours=91))
    assert reminders_by(session, resolved, policy, NOON + timedelta(hours=114)) == []
    assert reminders_by(session, resolved, policy, NOON + timedelta(hours=116)) == ["24 h"]


def test_nobody_is_reminded_of_the_review_of_a_false_alarm(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    change.close(session, resolved, "U0RESPONDER", Closing(false_alarm=True), policy, NOON + minutes(22))
    drafting.draft_once(session, resolved, policy, NOON + minutes(23))
    assert reminders_by(session, resolved, policy, NOON + timedelta(hours=90)) == []
    assert not waits(session, resolved)


def test_another_resolution_takes_an_approved_review_up_again(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))
    change.reopen(session, closed, "U0RESPONDER", policy, NOON + minutes(40))
    change.resolve(session, closed, "U0RESPONDER", policy, NOON + minutes(60))
    change.close(session, closed, "U0RESPONDER", Closing(), policy, NOON + minutes(61))
    drafting.draft_once(session, closed, policy, NOON + minutes(62))
    stage = reviews.find_stage(session, closed.incident_id)
    assert stage is not None
    assert (stage.stage, stage.due_at) == ("draft", NOON + minutes(60) + timedelta(hours=48))


@pytest.mark.parametrize("resolved_again", [False, True])
def test_the_draft_from_before_a_reopening_is_neither_approved_nor_edited_until_the_incident_is_closed_again(
    session: Session, closed: IncidentRow, policy: Policy, resolved_again: bool
) -> None:
    change.reopen(session, closed, "U0RESPONDER", policy, NOON + minutes(40))
    if resolved_again:
        change.resolve(session, closed, "U0RESPONDER", policy, NOON + minutes(60))
    for wanted in (Stage.IN_REVIEW, Stage.APPROVED):
        with pytest.raises(BadRequest, match="Close the incident first"):
            editing.move(session, closed, wanted, MANAGER, policy, NOON + minutes(61))
    with pytest.raises(BadRequest, match="Close the incident first"):
        editing.edit_section(session, closed, "went_well", "Support knew", 0, MANAGER, NOON + minutes(61))
    stage = reviews.find_stage(session, closed.incident_id)
    assert stage is not None and stage.stage == Stage.DRAFT


def test_a_review_that_was_drafted_anew_after_a_reopening_is_reminded_of_and_approved(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    change.reopen(session, closed, "U0RESPONDER", policy, NOON + minutes(40))
    change.resolve(session, closed, "U0RESPONDER", policy, NOON + minutes(60))
    change.close(session, closed, "U0RESPONDER", Closing(), policy, NOON + minutes(62))
    with pytest.raises(BadRequest, match="A new one follows"):
        editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(62))
    drafting.draft_once(session, closed, policy, NOON + minutes(63))
    stage = reviews.find_stage(session, closed.incident_id)
    assert stage is not None and stage.remind_at == NOON + minutes(60) + timedelta(hours=20)
    editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(70))
    assert stage.stage == Stage.APPROVED


def test_a_draft_counts_although_the_clock_of_who_made_it_is_behind_that_of_who_closed(
    session: Session, resolved: IncidentRow, policy: Policy
) -> None:
    change.close(session, resolved, "U0RESPONDER", Closing(), policy, NOON + minutes(22))
    for _ in range(2):
        _, kept = drafting.draft_once(session, resolved, policy, NOON + minutes(21))
    assert kept.version == 1
    editing.move(session, resolved, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))
    stage = reviews.find_stage(session, resolved.incident_id)
    assert stage is not None and stage.stage == Stage.APPROVED


def test_approval_files_what_people_wrote_with_the_knowledge(
    session: Session, closed: IncidentRow, policy: Policy, tmp_path: Path
) -> None:
    text = "Primary cause: transactions stayed open\nContributing factor: ## no limit\nResolution: rolled back"
    editing.edit_section(session, closed, "root_cause", text, 0, MANAGER, NOON + minutes(25))
    action_items.add(
        session, closed, ActionRequest("alarm on the pool", "high"), MANAGER, policy.calendar, NOON + minutes(26), "k1"
    )
    editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))
    kept = knowledge.find(session, closed.ref)
    assert kept is not None and kept.document is not None
    entry = from_document(kept.document)
    assert entry.section("Root cause") == "- transactions stayed open\n- ## no limit"
    assert entry.section("Prevention") == "- alarm on the pool"
    (written,) = write_entries([entry], tmp_path)
    assert written.outcome == "added"
    assert write_entries([entry], tmp_path)[0].outcome == "unchanged"


def test_hostile_text_is_filed_as_an_entry_that_reads_back(
    session: Session, closed: IncidentRow, policy: Policy, tmp_path: Path
) -> None:
    typed = HOSTILE.replace("\x00", "").replace("\ud800", "")
    for section in ("summary", "root_cause", "went_well", "could_improve"):
        editing.edit_section(session, closed, section, typed, 0, MANAGER, NOON + minutes(25))
    editing.move(session, closed, Stage.APPROVED, MANAGER, policy, NOON + minutes(30))
    kept = knowledge.find(session, closed.ref)
    assert kept is not None and kept.document is not None
    write_entries([from_document(kept.document)], tmp_path)


def test_the_review_that_people_read_holds_their_words_and_the_items_of_now(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    editing.edit_section(session, closed, "went_well", "Support knew", 0, MANAGER, NOON + minutes(25))
    action_items.add(session, closed, ActionRequest("alarm"), MANAGER, policy.calendar, NOON + minutes(26), "k2")
    found = editing.assemble(session, closed)
    assert found is not None
    assert [line.text for line in found.section("went_well").lines if line.nature is Nature.WRITTEN] == ["Support knew"]
    assert [line.text for line in found.section("action_items").lines][:1] == ["alarm (no owner yet, no due date yet)"]


CALENDAR_DAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("alarm on the pool", ActionRequest("alarm on the pool")),
        ("high alarm on the pool", ActionRequest("alarm on the pool", "high")),
        ("[HIGH] alarm on the pool", ActionRequest("alarm on the pool", "high")),
        ("low: alarm <@U0VP> by Friday", ActionRequest("alarm", "low", "U0VP", CALENDAR_DAY)),
        ("alarm by Friday <@U0VP|vp>", ActionRequest("alarm", "medium", "U0VP", CALENDAR_DAY)),
        (
            "alarm (owner: @platform-team, due: 2026-11-27)",
            ActionRequest("alarm", "medium", "platform-team", CALENDAR_DAY),
        ),
        ("retry by hand and by adding jitter", ActionRequest("retry by hand and by adding jitter")),
        ("highlight the button", ActionRequest("highlight the button")),
        ("alarm in 2 weeks", ActionRequest("alarm", due_on=date(2026, 12, 4))),
        (
            "ask <@U0VP> about <https://example.com|x> @ 3",
            ActionRequest("ask about https://example.com @ 3", owner="U0VP"),
        ),
    ],
)
def test_action_items_are_read_as_people_type_them(policy: Policy, typed: str, wish: ActionRequest) -> None:
    assert parse_action(typed, NOON, policy.calendar.zone, policy.calendar.opens) == wish


def test_a_due_day_is_that_of_whoever_types_it(policy: Policy) -> None:
    late = NOON + timedelta(hours=11, minutes=30)  # 23:30 UTC on Friday, Saturday in Auckland
    for zone, due_on in (("UTC", date(2026, 11, 21)), ("Pacific/Auckland", date(2026, 11, 22))):
        assert parse_action("check it by tomorrow", late, ZoneInfo(zone), policy.calendar.opens).due_on == due_on


@pytest.mark.parametrize(
    "typed", ["", "high", "  <@U0VP> ", "high by Friday", "alarm by 2020-01-01", "x" * 1001, "a by 31.31."]
)
def test_what_makes_no_action_item_is_refused_with_a_sentence(policy: Policy, typed: str) -> None:
    with pytest.raises(BadRequest):
        parse_action(typed, NOON, policy.calendar.zone, policy.calendar.opens)


def test_a_command_sent_twice_makes_one_item(session: Session, closed: IncidentRow, policy: Policy) -> None:
    made = [
        action_items.add(session, closed, ActionRequest("x"), MANAGER, policy.calendar, NOON, "same")[1]
        for _ in range(2)
    ]
    assert made == [True, False]


def test_an_overdue_item_is_told_once_at_the_opening_after_its_day(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    item, _ = action_items.add(
        session, closed, ActionRequest("x", due_on=CALENDAR_DAY), MANAGER, policy.calendar, NOON, "due"
    )
    opening = item.remind_at
    assert opening is not None and f"{opening:%a %H:%M}" == "Mon 09:00"
    for at in (opening - minutes(1), opening, opening + minutes(5)):
        reminders.remind(session, policy.review, at)
    assert len(queued(session, "slack.action_reminder", action_id=item.action_id)) == 1


def test_nobody_is_reminded_of_a_finished_item(session: Session, closed: IncidentRow, policy: Policy) -> None:
    item, _ = action_items.add(
        session, closed, ActionRequest("x", due_on=CALENDAR_DAY), MANAGER, policy.calendar, NOON, "done"
    )
    done = ItemChange(closed.ref, item.number, "done", changed=True)
    assert action_items.finish(session, closed, item.number, MANAGER, NOON) == done
    assert action_items.finish(session, closed, item.number, MANAGER, NOON) == replace(done, changed=False)
    reminders.remind(session, policy.review, NOON + timedelta(days=30))
    assert queued(session, "slack.action_reminder", action_id=item.action_id) == []


def test_an_unknown_number_is_answered_with_those_there_are(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    action_items.add(session, closed, ActionRequest("x"), MANAGER, policy.calendar, NOON, "one")
    with pytest.raises(BadRequest, match=r"has no action item 9\. It has 1\."):
        action_items.finish(session, closed, 9, MANAGER, NOON)


def test_proposals_come_from_what_prevented_similar_incidents_and_once(
    session: Session, closed: IncidentRow, policy: Policy
) -> None:
    closed.similar = (
        SimilarItem("INC-2023-2156", "incident", score=0.51),
        SimilarItem("NFI-2024-0005", "incident", score=0.26),
        SimilarItem("PB-alb", "playbook", score=0.6),
    )
    entry = Entry(
        "INC-2023-2156", "incident", "t", sections=(("Prevention", "- Watch `connections`.\n- Cap idle time."),)
    )
    unlike = Entry("NFI-2024-0005", "incident", "t", sections=(("Prevention", "- Load data by best practice."),))
    closed.cause = "a certificate expired"
    closed.similar = tuple(replace(one, cause="connections sat idle in transaction") for one in closed.similar)
    assert action_items.propose(session, closed, {entry.ref: entry}, NOON) == 0, "of another cause"
    closed.cause = "idle connections of the pool"
    assert action_items.propose(session, closed, {entry.ref: entry, unlike.ref: unlike}, NOON) == 2
    assert action_items.propose(session, closed, {entry.ref: entry}, NOON) == 0
    found = editing.assemble(session, closed)
    assert found is not None
    lines = found.section("action_items").lines
    assert [line.text for line in lines if line.nature is Nature.DERIVED] == [
        "Watch connections (from INC-2023-2156)",
        "Cap idle time (from INC-2023-2156)",
    ]
    action_items.accept(session, closed, 1, MANAGER, policy.calendar, NOON)
    action_items.drop(session, closed, 2, MANAGER, NOON)
    states = [
        one.state for one in actions.list_of_incident(session, closed.incident_id, ("open", "proposed", "dropped"))
    ]
    assert states == ["open", "dropped"]
