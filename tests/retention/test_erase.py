"""Erasing a person: no column of any table holds their words, names or id afterwards, and the facts stay."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.incidents.flows import record
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reports.tables import ReportRow
from bot.retention.flows.erase import erase
from bot.retention.queries import people
from bot.retention.rules import MESSAGE_REMOVED, Person, Words, scrubbed
from bot.reviews.flows import drafting, editing
from bot.reviews.messages.renderings import to_markdown
from bot.reviews.queries import reviews
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.store.outbox import enqueue
from tests.support.rows import NOON, add_ping, minutes

WHO, NAME, MAIL = "U0QUITTER", "Zelda Quartermain", "zelda@example.com"
FULL_NAME = "Zelda Maria Quartermain"
WORDS = (
    "the flux capacitor is on fire",
    "I restarted the quince service by hand",
    "we never tested the backup of quinces",
)
_numbers = itertools.count(1)


@pytest.fixture
def row(session: Session, policy: Policy) -> IncidentRow:
    """An incident in which the person did everything that one can, closed, reviewed, approved and learned."""
    number = next(_numbers)
    slack_queries.record_name(session, WHO, NAME, NOON, "Europe/Berlin", FULL_NAME)
    row, _ = declare(session, Declaration(f"erase:{number}:{WHO}", "checkout fails", Severity.P1, WHO), policy, NOON)
    row.channel_id = f"C0ERASE{number}"
    session.flush()
    record.message_posted(session, row.channel_id, f"170000000{number}.000001", WHO, WORDS[0], NOON)
    record.message_posted(
        session, row.channel_id, f"170000000{number}.000002", "U0OTHER", f"thanks <@{WHO}>, go on", NOON
    )
    record.note(session, row, WORDS[1], WHO, NOON, f"note:{number}:{WHO}")
    change.acknowledge(session, row, WHO, policy, NOON + minutes(2))
    change.resolve(session, row, WHO, policy, NOON + minutes(20), "rolled back", "the pool was exhausted")
    change.close(session, row, WHO, Closing(impact="40 orders failed"), policy, NOON + minutes(22))
    drafting.draft_once(session, row, policy, NOON + minutes(22))
    editing.edit_section(session, row, "went_well", f"{WORDS[2]}\nasked {NAME.upper()}", 0, WHO, NOON + minutes(30))
    editing.comment(
        session, row, None, f"ask {NAME} or {MAIL}: {WORDS[0]}", WHO, f"comment:{number}", NOON + minutes(31)
    )
    report = ReportRow(channel_id="C0INCIDENTS", ts=f"{number}.1", user_id=WHO, text=WORDS[0], judged_at=NOON, row="r")
    report.confidence, report.similar, report.answered, report.severity = 0.9, (), True, "P1"
    report.evidence, report.history = [{"kind": "word", "text": "fire"}], [{"text": WORDS[0], "by": WHO}]
    session.add(report)
    add_ping(session, row, user_ids=[WHO], asked_by=WHO, note=WORDS[1], state="sent")
    enqueue(session, "slack.reply_privately", channel_id="C0", user_id=WHO, text=f"<@{WHO}>, {NAME} asks")
    enqueue(
        session, "slack.offer_key", incident_id=row.incident_id, user_id="U0OTHER", ts="1.1", text=WORDS[0][:20] + "…"
    )
    session.flush()
    return row


@pytest.fixture
def erased(session: Session, row: IncidentRow) -> IncidentRow:
    found = erase(session, WHO, (MAIL,), False, f"{next(_numbers):08x}", NOON + minutes(60))
    assert found.names == (MAIL, NAME, FULL_NAME) and found.own >= 4
    session.expire_all()
    return incidents.get(session, row.incident_id)


def held(session: Session) -> Iterator[tuple[str, str]]:
    """Every value of every column of every table that can hold words."""
    for column in people.list_text_columns(session):
        for value in session.scalars(text(f'select "{column.name}"::text from {column.table}')):
            yield f"{column.table}.{column.name}", str(value)


def test_no_column_of_any_table_holds_words_names_or_id_of_who_was_erased(
    session: Session, erased: IncidentRow
) -> None:
    needles = [one.casefold() for one in (WHO, NAME, FULL_NAME, MAIL, *WORDS, WORDS[0][:20])]
    left = [(place, value) for place, value in held(session) if any(one in value.casefold() for one in needles)]
    assert left == []


def test_every_column_that_can_hold_words_is_looked_at(session: Session) -> None:
    looked_at = {(column.table, column.name) for column in people.list_text_columns(session)}
    kinds = "('text', 'character varying', 'character', 'json', 'jsonb', 'ARRAY', 'USER-DEFINED', 'bytea', 'xml')"
    there = session.execute(
        text(
            "select table_name, column_name, udt_name from information_schema.columns where table_schema = 'public' "
            f"and data_type in {kinds}"
        )
    ).all()
    missed = {(table, column, kind) for table, column, kind in there if (table, column) not in looked_at}
    enums = {one for one in missed if one[2].startswith("procrastinate_")}
    hashed = ("judge_fits", "model", "bytea")  # numbers under hashes of words, learnt anew each night from what is left
    assert missed - enums == {("alembic_version", "version_num", "varchar"), hashed}


def test_the_facts_stay_as_done_by_a_responder(session: Session, policy: Policy, erased: IncidentRow) -> None:
    assert (erased.title, erased.status, erased.impact) == ("checkout fails", "closed", "40 orders failed")
    assert erased.acknowledged_at == NOON + minutes(2)
    entries = timeline.list_entries(session, erased.incident_id)
    acknowledged = next(entry for entry in entries if entry.kind is Kind.ACKNOWLEDGED)
    assert acknowledged.at == NOON + minutes(2) and "a responder" in acknowledged.text
    assert MESSAGE_REMOVED in [entry.text for entry in entries]
    assert "thanks a responder, go on" in [entry.text for entry in entries]
    names = slack_queries.names_of(session, [erased.declared_by])
    assert list(names.values()) == ["a responder"]
    review = editing.assemble(session, erased)
    assert review is not None and "a responder" in to_markdown(review)
    drafting.draft_review(session, erased, policy, NOON + minutes(70))
    assert reviews.find_stage(session, erased.incident_id) is not None


def test_erasing_again_finds_nothing(session: Session, erased: IncidentRow) -> None:
    again = erase(session, WHO, (MAIL,), False, "00ffee00", NOON + minutes(61))
    assert (again.own, dict(again.rows), list(again.in_slack)) == (0, {}, [])


def test_who_is_still_on_the_roster_or_at_work_is_not_erased(session: Session, policy: Policy) -> None:
    with pytest.raises(BadRequest, match=r"contacts\.yaml lists U0BUSY"):
        erase(session, "U0BUSY", (), True, "01", NOON)
    row, _ = declare(session, Declaration("erase:busy", "mail is slow", Severity.P3, "U0OTHER"), policy, NOON)
    row.commander = "U0BUSY"
    session.flush()
    with pytest.raises(BadRequest, match=row.ref):
        erase(session, "U0BUSY", (), False, "02", NOON)


def test_the_timeline_stays_append_only_for_everything_else(session: Session, row: IncidentRow) -> None:
    for setting, change_of in (("off", "text = 'x'"), ("on", "at = now()"), ("on", "kind = 'noted'")):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(f"set local tocsin.erasure = '{setting}'"))
            session.execute(
                text(f"update timeline_entries set {change_of} where incident_id = :id"), {"id": row.incident_id}
            )


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("asked <@U0QUITTER>", "asked a responder"),
        ("asked <@U0QUITTER|zq>", "asked a responder"),
        ("ping:5:U0QUITTER", "ping:5:U0ERASED1"),
        ("U0QUITTERS and XU0QUITTER", "U0QUITTERS and XU0QUITTER"),
        ("@zelda quartermain's phone", "a responder's phone"),
        ("Zelda Quartermaine", "Zelda Quartermaine"),
        ({"U0QUITTER": ["Zelda Quartermain", 3, None]}, {"U0ERASED1": ["a responder", 3, None]}),
        ("I said: the pump is broken, twice", "I said: Removed: its author was erased., twice"),
        ("ok", "Removed: its author was erased."),
        ("it is ok", "it is ok"),
        ("the pump is…", "Removed: its author was erased."),
    ],
)
def test_a_value_loses_the_person_and_nothing_else(written: object, left: object) -> None:
    person = Person("U0QUITTER", ("Zelda Quartermain",), "U0ERASED1")
    assert scrubbed(written, person, Words(frozenset({"the pump is broken", "ok"}))) == left
