"""The facts that figures are counted from: whatever happens, those of the incident as it is then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.escalation.flows.plan import sweep
from bot.figures.queries.counts import count_responses
from bot.figures.queries.facts import refresh
from bot.figures.queries.scope import Scope
from bot.figures.tables import FigureFacts
from bot.incidents.flows import backdating, record
from bot.incidents.queries import timeline
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.flows import change, end
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.memory.rules.similar import SimilarItem
from bot.severity.rules import Severity
from tests.support.rows import minutes

BEGAN = datetime(2026, 10, 5, 10, 0, tzinfo=UTC)
WHO = "U0ONE"


def declared(session: Session, policy: Policy, key: str, after: float = 0) -> IncidentRow:
    wanted = Declaration(f"facts:{key}", "checkout fails", Severity.P1, WHO)
    return declare(session, wanted, policy, BEGAN + minutes(after))[0]


def a_long_day(session: Session, policy: Policy) -> Iterator[str]:
    """An incident to which everything happens that figures depend on, one thing at a time."""
    row = declared(session, policy, "day")
    yield "declared"
    sweep(session, policy.escalation, BEGAN + minutes(200))
    yield "breached"
    change.acknowledge(session, row, WHO, policy, BEGAN + minutes(201))
    yield "acknowledged"
    backdating.note(session, row, "services: Checkout, search", WHO, None, BEGAN + minutes(202), "facts:1")
    yield "a note that names services"
    backdating.note(session, row, "began at 09:10", WHO, None, BEGAN + minutes(203), "facts:2")
    record.note(session, row, "detected at 09:30", WHO, BEGAN + minutes(204), "facts:3")
    yield "notes that name times"
    began = next(entry for entry in timeline.list_entries(session, row.incident_id) if entry.text == "began at 09:10")
    at = BEGAN + minutes(205)
    backdating.correct(session, row, began.entry_id, WHO, at, "facts:4", text="began at 09:20")
    yield "a corrected note"
    change.set_severity(session, row, Severity.P0, WHO, policy, BEGAN + minutes(206))
    yield "another severity"
    row.similar = (SimilarItem("PB-lambda", "playbook"), SimilarItem("INC-2025-0001", "incident", same=True))
    yield "what looks like it"
    change.set_status(session, row, Status.MITIGATED, WHO, policy, BEGAN + minutes(210))
    change.resolve(session, row, WHO, policy, BEGAN + minutes(220))
    yield "resolved"
    change.reopen(session, row, WHO, policy, BEGAN + minutes(230))
    yield "reopened"
    change.acknowledge(session, row, WHO, policy, BEGAN + minutes(231))
    change.resolve(session, row, WHO, policy, BEGAN + minutes(240))
    change.close(session, row, WHO, Closing(playbook_helped=True), policy, BEGAN + minutes(250))
    yield "closed"
    session.execute(text("select set_config('tocsin.erasure', 'on', true)"))
    words = update(TimelineEntry).where(TimelineEntry.incident_id == row.incident_id)
    session.execute(words.where(TimelineEntry.text.like("services%")).values(text="services: search"))
    yield "words erased"
    twin, other = declared(session, policy, "twin", 1), declared(session, policy, "other", 2)
    yield "two more"
    end.merge(session, twin.incident_id, other.incident_id, WHO, policy, BEGAN + minutes(5))
    end.false_alarm(session, other, WHO, policy, BEGAN + minutes(6))
    yield "one merged into the other, which was a false alarm"
    other.ref = f"SEC-{other.ref}"
    yield "made private"


def kept(session: Session) -> Sequence[Row[Any]]:
    return session.execute(select(FigureFacts.__table__).order_by(FigureFacts.incident_id)).all()


def test_kept_facts_are_those_derived_anew_after_everything_that_can_happen(session: Session, policy: Policy) -> None:
    seen = []
    for happened in a_long_day(session, policy):
        refresh(session)
        before = kept(session)
        session.execute(text("delete from figure_facts"))
        session.execute(text("insert into figure_changes (incident_id) select incident_id from incidents"))
        refresh(session)
        assert before == kept(session), happened
        seen.append((happened, before))
    same = [one[0] for one, other in zip(seen[1:], seen, strict=False) if one[1] == other[1]]
    assert same == [], "each of it changes a fact, or this test would prove nothing"


def test_facts_are_derived_in_batches_and_only_where_something_changed(
    session: Session, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(session)
    monkeypatch.setattr("bot.figures.queries.facts._AT_ONCE", 2)
    rows = [declared(session, policy, f"batch:{number}") for number in range(3)]
    session.execute(text("delete from figure_changes"))
    for row in rows:
        session.execute(text("insert into figure_changes (incident_id) values (:id)"), {"id": row.incident_id})
    assert (refresh(session, 1), refresh(session, 1)) == (False, True)
    session.execute(text("update incidents set wake_at = now(), commander = 'U0TWO'"))
    timeline.append(session, rows[0].incident_id, Kind.MESSAGE_POSTED, "talk", at=BEGAN, now=BEGAN)
    assert session.scalar(text("select count(*) from figure_changes")) == 0


def test_what_was_over_before_anybody_acknowledged_is_not_acknowledged_in_time(
    session: Session, policy: Policy
) -> None:
    def counted() -> tuple[int, int]:
        return count_responses(session, scope).get(None, (0, 0))

    day = BEGAN + timedelta(days=400)
    scope = Scope(day, day + timedelta(days=1), "UTC")
    late = 400 * 24 * 60
    over = declared(session, policy, "over", late)
    change.resolve(session, over, WHO, policy, BEGAN + minutes(late + 2))
    assert counted() == (0, 0)
    answered = declared(session, policy, "answered", late)
    change.acknowledge(session, answered, WHO, policy, BEGAN + minutes(late + 1))
    assert counted() == (1, 1)
    breached = declared(session, policy, "breached", late)
    sweep(session, policy.escalation, BEGAN + minutes(late + 200))
    change.resolve(session, breached, WHO, policy, BEGAN + minutes(late + 201))
    assert counted() == (2, 1)
