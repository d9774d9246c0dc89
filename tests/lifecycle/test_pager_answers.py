"""Acknowledged at a pager: as by the button in Slack, signed, once, and by nobody who may not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from bot.escalation.flows import plan
from bot.escalation.queries import calls, pings
from bot.escalation.rules.methods import Method
from bot.escalation.tables import PageCallRow
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Standing
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.declare import Declaration, declare
from bot.lifecycle.pages.pagers import LARGEST, Hooks, pager_routes
from bot.pagers.links import sign_answer_link
from bot.pagers.webhook import signature
from bot.severity.rules import Severity
from bot.slack import queries as slack_queries
from bot.web.app import create_web
from tests.fixtures.pager import BASE, KEY, PAGERDUTY, Paging
from tests.support.pager_services import WEBHOOK_SECRET

OLD, NEW = "whsec_old", "whsec_new"
TOKEN = "a-token-of-opsgenies-webhook"
OPSGENIE = Method("opsgenie", key="TOCSIN_PAGER_OPSGENIE")
HOOK = Method("webhook", key="TOCSIN_PAGER_HOOK", token="TOCSIN_PAGER_HOOK_SECRET")
NTFY = Method("ntfy", key="TOCSIN_PAGER_NTFY", token="TOCSIN_PAGER_NTFY_TOKEN")
PUSHOVER = Method("pushover", key="TOCSIN_PAGER_PUSHOVER", token="TOCSIN_PAGER_PUSHOVER_APP")


@pytest.fixture
def row(paging: Paging, request: pytest.FixtureRequest) -> IncidentRow:
    """A P0 whose on-call engineer was paged by PagerDuty, where they are Pat Moreau."""
    paging.with_methods(replace(PAGERDUTY, user="PXPGF42"), OPSGENIE, HOOK, NTFY, PUSHOVER)
    return paged(paging, request.node.name)


def paged(paging: Paging, name: str, security: bool = False) -> IncidentRow:
    wanted = Declaration(f"answers:{name}", "checkout returns 502", Severity.P0, "U0SUPPORT", security=security)
    with paging.context.database.transaction() as session:
        row, _ = declare(session, wanted, paging.context.policy, paging.now)
        for ping in pings.list_of_incident(session, row.incident_id):
            if ping.state == pings.SENDING:
                ping.state, ping.user_ids, ping.sent_at = pings.SENT, ["U0RESPONDER"], paging.now
    paging.page(row)
    paging.run()
    return row


def client(paging: Paging) -> TestClient:
    hooks = Hooks((OLD, NEW), TOKEN, KEY)
    return TestClient(create_web(ready=list, routes=pager_routes(paging.context, hooks)))


def call_of(paging: Paging, row: IncidentRow, service: str) -> PageCallRow:
    return next(call for call in paging.calls(row) if call.method.startswith(service))


def event(key: str, event_id: str, **more: Any) -> dict[str, Any]:
    """As PagerDuty's V3 webhooks have it."""
    agent = {"id": "PXPGF42", "type": "user_reference", "summary": "Pat Moreau", "self": "https://api.pagerduty.com/x"}
    data = {"id": "PT4KHLK", "type": "incident", "number": 1234, "status": "acknowledged", "incident_key": key}
    said = {
        "id": event_id,
        "event_type": "incident.acknowledged",
        "resource_type": "incident",
        "occurred_at": "2026-11-20T12:00:01.000Z",
        "agent": agent,
        "client": None,
        "data": {**data, "title": "checkout", "service": {"id": "PIJ90N7", "type": "service_reference"}},
    }
    return {"event": said | more}


def post(paging: Paging, document: object, secret: str = NEW, header: str | None = None) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signed = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = header if header is not None else f"v1={'0' * 64}, {signed}"
    headers = {b"X-PagerDuty-Signature": given.encode("latin-1")}
    return client(paging).post("/pagers/pagerduty", content=body, headers=headers)


def standing(paging: Paging, row: IncidentRow) -> tuple[str | None, str | None]:
    """Who acknowledged, and who commands."""
    with paging.context.database.transaction() as session:
        found = incidents.get(session, row.incident_id)
        return found.acknowledged_by, found.commander


def test_acknowledged_in_pagerduty_is_acknowledged_and_said_so(paging: Paging, row: IncidentRow) -> None:
    paging.pass_time(minutes=2)
    key = call_of(paging, row, "pagerduty").key
    answer = post(paging, event(key, f"one-{row.ref}"))
    assert (answer.status_code, answer.json()) == (200, {"result": f"{row.ref} is acknowledged."})
    assert standing(paging, row) == ("U0RESPONDER", "U0RESPONDER")
    assert paging.said(row, Kind.ACKNOWLEDGED) == ["Acknowledged by <@U0RESPONDER> in PagerDuty after 2 min."]
    assert ", answered by Pat Moreau" in paging.said(row, Kind.CALLED)[-1]
    paging.run()
    assert paging.pager.of("pagerduty") == [("page", key)], "PagerDuty knows; the others are told"
    assert [act for act, _ in paging.pager.of("opsgenie")] == ["page", "acknowledge"]
    assert [act for act, _ in paging.pager.of("ntfy")] == ["page", "resolve"]


def test_what_is_forged_or_sent_again_changes_nothing(paging: Paging, row: IncidentRow) -> None:
    key = call_of(paging, row, "pagerduty").key
    said = event(key, f"three-{row.ref}")
    assert post(paging, said, "another").status_code == 401
    assert [post(paging, said, header=header).status_code for header in ("", "v1=\xe9,,v2=x")] == [401, 401]
    old = event(key, f"four-{row.ref}", occurred_at="2026-11-18T12:00:00Z")
    assert post(paging, old).status_code == 409
    assert post(paging, event(key, f"five-{row.ref}", occurred_at="yesterday")).status_code == 409
    assert standing(paging, row) == (None, None)
    assert post(paging, said, OLD).status_code == 200, "either secret counts while one is replaced"
    with paging.context.database.transaction() as session:
        again = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, again, "U0RESPONDER", paging.context.policy, paging.now)
        change.reopen(session, again, "U0SUPPORT", paging.context.policy, paging.now)
    assert post(paging, said).status_code == 409
    fresh = post(paging, event(key, f"six-{row.ref}"))
    assert fresh.json() == {"result": f"{row.ref} no longer needs to be acknowledged."}, "of an earlier opening"
    assert standing(paging, row)[0] is None


def test_nonsense_is_refused_or_left_alone(paging: Paging, row: IncidentRow) -> None:
    for body in (b"", b"[]", b"{", b'{"event": 3}', b"\xff\xfe", b"[" * 100_000):
        assert post(paging, body).status_code in (200, 400), body[:20]
    assert post(paging, b"x" * (LARGEST + 1)).status_code == 413
    assert standing(paging, row) == (None, None)


def test_events_that_are_no_person_s_answer_to_a_page_do_nothing(paging: Paging, row: IncidentRow) -> None:
    key = call_of(paging, row, "pagerduty").key
    others: list[dict[str, Any]] = [
        {"event_type": "incident.triggered"},
        {"agent": {"id": "P1", "type": "inbound_integration_reference", "summary": "Tocsin"}},
        {"agent": None},
        {"data": {"incident_key": "unknown-key"}},
        {"data": {"incident_key": None}},
    ]
    for number, more in enumerate(others):
        answer = post(paging, event(key, f"seven-{number}-{row.ref}", **more))
        assert answer.status_code == 200 and answer.json()["result"].startswith("Nothing to do"), more
    assert standing(paging, row) == (None, None)


def test_somebody_unknown_stops_that_rung_and_is_named_as_they_are_named_there(
    paging: Paging, row: IncidentRow
) -> None:
    stranger = {"id": "P0OTHER", "type": "user_reference", "summary": "Kim <!channel> Ode"}
    answer = post(paging, event(call_of(paging, row, "pagerduty").key, f"eight-{row.ref}", agent=stranger))
    assert "isn't paged again" in answer.json()["result"]
    assert standing(paging, row) == (None, None), "the incident still waits"
    said, policy = paging.said(row, Kind.CALLED)[-1], paging.context.policy.escalation
    assert said.startswith("Acknowledged by Kim &lt;!channel&gt; Ode in PagerDuty, who isn't known to Tocsin: the on-")
    paging.pass_time(minutes=6)
    with paging.context.database.transaction() as session:
        plan.replan(session, incidents.get_for_change(session, row.incident_id), policy, paging.now)
        held = pings.list_of_incident(session, row.incident_id)
        repeats = [ping for ping in held if (ping.kind, ping.role) == ("repeat", "on-call engineer")]
        assert repeats and {ping.state for ping in repeats} == {"cancelled"}
        others = [ping for ping in held if ping.role != "on-call engineer"]
        assert "planned" in {ping.state for ping in others}, "the other rungs and the secondary go on"
    paging.run()
    assert [act for act, _ in paging.pager.of("opsgenie")] == ["page", "acknowledge"], "their other pagers are quiet"
    with paging.context.database.transaction() as session:
        waiting = pings.list_unanswered_pages(session, "U0RESPONDER", 50)
        assert row.incident_id in {found.incident_id for _, found in waiting}, "whom it was for can still answer"
        found = incidents.get_for_change(session, row.incident_id)
        change.acknowledge(session, found, "U0RESPONDER", paging.context.policy, paging.now)
        assert pings.list_of_incident(session, row.incident_id)[0].acknowledged_by == "U0RESPONDER"


def test_whoever_may_not_acknowledge_in_slack_may_not_there(paging: Paging, row: IncidentRow) -> None:
    paging.context = replace(paging.context, standing_of=lambda user_id: Standing.DEACTIVATED)
    post(paging, event(call_of(paging, row, "pagerduty").key, f"nine-{row.ref}"))
    assert standing(paging, row) == (None, None)


def test_people_are_known_by_their_name_in_slack_where_it_is_theirs_alone(paging: Paging, row: IncidentRow) -> None:
    with paging.context.database.transaction() as session:
        slack_queries.record_name(session, "U0SECONDARY", "Ash Lindqvist", paging.now)
        slack_queries.record_name(session, "U0VP", "Twin", paging.now)
        slack_queries.record_name(session, "U0MANAGER", "Twin", paging.now)
    key = call_of(paging, row, "pagerduty").key
    twin = {"id": "P7", "type": "user_reference", "summary": "Twin"}
    post(paging, event(key, f"ten-{row.ref}", agent=twin))
    assert standing(paging, row)[0] is None
    ash = {"id": "P8", "type": "user_reference", "summary": "ash lindqvist"}
    post(paging, event(key, f"eleven-{row.ref}", agent=ash))
    assert standing(paging, row)[0] == "U0SECONDARY"


def test_whom_the_matrix_called_about_a_security_incident_may_answer_the_call(paging: Paging, row: IncidentRow) -> None:
    secret = paged(paging, f"secret-{row.ref}", security=True)
    with paging.context.database.transaction() as session:
        for ping in pings.list_of_incident(session, secret.incident_id):
            ping.user_ids = []  # Slack was away
    post(paging, event(call_of(paging, secret, "pagerduty").key, f"twelve-{row.ref}"))
    assert standing(paging, secret)[0] == "U0RESPONDER"


def opsgenie(key: str, **more: Any) -> bytes:
    """As Opsgenie's outgoing webhook has it."""
    alert: dict[str, Any] = {"alertId": "44f717bf", "message": "checkout", "tags": [], "tinyId": "24", "alias": key}
    alert |= {"username": "platform-oncall@example.com", "userId": "daed1180", "entity": "", "createdAt": 1795176000}
    said = {"action": "Acknowledge", "source": {"name": "web", "type": "web"}, "alert": alert, "integrationId": "37c8"}
    return json.dumps(said | more).encode()


def test_acknowledged_in_opsgenie(paging: Paging, row: IncidentRow) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"tocsin:{TOKEN}".encode()).decode()}
    body, web = opsgenie(call_of(paging, row, "opsgenie").key), client(paging)
    wrong = {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, {"X-Tocsin-Token": "x"}
    for given in (b"Basic \xe9", b"Basic \xff/=="):
        headed = [(b"Authorization", given)]
        assert web.post("/pagers/opsgenie", content=body, headers=headed).status_code == 401
    for headers in ({}, *wrong):
        assert web.post("/pagers/opsgenie", content=body, headers=headers).status_code == 401
    ours = opsgenie(call_of(paging, row, "opsgenie").key, source={"name": "tocsin", "type": "API"})
    right = {"Authorization": f"Bearer {TOKEN}"}
    for headers in (basic, {"X-Tocsin-Token": TOKEN}, right):
        answer = web.post("/pagers/opsgenie", content=ours, headers=headers)
        assert answer.status_code == 200 and answer.json()["result"].startswith("Nothing to do")
    assert standing(paging, row)[0] is None
    assert web.post("/pagers/opsgenie", content=body, headers=right).status_code == 200
    assert paging.said(row, Kind.ACKNOWLEDGED)[0].startswith("Acknowledged by <@U0RESPONDER> in Opsgenie after")
    assert web.post("/pagers/opsgenie", content=body, headers=right).status_code == 409


def path(link: str) -> str:
    return link.removeprefix(BASE)


def test_the_button_of_ntfy_works_once(paging: Paging, row: IncidentRow) -> None:
    (page,) = [taken for taken in paging.pager.taken if taken.service == "ntfy"]
    (button,) = [action for action in page.document["actions"] if action["action"] == "http"]
    assert button["method"] == "POST" and button["url"].startswith(BASE)
    web = client(paging)
    assert web.get(path(button["url"])).status_code == 405, "a scanner that follows links acknowledges nothing"
    assert web.post(path(button["url"])[:-2]).status_code == 401
    assert standing(paging, row)[0] is None
    assert web.post(path(button["url"])).status_code == 200
    assert paging.said(row, Kind.ACKNOWLEDGED)[0].startswith("Acknowledged by <@U0RESPONDER> in ntfy after")
    assert web.post(path(button["url"])).status_code == 409


def test_pushover_calls_back(paging: Paging, row: IncidentRow) -> None:
    (page,) = [taken for taken in paging.pager.taken if taken.service == "pushover"]
    fields = {"receipt": "r" * 30, "acknowledged": "1", "acknowledged_by": "u" * 30}
    assert client(paging).post(path(page.document["callback"]), data=fields).status_code == 200
    assert "in Pushover" in paging.said(row, Kind.ACKNOWLEDGED)[0]


def test_a_webhook_s_receiver_signs_its_answer(paging: Paging, row: IncidentRow) -> None:
    (page,) = [taken for taken in paging.pager.taken if taken.service == "webhook"]
    link, web, body = path(page.document["acknowledge"]), client(paging), b'{"event": "acknowledged"}'
    now = int(paging.now.timestamp())

    def answer(stamp: int, secret: str) -> int:
        signed = signature(secret, str(stamp), body)
        headers = {"X-Tocsin-Timestamp": str(stamp), "X-Tocsin-Signature": signed}
        return web.post(link, content=body, headers=headers).status_code

    assert web.post(link, content=body).status_code == 401
    assert answer(now, "another") == 401 and answer(now - 301, WEBHOOK_SECRET) == 401
    assert standing(paging, row)[0] is None
    assert answer(now, WEBHOOK_SECRET) == 200 and answer(now, WEBHOOK_SECRET) == 409
    assert "in the webhook" in paging.said(row, Kind.ACKNOWLEDGED)[0]


def test_a_link_for_a_page_that_is_not_there_says_so(paging: Paging, row: IncidentRow) -> None:
    web = client(paging)
    assert web.post(path(sign_answer_link(BASE, KEY, "INC-2026-9999-1-abc"))).status_code == 404
    assert web.post(path(sign_answer_link(BASE, "another-key", call_of(paging, row, "ntfy").key))).status_code == 401
    assert web.post("/pagers/answer").status_code == 401


def test_without_secrets_every_way_in_is_closed(paging: Paging, row: IncidentRow) -> None:
    web = TestClient(create_web(ready=list, routes=pager_routes(paging.context, Hooks())))
    for where in ("/pagers/pagerduty", "/pagers/opsgenie", "/pagers/answer"):
        assert web.post(where, content=b"{}").status_code == 404


def test_acknowledged_there_while_the_answer_to_us_was_lost_is_no_page_to_send_again(
    paging: Paging, row: IncidentRow
) -> None:
    call = call_of(paging, row, "pagerduty")
    with paging.context.database.transaction() as session:
        held = calls.get_for_change(session, call.call_id)
        held.state, held.todo, held.outside, held.sent_at = calls.PLANNED, calls.PAGE, None, None
        held.due_at = paging.now + timedelta(seconds=4)
    post(paging, event(call.key, f"thirteen-{row.ref}"))
    paging.pass_time(seconds=10)
    paging.run()
    assert [act for act, _ in paging.pager.of("pagerduty")] == ["page"]
    assert call_of(paging, row, "pagerduty").state == "sent"
