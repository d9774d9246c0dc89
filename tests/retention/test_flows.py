"""Words go when the policy says so; the facts, what people marked, and what the approved review says stay."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.figures.queries import verdicts as figures_queries
from bot.incidents.flows import record
from bot.incidents.flows.backdating import correct
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.queries import severity_suggestions as suggestions_store
from bot.lifecycle.tables import SeveritySuggestion
from bot.reports import queries as messages
from bot.reports.tables import ReportRow
from bot.retention.flows import retain
from bot.retention.policy import RetentionPolicy
from bot.reviews.flows import drafting, editing
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.pages.rendering import render_review_html
from bot.reviews.queries import drafts as reviews
from bot.reviews.queries import reviews as assessments
from bot.reviews.rules.merging import base_of
from bot.reviews.rules.stages import Stage
from bot.reviews.tables import ReviewEdit, ReviewRow
from bot.store.engine import Database
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes

BY, MANAGER = "U0RESPONDER", "U0MANAGER"
KEEP = RetentionPolicy(timedelta(days=400))
REMOVED = "Message, removed after 400 days by policy."
LONG_AFTER = NOON + timedelta(days=401)
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def alone(session: Session) -> None:
    """Nothing of the tests before is due."""
    session.query(IncidentRow).update({"status": "resolved", "merged_into": None})
    session.query(ReportRow).delete()


@pytest.fixture
def row(session: Session, declared: Declare) -> IncidentRow:
    return with_channel(session, declared())


def with_channel(session: Session, row: IncidentRow) -> IncidentRow:
    row.channel_id = f"C0KEEP{next(_numbers)}"
    session.flush()
    return row


def say(session: Session, row: IncidentRow, words: str) -> str:
    ts = f"1795176000.{next(_numbers):06d}"
    record.message_posted(session, row.channel_id or "", ts, BY, words, NOON)
    return ts


def close(session: Session, row: IncidentRow, policy: Policy, approve: bool = True) -> None:
    change.resolve(session, row, BY, policy, NOON + minutes(20), "rolled back", "a full pool")
    change.close(session, row, BY, Closing(), policy, NOON + minutes(21))
    drafting.draft_once(session, row, policy, NOON + minutes(22))
    if approve:
        editing.move(session, row, Stage.APPROVED, MANAGER, policy, NOON + minutes(23))


def finish(session: Session, row: IncidentRow, policy: Policy) -> None:
    """Close it without a review, which would quote what was said."""
    end.false_alarm(session, row, BY, policy, NOON + minutes(21))


def remove(session: Session, now: datetime = LONG_AFTER, policy: RetentionPolicy = KEEP) -> int:
    """How many messages were removed in all."""
    removed = 0
    while (number := retain.remove_words(session, policy, now)) is not None:
        removed += number
        session.flush()
    return removed


def said(session: Session, row: IncidentRow) -> list[str]:
    shown = timeline.list_entries(session, row.incident_id)
    return [entry.text for entry in shown if entry.kind is Kind.MESSAGE_POSTED]


def test_ordinary_words_go_and_the_fact_stays(session: Session, row: IncidentRow, policy: Policy) -> None:
    edited, deleted = say(session, row, "lunch?"), say(session, row, "forget me")
    channel_id = row.channel_id or ""
    record.message_edited(session, channel_id, edited, BY, "lunch at one?", NOON, "1795176100.000000")
    record.message_deleted(session, channel_id, deleted, NOON)
    record.note(session, row, "cache restarted", BY, NOON + minutes(3), f"note:{row.ref}")
    finish(session, row, policy)
    before = timeline.list_entries(session, row.incident_id)
    assert remove(session) == 3, "the message, its edit, and what was deleted anyway"
    session.expire_all()
    after = timeline.list_entries(session, row.incident_id)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [(old.text, new.text) for old, new in changed] == [("lunch at one?", REMOVED)]
    assert all(replace(new, text=old.text) == old for old, new in changed), "who and when stay"
    raw = timeline.list_rows(session, row.incident_id, (Kind.MESSAGE_POSTED, Kind.MESSAGE_EDITED))
    assert {entry.text for entry in raw} == {REMOVED}
    assert remove(session) == 0, "once"


def test_what_people_marked_or_corrected_stays(session: Session, row: IncidentRow, policy: Policy) -> None:
    marked, unmarked, plain = say(session, row, "found it"), say(session, row, "maybe"), say(session, row, "hello")
    channel_id = row.channel_id or ""
    for ts in (marked, unmarked):
        record.pin_changed(session, channel_id, ts, BY, True, NOON + minutes(1), f"Ev{ts}")
    record.pin_changed(session, channel_id, unmarked, BY, False, NOON + minutes(2), f"Ev-{unmarked}")
    record.message_edited(session, channel_id, marked, BY, "found it: the pool", NOON, "1795176100.000000")
    entry = timeline.find_by_message(session, row.incident_id, say(session, row, "it began at two"))
    assert entry is not None
    correct(session, row, entry.entry_id, BY, NOON + minutes(5), f"correct:{row.ref}", text="it began at ten to two")
    finish(session, row, policy)
    remove(session)
    session.expire_all()
    assert plain
    assert said(session, row) == ["found it: the pool", REMOVED, REMOVED, "it began at ten to two"]


def test_what_the_approved_review_refers_to_stays(session: Session, row: IncidentRow, policy: Policy) -> None:
    for words in ["rolled back to build 212", *(f"lunch at {number}?" for number in range(30)), "errors are gone"]:
        say(session, row, words)
    close(session, row, policy)
    approved = next(step.document for step in assessments.list_steps(session, row.incident_id) if step.document)
    lines = [line for section in approved.sections for line in section.lines]
    told = {origin.entry_id for line in lines for origin in line.entries}
    texts = {entry.entry_id: entry.text for entry in timeline.list_entries(session, row.incident_id)}
    assert remove(session) == 31, "what was said last before it was resolved is told"
    session.expire_all()
    after = {entry.entry_id: entry.text for entry in timeline.list_entries(session, row.incident_id)}
    assert all(after[entry_id] == texts[entry_id] for entry_id in told & texts.keys())
    again = next(step.document for step in assessments.list_steps(session, row.incident_id) if step.document)
    assert again == approved


def test_what_is_open_in_review_or_young_is_not_touched(session: Session, declared: Declare, policy: Policy) -> None:
    rows = [with_channel(session, declared()) for _ in range(4)]
    for row in rows:
        say(session, row, "hello")
    resolved, in_review, young, reopened = rows
    change.resolve(session, resolved, BY, policy, NOON + minutes(20))
    close(session, in_review, policy, approve=False)
    close(session, young, policy)
    young.closed_at = LONG_AFTER - timedelta(days=399)
    close(session, reopened, policy)
    change.reopen(session, reopened, BY, policy, NOON + minutes(30))
    session.flush()
    assert remove(session) == 0
    assert [said(session, row) for row in rows] == [["hello"]] * 4
    assert remove(session, policy=RetentionPolicy(None)) == 0, "forever"


def test_what_is_said_after_words_were_removed_is_removed_in_its_turn(
    session: Session, row: IncidentRow, policy: Policy
) -> None:
    say(session, row, "hello")
    finish(session, row, policy)
    assert remove(session) == 1
    late = LONG_AFTER + timedelta(days=1)
    record.message_posted(session, row.channel_id or "", f"{late.timestamp():.6f}", BY, "one more thing", late)
    assert remove(session, late + timedelta(days=1)) == 1


@pytest.mark.parametrize("in_duplicate", [False, True])
def test_what_was_recorded_by_a_clock_that_is_ahead_is_removed_once(
    session: Session, declared: Declare, policy: Policy, in_duplicate: bool
) -> None:
    duplicate, goes_on = (with_channel(session, declared()) for _ in range(2))
    end.merge(session, duplicate.incident_id, goes_on.incident_id, BY, policy, NOON + minutes(1))
    place = duplicate if in_duplicate else goes_on
    ahead = LONG_AFTER + minutes(5)
    record.message_posted(session, place.channel_id or "", f"{ahead.timestamp():.6f}", BY, "from the future", ahead)
    finish(session, goes_on, policy)
    assert retain.remove_words(session, KEEP, LONG_AFTER) == 1
    assert retain.remove_words(session, KEEP, LONG_AFTER) is None, "the job that asks until there is none left ends"
    record.message_posted(session, place.channel_id or "", "1.1", BY, "later still", ahead + minutes(1))
    assert retain.remove_words(session, KEEP, ahead + minutes(2)) == 1


def test_a_duplicate_goes_with_the_incident_that_it_was_merged_into(
    session: Session, declared: Declare, policy: Policy
) -> None:
    first, second, goes_on = (with_channel(session, declared()) for _ in range(3))
    for row in (first, second, goes_on):
        say(session, row, f"said in {row.ref}")
    end.merge(session, first.incident_id, second.incident_id, BY, policy, NOON + minutes(1))
    end.merge(session, second.incident_id, goes_on.incident_id, BY, policy, NOON + minutes(2))
    assert remove(session) == 0, "it goes on"
    finish(session, goes_on, policy)
    assert remove(session) == 3
    session.expire_all()
    assert said(session, goes_on) == [REMOVED] * 3


def test_what_is_said_in_a_duplicate_after_the_removal_is_removed_in_its_turn(
    session: Session, declared: Declare, policy: Policy
) -> None:
    duplicate, goes_on = (with_channel(session, declared()) for _ in range(2))
    end.merge(session, duplicate.incident_id, goes_on.incident_id, BY, policy, NOON + minutes(1))
    say(session, goes_on, "hello")
    finish(session, goes_on, policy)
    assert remove(session) == 1
    late = LONG_AFTER + timedelta(days=1)
    record.message_posted(session, duplicate.channel_id or "", f"{late.timestamp():.6f}", BY, "one more thing", late)
    assert remove(session, late + timedelta(days=1)) == 1
    session.expire_all()
    assert said(session, goes_on) == [REMOVED] * 2
    assert remove(session, late + timedelta(days=2)) == 0, "once"


def test_a_duplicate_that_is_merged_after_the_removal_loses_its_words_too(
    session: Session, declared: Declare, policy: Policy
) -> None:
    duplicate, goes_on = (with_channel(session, declared()) for _ in range(2))
    say(session, duplicate, "said before the removal")
    finish(session, goes_on, policy)
    assert remove(session) == 0
    again = LONG_AFTER + timedelta(days=1)
    change.reopen(session, goes_on, BY, policy, again)
    end.merge(session, duplicate.incident_id, goes_on.incident_id, BY, policy, again + minutes(1))
    end.false_alarm(session, goes_on, BY, policy, again + minutes(2))
    assert remove(session, again + timedelta(days=399)) == 0, "kept as long as ever"
    assert remove(session, again + timedelta(days=401)) == 1
    session.expire_all()
    assert said(session, goes_on) == [REMOVED]


def drafts(session: Session, *rows: IncidentRow) -> str:
    """All that is held of drafts of these incidents: the versions, and the edits with what people had before them."""
    incident_ids = [row.incident_id for row in rows]
    session.flush()
    session.expire_all()
    versions = session.query(ReviewRow).where(ReviewRow.incident_id.in_(incident_ids))
    edits = session.query(ReviewEdit).where(ReviewEdit.incident_id.in_(incident_ids))
    return str([row.document for row in versions] + [(row.text, row.base) for row in edits])


def test_drafts_of_false_alarms_and_duplicates_lose_their_words_and_keep_what_people_wrote(
    session: Session, declared: Declare, policy: Policy
) -> None:
    alarm, duplicate, goes_on = (with_channel(session, declared()) for _ in range(3))
    for row in (alarm, duplicate):
        say(session, row, "rolled back to build 212")
        close(session, row, policy, approve=False)
        shown = editing.assemble(session, row)
        assert shown is not None
        drafted = "\n".join(base_of(shown.section("summary")))
        editing.edit_section(session, row, "summary", f"{drafted}\nNobody lost data", 0, MANAGER, NOON + minutes(25))
        change.reopen(session, row, BY, policy, NOON + minutes(30))
    change.resolve(session, alarm, BY, policy, NOON + minutes(31))
    change.close(session, alarm, BY, Closing(false_alarm=True), policy, NOON + minutes(32))
    drafting.draft_once(session, alarm, policy, NOON + minutes(33))
    end.merge(session, duplicate.incident_id, goes_on.incident_id, BY, policy, NOON + minutes(34))
    finish(session, goes_on, policy)
    assert "build 212" in drafts(session, alarm) and "build 212" in drafts(session, duplicate)
    remove(session)
    held = drafts(session, alarm, duplicate)
    assert "build 212" not in held
    assert "Duration" not in held, "nor what else was drafted"
    for row in (alarm, duplicate):
        shown = editing.assemble(session, row)
        assert shown is not None
        said_of_it = to_markdown(shown) + render_review_html(shown)
        assert said_of_it.count("Draft removed after 400 days by policy.") > 10, "on the page too"
        assert "Nobody lost data" in said_of_it
        assert "Edited by" in said_of_it
        assert drafting.redraft(session, row, policy, LONG_AFTER + minutes(1)), "and it can be drafted again"
    assert "build 212" not in drafts(session, alarm, duplicate)


def test_of_an_approved_review_only_superseded_drafts_are_removed(
    session: Session, row: IncidentRow, policy: Policy
) -> None:
    ts = say(session, row, "rolled back to build 211")
    close(session, row, policy, approve=False)
    record.message_edited(session, row.channel_id or "", ts, BY, "rolled back to build 212", NOON, "1795176100.000000")
    assert drafting.redraft(session, row, policy, NOON + minutes(24)) is not None
    editing.move(session, row, Stage.APPROVED, MANAGER, policy, NOON + minutes(25))
    approved, last = editing.assemble(session, row), reviews.find_last(session, row.incident_id)
    assert approved is not None and last is not None
    version = last.version
    assert "build 211" in drafts(session, row)
    remove(session)
    held = drafts(session, row)
    assert ("build 211" in held, "build 212" in held) == (False, True)
    assert editing.assemble(session, row) == approved
    last = reviews.find_last(session, row.incident_id)
    assert last is not None and last.version == version, "versions are counted on"


def report(session: Session, words: str, **more: Any) -> ReportRow:
    fields: dict[str, Any] = {
        "channel_id": "C0INCIDENTS", "ts": f"1795176000.{next(_numbers):06d}", "user_id": BY, "text": words,
        "judged_at": NOON, "severity": "P1", "confidence": 0.9, "row": "a row",
        "evidence": [{"text": words, "signal": "reach.everyone"}], "similar": [], "answered": True,
    }  # fmt: skip
    row = messages.add_report(session, **(fields | more))
    assert row is not None
    return row


def test_reports_lose_their_words_and_keep_their_verdict(session: Session, row: IncidentRow, policy: Policy) -> None:
    mine = report(session, "checkout is down", incident_id=row.incident_id, decision="declared", chosen_severity="P1")
    mine.history = [{"edited_at": "2026-11-20T12:00:00+00:00", "text": "checkout?", "severity": None}]
    other = report(session, "lunch", reason="in_words", reason_text="it was lunch", decision="not_incident")
    young = report(session, "a new one", judged_at=LONG_AFTER - timedelta(days=1))
    close(session, row, policy, approve=False)
    assert retain.remove_reports(session, KEEP, LONG_AFTER) == 1, "one of an incident in review stays"
    assert (other.text, other.reason_text) == ("", "Removed after 400 days by policy.")
    editing.move(session, row, Stage.APPROVED, MANAGER, policy, NOON + minutes(23))
    assert retain.remove_reports(session, KEEP, LONG_AFTER) == 1
    assert retain.remove_reports(session, KEEP, LONG_AFTER) == 0
    assert (mine.text, mine.evidence) == ("", [{"text": "…", "signal": "reach.everyone"}])
    assert mine.history == [{"edited_at": "2026-11-20T12:00:00+00:00", "severity": None}]
    assert len(figures_queries.list_verdicts(session)) == 3, "the figures stay"
    assert [kept.text for kept, _ in figures_queries.list_reports(session)] == ["a new one"]
    assert young.text == "a new one"


def test_a_suggested_severity_keeps_no_words_either(session: Session, row: IncidentRow, policy: Policy) -> None:
    suggestion_id = suggestions_store.add(
        session, incident_id=row.incident_id, message_ts="1.1", user_id=BY, text="all down", before="P1",
        suggested="P0", row_name="", row="", evidence=[{"text": "all", "signal": "x"}], made_at=NOON,
    )  # fmt: skip
    close(session, row, policy)
    remove(session)
    held = session.get_one(SeveritySuggestion, suggestion_id)
    assert (held.text, held.evidence) == ("", [{"text": "…", "signal": "x"}])


CHANGES = [
    "update timeline_entries set text = 'rewritten' where entry_id = :id",
    "update timeline_entries set text = :fact, at = now() where entry_id = :id",
    "update timeline_entries set text = :fact, author = 'U0OTHER' where entry_id = :id",
    "delete from timeline_entries where entry_id = :id",
    "truncate timeline_entries cascade",
]


@pytest.mark.parametrize("change_of_it", CHANGES)
def test_nothing_but_the_removal_gets_through_even_where_removals_may(
    database: Database, session: Session, row: IncidentRow, policy: Policy, change_of_it: str
) -> None:
    ts = say(session, row, "hello")
    close(session, row, policy)
    entry = timeline.find_by_message(session, row.incident_id, ts)
    assert entry is not None
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("set local tocsin.retention = 'on'"))
        session.execute(text(change_of_it), {"id": entry.entry_id, "fact": REMOVED})


@pytest.mark.parametrize(
    ("kind", "status", "said_so"),
    [("noted", "closed", "on"), ("message_posted", "resolved", "on"), ("message_posted", "closed", "off")],
)
def test_a_removal_is_refused_for_other_entries_open_incidents_and_where_nobody_said_so(
    session: Session, row: IncidentRow, kind: str, status: str, said_so: str
) -> None:
    entry_id = timeline.append(session, row.incident_id, Kind(kind), "hello", at=NOON, now=NOON)
    row.status = status
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("select set_config('tocsin.retention', :value, true)"), {"value": said_so})
        statement = text("update timeline_entries set text = :fact where entry_id = :id")
        session.execute(statement, {"id": entry_id, "fact": REMOVED})
