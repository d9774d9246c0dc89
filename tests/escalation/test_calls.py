"""Pages outside Slack: in order and after their delay, once, ended where they were opened, and never lost silently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.escalation.flows import calls as flow
from bot.escalation.flows import plan
from bot.escalation.jobs import calls as jobs
from bot.escalation.listeners import SUBCOMMANDS
from bot.escalation.queries import calls, pings
from bot.escalation.rules.matrix import DrillPagers, Role
from bot.escalation.rules.methods import Method
from bot.incidents.commands import CommandContext
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Entry, Kind, folded
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change, end
from bot.lifecycle.flows.declare import Declaration, declare
from bot.severity.rules import Severity
from bot.slack.poster import Poster
from tests.fixtures.pager import NTFY, PAGERDUTY, Paging
from tests.support.pager_services import LOST
from tests.support.queue import queued

Changing = Callable[[Session, IncidentRow], object]
EVERY_SERVICE = (
    Method("opsgenie", key="TOCSIN_PAGER_OPSGENIE"),
    Method("pushover", key="TOCSIN_PAGER_PUSHOVER", token="TOCSIN_PAGER_PUSHOVER_APP"),
    Method("grafana", key="TOCSIN_PAGER_GRAFANA"),
    Method("webhook", key="TOCSIN_PAGER_HOOK", token="TOCSIN_PAGER_HOOK_SECRET"),
    PAGERDUTY,
    replace(NTFY, after=timedelta()),
)


@pytest.fixture
def row(paging: Paging, request: pytest.FixtureRequest) -> IncidentRow:
    return declared(paging, request.node.name)


def declared(paging: Paging, name: str, **more: bool) -> IncidentRow:
    wanted = Declaration(f"calls:{name}", "checkout returns 502", Severity.P0, "U0SUPPORT", **more)  # type: ignore[arg-type]  # a flag by name
    with paging.context.database.transaction() as session:
        return declare(session, wanted, paging.context.policy, paging.now)[0]


def changed(paging: Paging, row: IncidentRow, change_it: Changing) -> None:
    with paging.context.database.transaction() as session:
        change_it(session, incidents.get_for_change(session, row.incident_id))


def acknowledged(paging: Paging, row: IncidentRow, by: str = "U0RESPONDER") -> None:
    changed(paging, row, lambda session, it: change.acknowledge(session, it, by, paging.context.policy, paging.now))


def resolved(paging: Paging, row: IncidentRow) -> None:
    policy = paging.context.policy
    changed(paging, row, lambda session, it: change.resolve(session, it, "U0RESPONDER", policy, paging.now))


def troubles(paging: Paging, row: IncidentRow) -> list[str]:
    """What people were told of calls that did not get through."""
    return [text for text in paging.said(row, Kind.CALLED) if not text.startswith("Paged ")]


def test_the_first_method_goes_at_once_and_the_second_after_its_delay(paging: Paging, row: IncidentRow) -> None:
    paging.page(row)
    paging.page(row)
    paging.run()
    assert [each.service for each in paging.pager.taken] == ["pagerduty"]
    paging.pass_time(seconds=119)
    paging.run()
    assert len(paging.pager.taken) == 1
    paging.pass_time(seconds=1)
    paging.run()
    assert [each.service for each in paging.pager.taken] == ["pagerduty", "ntfy"]
    assert [call.state for call in paging.calls(row)] == ["sent", "sent"]


def test_acknowledged_meanwhile_the_second_is_not_sent_and_the_first_is_acknowledged_there(
    paging: Paging, row: IncidentRow
) -> None:
    paging.page(row)
    paging.run()
    acknowledged(paging, row)
    paging.pass_time(minutes=5)
    paging.run()
    (key,) = {key for _, key in paging.pager.of("pagerduty")}
    assert paging.pager.of("pagerduty") == [("page", key), ("acknowledge", key)]
    assert paging.pager.of("ntfy") == []
    assert [(call.state, call.reason) for call in paging.calls(row)] == [
        ("sent", None),
        ("cancelled", "acknowledged before it was due"),
    ]
    resolved(paging, row)
    paging.run()
    assert paging.pager.of("pagerduty")[-1] == ("resolve", key)


def test_every_service_is_told_the_end_of_what_was_opened_there(paging: Paging, row: IncidentRow) -> None:
    paging.with_methods(*EVERY_SERVICE)
    paging.page(row)
    paging.run()
    assert {each.service for each in paging.pager.taken} == {method.service for method in EVERY_SERVICE}
    resolved(paging, row)
    paging.run()
    assert not any(paging.pager.open_keys(method.service) for method in EVERY_SERVICE)
    assert {call.outside for call in paging.calls(row)} == {"resolved"}


def test_what_was_acknowledged_while_it_was_sent_is_acknowledged_after_it(paging: Paging, row: IncidentRow) -> None:
    paging.page(row)
    pagers = paging.context.pagers
    assert pagers is not None
    send = pagers.send

    def slow(request: object) -> object:
        answer = send(request)  # type: ignore[arg-type]  # handed through
        if len(paging.pager.taken) == 1:
            acknowledged(paging, row)
        return answer

    paging.context = replace(paging.context, pagers=replace(pagers, send=slow))  # type: ignore[arg-type]  # handed through
    paging.run()
    assert [act for act, _ in paging.pager.of("pagerduty")] == ["page", "acknowledge"]


def test_a_refusal_is_told_with_what_to_do_and_the_next_method_goes_now(paging: Paging, row: IncidentRow) -> None:
    paging.secrets["TOCSIN_PAGER_PAGERDUTY"] = "too-short"
    paging.page(row)
    paging.run()
    assert [each.service for each in paging.pager.taken] == ["ntfy"], "two minutes early"
    (said,) = troubles(paging, row)
    assert "Could not page <@U0RESPONDER> by PagerDuty" in said and "routing_key" in said and "docs/paging.md" in said
    assert "Trying ntfy now." in said and "too-short" not in said
    with paging.context.database.transaction() as session:
        told = timeline.list_rows(session, row.incident_id, (Kind.CALLED,))
        (entry,) = [each for each in told if each.text == said]
        assert queued(session, "slack.say", entry_id=entry.entry_id), "the channel hears of it"


def test_a_secret_that_is_not_set_is_named(paging: Paging, row: IncidentRow) -> None:
    del paging.secrets["TOCSIN_PAGER_PAGERDUTY"]
    paging.page(row)
    paging.run()
    assert "TOCSIN_PAGER_PAGERDUTY is not set" in troubles(paging, row)[0]


def test_a_service_that_is_away_is_tried_again_later_each_time_and_people_hear_of_it_once(
    paging: Paging, row: IncidentRow
) -> None:
    paging.pager.faults += [(503, "")] * 3
    paging.page(row)
    waited = []
    for _ in range(4):
        paging.run()
        call = paging.calls(row)[0]
        waited.append((call.due_at - paging.now).total_seconds())
        paging.at[0] = max(paging.now, call.due_at)
    assert waited[:3] == [2, 4, 8] and paging.calls(row)[0].state == "sent"
    assert [act for act, _ in paging.pager.of("pagerduty")] == ["page"]
    (said,) = troubles(paging, row)
    assert "hasn't accepted the page for <@U0RESPONDER> in 3 tries" in said and "Trying ntfy meanwhile." in said
    assert len(paging.pager.of("ntfy")) == 1


def test_retry_after_is_kept_to(paging: Paging, row: IncidentRow) -> None:
    paging.pager.faults.append((429, "45"))
    paging.page(row)
    paging.run()
    assert (paging.calls(row)[0].due_at - paging.now).total_seconds() == 45


def test_a_page_whose_answer_was_lost_is_sent_again_with_its_key_and_is_one_page_there(
    paging: Paging, row: IncidentRow
) -> None:
    paging.pager.faults.append((LOST, ""))
    paging.page(row)
    paging.run()
    assert paging.calls(row)[0].reason == "the connection broke off"
    paging.pass_time(seconds=2)
    paging.run()
    (one, other) = paging.pager.of("pagerduty")
    assert one == other and paging.pager.open_keys("pagerduty") == {one[1]}
    assert paging.calls(row)[0].state == "sent"


def test_the_ladder_shows_who_is_rung_next_and_how(paging: Paging, row: IncidentRow) -> None:
    def ladder() -> str:
        command = CommandContext(
            paging.context, paging.now, "escalation", row.ref, "", "U0RESPONDER", "r", "C0X", "1.2"
        )
        (shown,) = [each for each in SUBCOMMANDS if each.word == "escalation"]
        assert shown.answer is not None
        with paging.context.database.transaction() as session:
            return str(shown.answer(session, command))

    paging.page(row)
    paging.run()
    assert "on-call engineer (PagerDuty): <@U0RESPONDER>" in ladder()
    assert "rings <@U0RESPONDER> by ntfy, unless acknowledged" in ladder()
    acknowledged(paging, row)
    assert "by ntfy" not in ladder()


def test_after_an_hour_without_answer_it_is_given_up_aloud(paging: Paging, row: IncidentRow) -> None:
    paging.with_methods(PAGERDUTY)
    paging.pager.faults += [(503, "")] * 3
    paging.page(row)
    for _ in range(3):
        paging.run()
        paging.pass_time(minutes=30)
    call = paging.calls(row)[0]
    assert call.state == "failed" and "no answer for an hour" in (call.reason or "")
    assert "No other method is left for this page." in troubles(paging, row)[-1]


def test_a_job_that_died_is_done_again_and_pages_once(paging: Paging, row: IncidentRow) -> None:
    paging.page(row)
    with paging.context.database.transaction() as session:
        held = calls.list_of_incident(session, row.incident_id)[0]
        assert held.claimed_at == paging.now
        assert flow.wake(session, paging.now + timedelta(minutes=4)) == 1, "ntfy alone: a job is about the other"
        assert flow.wake(session, paging.now + timedelta(minutes=6)) == 1
    poster = Poster(paging.context.database, paging.slack, paging.context.now)
    for _ in range(2):
        jobs.call(paging.context, paging.slack, poster, call_id=held.call_id)
    assert [act for act, _ in paging.pager.of("pagerduty")] == ["page"]


def test_the_timeline_has_one_line_a_person_with_every_way(paging: Paging, row: IncidentRow) -> None:
    paging.secrets["TOCSIN_PAGER_PAGERDUTY"] = "too-short"
    paging.page(row)
    paging.run()
    with paging.context.database.transaction() as session:
        rows = timeline.list_rows(session, row.incident_id, (Kind.CALLED,))
        assert not timeline.list_rows(session, row.incident_id, (Kind.PING_FAILED,)), "the page itself was sent"
        entries = [Entry(e.entry_id, Kind(e.kind), e.at, None, e.text, False, None) for e in rows]
    assert len(entries) == 3
    entries = [entry for entry in entries if "Could not" not in entry.text]
    ((shown, times),) = folded(entries)
    assert times == 1 and shown.text.startswith("Paged <@U0RESPONDER> outside Slack: PagerDuty failed, ntfy <!date^")


def test_a_repeat_goes_to_services_alone_that_do_not_go_on_by_themselves(paging: Paging, row: IncidentRow) -> None:
    paging.page(row)
    paging.pass_time(minutes=5)
    paging.run()
    paging.pass_time(minutes=5)  # Slack took nothing of it: what was pushed to the phone just now is the first page
    changed(paging, row, lambda session, it: plan.replan(session, it, paging.context.policy.escalation, paging.now))
    with paging.context.database.transaction() as session:
        assert "repeat" in [p.kind for p in pings.list_of_incident(session, row.incident_id) if p.state == "sending"]
    paging.page(row, kind="repeat")
    paging.run()
    assert len(paging.pager.of("pagerduty")) == 1
    assert len({key for _, key in paging.pager.of("ntfy")}) == 2


def test_a_higher_rung_is_called_at_once_though_somebody_acknowledged_but_not_after_a_delay(
    paging: Paging, row: IncidentRow
) -> None:
    paging.with_methods(PAGERDUTY, NTFY, person="team lead")
    acknowledged(paging, row)
    paging.pass_time(minutes=30)
    changed(paging, row, lambda session, it: plan.replan(session, it, paging.context.policy.escalation, paging.now))
    paging.page(row, Role.TEAM_LEAD)
    paging.pass_time(minutes=3)
    paging.run()
    assert [each.service for each in paging.pager.taken] == ["pagerduty"]


def test_a_method_serves_the_roles_that_it_names(paging: Paging, row: IncidentRow) -> None:
    paging.with_methods(replace(PAGERDUTY, roles=(Role.SECONDARY,)), replace(NTFY, after=timedelta()))
    paging.page(row)
    paging.run()
    assert [each.service for each in paging.pager.taken] == ["ntfy"]


def test_a_page_whose_own_job_hangs_is_called_by_the_sweep(paging: Paging, row: IncidentRow) -> None:
    with paging.context.database.transaction() as session:
        assert jobs.plan_unattended(session, paging.context, paging.now) == 0
        assert jobs.plan_unattended(session, paging.context, paging.now + timedelta(seconds=2)) >= 1
        assert jobs.plan_unattended(session, paging.context, paging.now + timedelta(seconds=3)) == 0
    paging.run()
    assert [each.service for each in paging.pager.taken if each.key == paging.calls(row)[0].key] == ["pagerduty"]


def test_a_security_incident_goes_out_without_a_word(paging: Paging) -> None:
    paging.with_methods(*EVERY_SERVICE)
    row = declared(paging, "security", security=True)
    paging.page(row)
    paging.run()
    assert len(paging.pager.taken) == len(EVERY_SERVICE)
    for taken in paging.pager.taken:
        assert "checkout" not in str(taken.document) and f"{row.ref} needs you; open Slack" in str(taken.document)


def test_jobs_hold_no_secret_and_no_word(paging: Paging, row: IncidentRow) -> None:
    paging.page(row)
    with paging.context.database.transaction() as session:
        waiting = queued(session, "pager.call")
        assert waiting and all(set(job.arguments) == {"call_id"} for job in waiting)


def test_mail_among_the_methods_waits_for_its_turn(paging: Paging, row: IncidentRow) -> None:
    mails: list[str] = []
    paging.context = replace(paging.context, send_mail=lambda address, subject, text: mails.append(address))
    paging.with_methods(Method("mail", timedelta(minutes=5)))
    paging.page(row)
    paging.run()
    assert mails == []
    paging.pass_time(minutes=5)
    paging.run()
    assert mails == ["platform-oncall@example.com"]
    assert [call.outside for call in paging.calls(row)] == [None]


@pytest.mark.parametrize(("rings", "severities"), [("low", ["info"]), ("same", ["critical"]), ("off", [])])
def test_a_drill_rings_as_the_policy_says(
    paging: Paging, request: pytest.FixtureRequest, rings: str, severities: list[str]
) -> None:
    escalation = replace(paging.context.policy.escalation, drill_pagers=DrillPagers(rings))
    paging.context = replace(paging.context, policy=replace(paging.context.policy, escalation=escalation))
    row = declared(paging, request.node.name, drill=True)
    paging.page(row)
    paging.run()
    assert [each.document["payload"]["severity"] for each in paging.pager.taken] == severities
    changed(paging, row, lambda session, it: end.false_alarm(session, it, "U0LEAD", paging.context.policy, paging.now))
