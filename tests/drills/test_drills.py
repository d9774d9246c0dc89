"""A drill is marked wherever it is read, and left out of everything that is counted, learnt or shown outside."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.escalation.flows.pages import facts_of
from bot.escalation.messages import pages
from bot.escalation.queries import pings
from bot.escalation.rules.ping_facts import PingFacts
from bot.figures.flows.learning import gather
from bot.figures.queries import people, times
from bot.figures.queries.counts import count_incidents
from bot.figures.queries.scope import Scope
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import REF, channel_name, is_drill, is_private, year_of
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import list_page
from bot.lifecycle.flows import change, end, privacy
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.lifecycle.messages.card import card, mirror, topic
from bot.memory import queries as knowledge
from bot.pagers.requests import PageFacts
from bot.playbooks.flows import saving
from bot.playbooks.queries import ledger
from bot.playbooks.tables import PlaybookRun, PlaybookStep
from bot.severity.rules import Severity
from bot.stakeholders.rules import Notice, as_drill
from bot.status_page import flows as status_page
from bot.text.markup import escape
from bot.wiring.monitoring.state import read_state
from tests.support.rows import NOON, add_ping, minutes

_numbers = itertools.count(1)
ALL = Scope(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "UTC")


def drill(session: Session, policy: Policy, title: str = "basket service is down", **more: object) -> IncidentRow:
    wanted = Declaration(f"drill:{next(_numbers)}", title, Severity.P1, "U0RESPONDER", drill=True)
    return declare(session, replace(wanted, **more), policy, NOON)[0]  # type: ignore[arg-type]


def closed(session: Session, row: IncidentRow, policy: Policy) -> None:
    change.acknowledge(session, row, "U0RESPONDER", policy, NOON + minutes(2))
    change.resolve(session, row, "U0RESPONDER", policy, NOON + minutes(9), resolution="restarted", cause="pool full")
    said = Closing(cause="pool full", resolution="restarted", impact="", false_alarm=False, playbook_helped=True)
    change.close(session, row, "U0RESPONDER", said, policy, NOON + minutes(10))


@pytest.mark.parametrize(
    ("security", "prefix", "name"),
    [
        (False, "DRILL-2026-", "drill-2026-0001-basket-service-is-down"),
        (True, "SEC-DRILL-2026-", "sec-drill-2026-0001"),
    ],
)
def test_its_reference_says_what_it_is_and_is_read_wherever_references_are(
    session: Session, policy: Policy, security: bool, prefix: str, name: str
) -> None:
    row = drill(session, policy, security=security)
    assert row.ref.startswith(prefix)
    assert row.channel_name == channel_name(row.ref, row.title)
    assert channel_name(f"{prefix}0001", row.title) == name
    assert (is_drill(row.ref), is_private(row.ref), year_of(row.ref)) == (True, security, "2026")
    found = REF.search(f"part of {row.ref.lower()}, they say")
    assert found is not None and found[0].upper() == row.ref
    assert not is_drill("INC-2026-0001") and not is_drill("SEC-2026-0001")
    first = timeline.list_entries(session, row.incident_id)[0]
    assert first.text == "DRILL declared as P1 by <@U0RESPONDER>: basket service is down"
    end.false_alarm(session, row, "U0RESPONDER", policy, NOON)


def test_it_stays_a_drill_when_it_is_made_private(session: Session, policy: Policy) -> None:
    row = drill(session, policy)
    former = row.ref
    privacy.make_private(session, row, "U0RESPONDER", policy, NOON)
    assert row.ref.startswith("SEC-DRILL-2026-")
    found = incidents.find_by_ref(session, former)
    assert found is not None and found.incident_id == row.incident_id
    end.false_alarm(session, row, "U0RESPONDER", policy, NOON)


def test_everything_that_is_read_of_it_begins_with_drill(session: Session, policy: Policy) -> None:
    row = drill(session, policy)
    incident = incidents.facts(row)
    shown = card(incident, policy.severity.levels)
    assert shown.text.startswith("DRILL: P1 DRILL-")
    assert "an exercise, nothing is broken" in str(shown.blocks[0])
    assert "DRILL: P1" in str(shown.blocks[1])
    assert mirror(incident).text.startswith("DRILL: P1")
    assert topic(incident).startswith("DRILL: DRILL-")
    ping: PingFacts = facts_of(
        pings.list_of_incident(session, row.incident_id)[0],
        row,
        pings.list_of_incident(session, row.incident_id),
        policy.escalation,
    )
    page = pages.page(ping, NOON)
    assert page.text.startswith("DRILL: P1")
    assert str(page.blocks[0]["text"]["text"]).startswith("*DRILL* · *P1*")
    subject, body = pages.by_mail(ping, NOON, "#room")
    assert subject.startswith("DRILL: P1") and body.startswith("This is a DRILL")
    assert pages.by_text_message(ping, NOON).startswith("DRILL: P1") and len(pages.by_text_message(ping, NOON)) <= 140
    facts = PageFacts("k", row.ref, "P1", row.title, "on-call engineer", "responder", NOON, drill=True)
    assert facts.summary.startswith("DRILL: P1") and "DRILL" in facts.body
    secret = replace(facts, private=True, ref="SEC-DRILL-2026-0001")
    assert secret.summary == "DRILL: SEC-DRILL-2026-0001 needs you; open Slack"
    notice = as_drill(Notice("[P1] basket service is down", (("Impact", "carts"),)))
    assert notice.subject.startswith("DRILL: ") and notice.text.startswith("DRILL: This is an exercise")
    end.false_alarm(session, row, "U0RESPONDER", policy, NOON)


def test_no_figure_counts_it_and_nothing_is_learnt_from_it(session: Session, policy: Policy) -> None:
    def counted() -> tuple[object, ...]:
        session.flush()
        return (
            count_incidents(session, ALL),
            times.between(session, ALL, 5),
            people.load(session, ALL, 60.0, range(5)),
            read_state(session, NOON, minutes(5)).open_incidents,
            ledger.records(session),
            ledger.step_records(session),
            [(one.text, one.label) for one in gather(session, policy.security.rows)],
        )

    before = counted()
    row = drill(session, policy)
    add_ping(session, row, state=pings.SENT, sent_at=NOON, user_ids=["U0RESPONDER"], key="1/page/drilled")
    run = PlaybookRun(
        incident_id=row.incident_id, episode=1, ref="PB-lambda", kind="playbook", document={"title": "x"},
        started_at=NOON, started_by="U0RESPONDER", state="finished", current=1, ended_it=True,
    )  # fmt: skip
    session.add(run)
    session.flush()
    session.add(PlaybookStep(run_id=run.run_id, number=1, title="look", outcome="done", decided_at=NOON))
    assert counted() == before
    closed(session, row, policy)
    assert counted() == before
    assert knowledge.find(session, row.ref) is None


def test_what_is_counted_of_a_real_one_beside_it(session: Session, policy: Policy) -> None:
    """The comparison above can fail."""
    before = count_incidents(session, ALL).declared
    wanted = Declaration(f"real:{next(_numbers)}", "mail is slow", Severity.P1, "U0RESPONDER")
    row, _ = declare(session, wanted, policy, NOON)
    assert count_incidents(session, ALL).declared == before + 1
    assert row.ref in {each.ref for each in incidents.list_open(session, 1000)}
    end.false_alarm(session, row, "U0RESPONDER", policy, NOON)


def test_no_report_is_part_of_it_and_lists_show_it_last(session: Session, policy: Policy) -> None:
    row = drill(session, policy, severity=Severity.P0)
    real, _ = declare(session, Declaration("real:last", "mail is slow", Severity.P3, "U0RESPONDER"), policy, NOON)
    assert row.ref not in {each.ref for each in incidents.list_open(session, 1000)}
    assert row.ref in {each.ref for each in incidents.list_open(session, 1000, drills=True)}
    listed = [each.ref for each in list_page(session, "U0RESPONDER", limit=1000)[0]]
    assert listed.index(real.ref) < listed.index(row.ref)
    with pytest.raises(BadRequest, match="can't be merged"):
        end.merge(session, real.incident_id, row.incident_id, "U0RESPONDER", policy, NOON)
    with pytest.raises(BadRequest, match="can't be merged"):
        end.merge(session, row.incident_id, real.incident_id, "U0RESPONDER", policy, NOON)
    for each in (row, real):
        end.false_alarm(session, each, "U0RESPONDER", policy, NOON)


def test_it_goes_on_no_status_page_and_into_no_playbook(session: Session, policy: Policy) -> None:
    row = drill(session, policy)
    with pytest.raises(BadRequest, match="is a drill"):
        status_page.refuse_hidden(row)
    with pytest.raises(BadRequest, match="is a drill"):
        saving.draft(session, row)
    end.false_alarm(session, row, "U0RESPONDER", policy, NOON)


def test_three_are_open_at_most_and_a_repeated_request_is_none_more(session: Session, policy: Policy) -> None:
    open_before = incidents.list_open_drills(session)
    rows = [drill(session, policy) for _ in range(3 - len(open_before))]
    again, fresh = declare(
        session, Declaration(rows[0].request_key, "x y", Severity.P1, "U0RESPONDER", drill=True), policy, NOON
    )
    assert (again.incident_id, fresh) == (rows[0].incident_id, False)
    with pytest.raises(BadRequest, match=f"3 drills are open: .*{escape(rows[0].ref)}.* Resolve one"):
        drill(session, policy)
    end.false_alarm(session, rows[0], "U0RESPONDER", policy, NOON)
    drill(session, policy)
