"""Who may see which incident, and what is claimed once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.incidents import visibility
from bot.incidents.queries import incidents, members, timeline
from bot.incidents.queries import timeline as queries_timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import HandoverRow, IncidentRow
from bot.severity.rules import Severity
from bot.stakeholders import queries as stakeholder_queries
from bot.store.engine import Database
from tests.support.rows import NOON, add_incident, add_ping, minutes


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A transaction of this test's own."""
    with database.transaction() as session:
        yield session


def refs(rows: list[IncidentRow]) -> set[str]:
    return {row.ref for row in rows}


def test_a_security_incident_is_seen_by_its_people_alone(session: Session) -> None:
    acknowledged = {"acknowledged_by": "U8", "acknowledged_at": NOON}
    row = add_incident(session, ref="SEC-1999-0001", declared_by="U1", commander="U2", **acknowledged)
    incidents.give_role(session, row.incident_id, "scribe", "U3", NOON)
    add_ping(session, row, state="sent", user_ids=["U4"], sent_at=NOON)
    add_ping(session, row, state="planned", user_ids=["U5"])
    add_ping(session, row, state="sent", kind="digest", user_ids=["U7"])
    offer = {"from_user": "U2", "to_user": "U9", "asked_by": "U2", "asked_at": NOON, "state": "offered"}
    session.add(HandoverRow(request_key="offer:sec", incident_id=row.incident_id, **offer))
    members.take_event(session, row.incident_id, "U10", True, "1.1", NOON)
    timeline.append(session, row.incident_id, Kind.MESSAGE_POSTED, "x", at=NOON, now=NOON, author="U6")
    session.flush()
    seen = {user for user in (f"U{n}" for n in range(1, 12)) if visibility.may_see(session, row, user)}
    assert seen == {"U1", "U2", "U3", "U4", "U8", "U9", "U10"}, (
        "not by whom a digest or a planned page names, nor for having written"
    )
    for left in seen:
        members.take_event(session, row.incident_id, left, False, "2.2", NOON + minutes(1))
    assert {one for one in seen if visibility.may_see(session, row, one)} == {"U2", "U3"}
    assert not visibility.may_see(session, row, None)
    for user, there in (("U2", True), ("U7", False), (None, False)):
        rows, total = visibility.list_page(session, user, limit=1000)
        assert (row.ref in refs(list(rows))) is there
        assert total == len(rows)


def test_an_ordinary_incident_is_seen_by_everybody(session: Session) -> None:
    row = add_incident(session)
    assert visibility.may_see(session, row, "U9") and visibility.may_see(session, row, None)


def test_pages_do_not_overlap_and_closed_ones_are_apart(session: Session) -> None:
    mine = [add_incident(session, declared_by="U0PAGES", declared_at=NOON + minutes(n)) for n in range(5)]
    over = add_incident(session, declared_by="U0PAGES", status="closed")
    first, total = visibility.list_page(session, "U0PAGES", limit=3, mine=True)
    second, _ = visibility.list_page(session, "U0PAGES", offset=3, limit=3, mine=True)
    assert total == 5
    assert [row.ref for row in [*first, *second]] == [row.ref for row in mine]
    closed, _ = visibility.list_page(session, "U0PAGES", closed=True, mine=True)
    assert refs(list(closed)) == {over.ref}


def test_a_reminder_is_claimed_once_a_span_and_starts_anew_when_somebody_told(session: Session) -> None:
    every = {Severity.P1: timedelta(hours=1)}
    row = add_incident(session, severity="P1", declared_at=NOON)
    quiet = add_incident(session, severity="P3", declared_at=NOON)

    def claimed(after: float) -> bool:
        found = refs(list(stakeholder_queries.claim_untold(session, every, NOON + minutes(after), limit=1000)))
        session.flush()
        assert quiet.ref not in found
        return row.ref in found

    assert not claimed(59)
    assert claimed(61)
    assert not claimed(62)
    row.told_at = NOON + minutes(100)
    session.flush()
    assert not claimed(125), "told 25 minutes ago"
    assert claimed(161)
    row.status = "resolved"
    session.flush()
    assert not claimed(999)


def test_few_messages_an_hour_are_offered_and_each_once(session: Session) -> None:
    row = add_incident(session)
    offered = [
        queries_timeline.offer_key(session, row.incident_id, str(n), NOON + minutes(n), 3) for n in (1, 2, 2, 3, 4)
    ]
    assert offered == [True, True, False, True, False]
    assert queries_timeline.offer_key(session, row.incident_id, "9", NOON + minutes(70), 3)
