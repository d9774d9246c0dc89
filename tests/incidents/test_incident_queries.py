"""Incidents in the database: references, look-ups, roles."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from bot.errors import UnknownIncident
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, minutes


def _take_refs(database: Database, year: int, fail: bool = False) -> list[str]:
    refs = []
    for _ in range(10):
        try:
            with database.transaction() as session:
                ref = incidents.next_ref(session, "INC", year)
                if fail:
                    raise InterruptedError
                refs.append(ref)
        except InterruptedError:
            continue
    return refs


def test_the_incident_of_a_channel_and_the_one_that_is_named_are_found_together(database: Database) -> None:
    with database.transaction() as session:
        here, other = (add_incident(session, ref=f"INC-2032-000{number}") for number in (1, 2))
        here.channel_id, other.former_ref = "C0HERE", "SEC-2032-0009"
    with database.transaction() as session:

        def refs(channel_id: str, ref: str | None) -> list[str | None]:
            found = incidents.find_here_and_named(session, channel_id, ref)
            return [row.ref if row is not None else None for row in found]

        assert refs("C0HERE", None) == [here.ref, None]
        assert refs("C0HERE", "inc-2032-0002") == [here.ref, other.ref]
        assert refs("C0HERE", here.ref) == [here.ref, here.ref]
        assert refs("C0ELSEWHERE", "SEC-2032-0009") == [None, other.ref]
        assert refs("C0ELSEWHERE", "INC-2032-0404") == [None, None]


def test_references_are_gapless_when_many_ask_and_some_fail(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: _take_refs(database, 2031, fail=number % 4 == 3), range(8)))
    refs = sorted(ref for part in taken for ref in part)
    assert refs == [f"INC-2031-{number:04d}" for number in range(1, 61)]


def test_every_prefix_and_year_counts_from_one(database: Database) -> None:
    with database.transaction() as session:
        asked = [("INC", 2032), ("INC", 2033), ("SEC", 2032), ("INC", 2032)]
        refs = [incidents.next_ref(session, prefix, year) for prefix, year in asked]
    assert refs == ["INC-2032-0001", "INC-2033-0001", "SEC-2032-0001", "INC-2032-0002"]


def test_a_reference_is_found_in_any_case_and_its_absence_is_said(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        assert incidents.get_by_ref(session, row.ref.lower()) is row
        with pytest.raises(UnknownIncident, match=r"There is no incident INC-1998-0001\."):
            incidents.get_by_ref(session, "INC-1998-0001")
        with pytest.raises(UnknownIncident):
            incidents.get(session, -1)
        with pytest.raises(UnknownIncident):
            incidents.get_for_change(session, -1)


def test_an_incident_is_found_by_its_channel(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session, channel_id="C0OWN")
        assert incidents.find_by_channel(session, "C0OWN") is row
        assert incidents.find_by_channel(session, "C0OTHER") is None


@pytest.mark.parametrize("column", ["ref", "request_key", "channel_id"])
def test_what_names_an_incident_names_no_other(database: Database, column: str) -> None:
    value = f"only once: {column}"
    with database.transaction() as session:
        add_incident(session, **{column: value})
    with pytest.raises(IntegrityError), database.transaction() as session:
        add_incident(session, **{column: value})


def test_open_incidents_come_worst_first_and_then_oldest(database: Database) -> None:
    with database.transaction() as session:
        for row in incidents.list_open(session, 1000):
            row.status = Status.CLOSED.value
        late = add_incident(session, severity="P1", declared_at=NOON + minutes(5))
        low = add_incident(session, severity="P3", declared_at=NOON)
        early = add_incident(session, severity="P1", declared_at=NOON, status="mitigated")
        worst = add_incident(session, severity="P0", declared_at=NOON + minutes(9), status="identified")
        over = [add_incident(session, status=status) for status in ("resolved", "closed")]
        session.flush()
        found = incidents.list_open(session)
        assert [row.ref for row in found] == [row.ref for row in (worst, early, late, low)]
        assert not set(found) & set(over)
        assert [row.ref for row in incidents.list_open(session, limit=1)] == [worst.ref]


def test_recent_incidents_come_newest_first(database: Database) -> None:
    with database.transaction() as session:
        older = add_incident(session, declared_at=NOON + minutes(60 * 24 * 400))
        newer = add_incident(session, declared_at=NOON + minutes(60 * 24 * 401), status="closed")
        assert list(incidents.list_recent(session, 2)) == [newer, older]


def test_a_role_passes_from_hand_to_hand(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        assert incidents.give_role(session, row.incident_id, "commander", "U0RESPONDER", NOON)
        assert not incidents.give_role(session, row.incident_id, "commander", "U0RESPONDER", NOON + minutes(1))
        first = incidents.find_role(session, row.incident_id, "commander")
        assert incidents.give_role(session, row.incident_id, "commander", "U0TEAMLEAD", NOON + minutes(2))
        second = incidents.find_role(session, row.incident_id, "commander")
        assert first is not None and second is not None
        assert (first.user_id, first.taken_at, first.ended_at) == ("U0RESPONDER", NOON, NOON + minutes(2))
        assert (second.user_id, second.taken_at, second.ended_at) == ("U0TEAMLEAD", NOON + minutes(2), None)
        assert incidents.find_role(session, row.incident_id, "scribe") is None


def test_two_changes_of_one_incident_take_effect_one_after_the_other(database: Database) -> None:
    with database.transaction() as session:
        incident_id = add_incident(session, title="").incident_id
    holding, asked = threading.Event(), threading.Event()

    def second() -> None:
        holding.wait(10)
        with database.transaction() as session:
            asked.set()
            row = incidents.get_for_change(session, incident_id)
            row.title += "second"

    with ThreadPoolExecutor(1) as pool:
        change = pool.submit(second)
        with database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            holding.set()
            assert asked.wait(10)
            row.title += "first "
        change.result(10)
    with database.transaction() as session:
        assert incidents.get(session, incident_id).title == "first second"


def test_a_locked_row_is_read_anew(database: Database) -> None:
    with database.transaction() as session:
        incident_id = add_incident(session).incident_id
    with database.transaction() as session:
        seen = incidents.get(session, incident_id)
        with database.transaction() as other:
            incidents.get(other, incident_id).title = "changed meanwhile"
        assert seen.title == "checkout returns 502"
        assert incidents.get_for_change(session, incident_id).title == "changed meanwhile"


def test_facts_are_the_row_in_the_domain_s_words(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(
            session, severity="P2", status="resolved", resolved_at=NOON + minutes(9), cause="pool exhausted"
        )
    facts = incidents.facts(row)
    assert facts.severity is Severity.P2
    assert facts.status is Status.RESOLVED
    for name in ("incident_id", "ref", "title", "declared_at", "resolved_at", "cause", "channel_name", "commander"):
        assert getattr(facts, name) == getattr(row, name)


def test_a_document_holds_instants_as_text(database: Database) -> None:
    with database.transaction() as session:
        row = add_incident(session)
        session.refresh(row)
    document = incidents.as_document(row)
    assert document["declared_at"] == "2026-11-20T12:00:00+00:00"
    assert (document["ref"], document["cause"], document["severity"]) == (row.ref, None, "P1")
    assert set(document) <= set(IncidentRow.__table__.columns.keys())
