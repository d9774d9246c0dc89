"""Alarms over HTTP: who may deliver, what is refused with one sentence, and that nothing is lost or taken twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.alarms.pages import AGAIN_AFTER, alarm_routes
from bot.alarms.policy.file import AlarmsPolicy
from bot.alarms.rules.reading import LARGEST
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmThreadRow
from bot.errors import InvalidSettings
from bot.settings import read_tokens
from bot.store.engine import Database
from bot.web.app import create_web
from tests.alarms.test_reading import ALERTMANAGER, GRAFANA
from tests.fixtures.web import Site

TOKEN = "a token of enough characters"
POLICY = {
    "webhooks": {
        "alertmanager": {"token": "TOCSIN_ALERTMANAGER_TOKEN"},
        "grafana": {"token": "TOCSIN_GRAFANA_TOKEN"},
        "uptime": {"token": "TOCSIN_UPTIME_TOKEN", "map": {"name": "check.name", "state": "check.status", "ok": "up"}},
    }
}


class Door:
    """The endpoints, and who sends to them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        policy = replace(site.policy, alarms=AlarmsPolicy.model_validate(POLICY))
        tokens = {"alertmanager": TOKEN, "grafana": TOKEN, "uptime": ""}
        self.tokens = tokens
        context = replace(site.context, policy=policy, now=lambda: site.context.now())
        self.browser = TestClient(create_web(ready=list, routes=alarm_routes(context, tokens)))

    def send(self, name: str, body: Any, token: str = TOKEN, **more: str) -> Response:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.browser.post(
            f"/alarms/{name}", content=content, headers={"Authorization": f"Bearer {token}", **more}
        )

    def kept(self) -> list[AlarmRow]:
        with self.site.database.transaction() as session:
            session.expire_on_commit = False
            return list(session.scalars(select(AlarmRow).order_by(AlarmRow.name)))


@pytest.fixture
def door(site: Site) -> Iterator[Door]:
    with site.database.transaction() as session:
        for table in (AlarmThreadRow, AlarmRow, AlarmDeliveryRow):
            session.query(table).delete()
    yield Door(site)


def test_alertmanager_delivers_and_the_same_delivery_changes_nothing(door: Door) -> None:
    first = door.send("alertmanager", ALERTMANAGER)
    assert (first.status_code, first.json()) == (
        200,
        {"fresh": True, "new": 1, "again": 0, "recovered": 0, "ignored": 0},
    )
    assert [(one.name, one.state) for one in door.kept()] == [("DiskFull", "ok"), ("HighErrors", "firing")]
    again = door.send("alertmanager", ALERTMANAGER)
    assert (again.status_code, again.json()) == (200, {"fresh": False})
    door.site.at += AGAIN_AFTER * 2
    assert door.send("alertmanager", ALERTMANAGER).json()["again"] == 1, "a reminder, as Alertmanager repeats it"


def test_grafana_and_a_mapped_sender_deliver_too(door: Door) -> None:
    assert door.send("grafana", GRAFANA).json()["fresh"]
    door.tokens["uptime"] = TOKEN
    assert door.send("webhook/uptime", {"check": {"name": "home", "status": "down"}}).json()["new"] == 1
    assert door.send("webhook/uptime", {"check": {"name": "home", "status": "UP"}}).json()["recovered"] == 1


def test_a_group_without_alerts_is_accepted(door: Door) -> None:
    assert door.send("alertmanager", ALERTMANAGER | {"alerts": []}).json() == {
        "fresh": True, "new": 0, "again": 0, "recovered": 0, "ignored": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer ÿ{TOKEN}", TOKEN]
)
def test_without_the_token_nothing_is_read(door: Door, header: str) -> None:
    raw = [(b"Authorization", header.encode("latin-1"))]
    refused = door.browser.post("/alarms/alertmanager", content=b"{", headers=raw)
    assert (refused.status_code, refused.json()) == (401, {"error": "The bearer token is missing or wrong."})
    assert door.send("webhook/uptime", {}, token="").status_code == 401, "a token that is not set lets nobody in"
    assert door.kept() == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "This is not JSON: Expecting value in line 1, column 1."),
        (b"{", "This is not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "lists too deep"),
        (b'{"alerts": [' + b"9" * 5000 + b"]}", "number too long"),
        (b"null", "no list `alerts`"),
        (b"[]", "no list `alerts`"),
        (b'"x"', "no list `alerts`"),
        (b'{"alerts": {}}', "no list `alerts`"),
        (b'{"alerts": null}', "no list `alerts`"),
    ],
)
def test_what_is_no_delivery_is_refused_with_one_sentence(door: Door, body: bytes, sentence: str) -> None:
    refused = door.send("alertmanager", body)
    assert refused.status_code == 400
    assert sentence in refused.json()["error"] and refused.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "alert",
    [
        {"labels": None, "annotations": None, "startsAt": None, "status": None},
        {
            "labels": {"alertname": None, "a": [1], "": "x"},
            "annotations": {"summary": {"deep": 1}, "description": None},
        },
        {"labels": {"alertname": "x\u0000y\ud800"}, "startsAt": "9999-12-31T23:59:59Z", "status": 3, "generatorURL": 7},
        {"labels": {"alertname": "n" * 5000}, "startsAt": "0001-01-01T00:00:00Z", "fingerprint": "f" * 3000},
        {},
        None,
        7,
    ],
)
def test_whatever_types_stand_in_an_alert_it_is_kept_or_passed_over(door: Door, alert: Any) -> None:
    good = ALERTMANAGER["alerts"][0]
    body = json.dumps(ALERTMANAGER | {"alerts": [alert, good]})
    assert door.send("alertmanager", body).status_code == 200
    assert "HighErrors" in [one.name for one in door.kept()]


def test_too_much_and_unknown_names_and_methods_are_refused(door: Door) -> None:
    large = door.send("alertmanager", b" " * (LARGEST + 1))
    assert (large.status_code, large.json()["error"][:40]) == (413, "The delivery is larger than 256 kB. Send")
    assert door.send("alertmanager", b" " * (LARGEST - 2) + b"{}").status_code == 400, "256 kB are read"
    unknown = door.send("webhook/nope", {})
    assert (unknown.status_code, unknown.json()["error"]) == (404, "There is no webhook nope in alarms.yaml.")
    assert door.send("webhook/alertmanager", {}).status_code == 404, "it has an address of its own"
    asked = door.browser.get("/alarms/alertmanager")
    assert (asked.status_code, asked.headers["allow"]) == (405, "POST")


def test_json_that_the_mapping_does_not_fit_names_the_place(door: Door) -> None:
    door.tokens["uptime"] = TOKEN
    refused = door.send("webhook/uptime", {"check": "home"})
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "There is no text at `check.name`, where alarms.yaml looks for the name.",
    )


def test_while_the_database_is_away_the_sender_is_asked_to_send_it_again(site: Site) -> None:
    nowhere = Database("postgresql://tocsin@127.0.0.1:1/none")
    try:
        refused = Door(replace(site, database=nowhere)).send("alertmanager", ALERTMANAGER)
    finally:
        nowhere.close()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["error"] == "The database is not responding. Send it again in a few seconds."


def test_tokens_are_read_by_the_names_of_variables_and_short_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_A_TOKEN", f" {TOKEN}\n")
    assert read_tokens({"a": "TOCSIN_A_TOKEN", "b": "TOCSIN_B_TOKEN"}) == {"a": TOKEN, "b": ""}
    monkeypatch.setenv("TOCSIN_A_TOKEN", "secret")
    with pytest.raises(InvalidSettings, match="TOCSIN_A_TOKEN has fewer than 16 characters") as refused:
        read_tokens({"a": "TOCSIN_A_TOKEN"})
    assert "secret" not in str(refused.value)
