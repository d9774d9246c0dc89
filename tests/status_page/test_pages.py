"""The page for everybody: what it shows and what it never shows, caching, the limit, and off."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from bot.context import AppContext, Policy
from bot.diagnostics.policy import DiagnosticsPolicy, PublicComponent, Service
from bot.diagnostics.rules.request import parse
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.severity.rules import Severity
from bot.slack import queries as people
from bot.status_page import flows, jobs, queries
from bot.status_page.flows import Wanted
from bot.status_page.pages import MOST_A_MINUTE, status_routes
from bot.status_page.policy import StatusPagePolicy
from bot.status_page.rules.published import Condition, State
from bot.status_page.tables import StatusPost
from bot.store.engine import Database
from bot.web.app import create_web
from tests.support.rows import NOON, minutes

_numbers = itertools.count(1)
SERVICES = {
    "orders-backend": Service(
        "orders-backend", (parse("lambda orders-api"),), "payments team", (), PublicComponent("Checkout", "Shop", 2)
    ),
    "pay-backend": Service("pay-backend", (), None, (), PublicComponent("Payments", "Shop", 1, "Cards and invoices")),
    "web": Service("web", (), None, (), PublicComponent("Website")),
    "ledger-internal": Service("ledger-internal", (parse("rds ledger-db"),)),
}
PATHS = ["/status", "/status.json", "/status/history.rss"]
PATHS += [f"/api/v2/{name}.json" for name in ("summary", "status", "components", "incidents", "incidents/unresolved")]
PATHS += ["/api/v2/scheduled-maintenances.json"]


@pytest.fixture
def site(database: Database, policy: Policy) -> Iterator[AppContext]:
    """A context with three public services and one that is not, and nothing published of the test before."""
    policy = replace(
        policy, diagnostics=DiagnosticsPolicy(services=SERVICES), status_page=StatusPagePolicy("Example status")
    )
    unused: Any = None
    context = AppContext(
        database=database, now=lambda: NOON, seconds_until=lambda at: 0.0, policy=policy, judge=unused, memory=unused,
        announcement_channel=lambda: None, review_link=unused, personal_link=unused, roster_facts=unused,
        status_address="https://status.example.com",
    )  # fmt: skip
    yield context
    with database.transaction() as session:
        for row in session.query(StatusPost).filter_by(withdrawn_at=None):
            row.withdrawn_at = NOON


def declared(context: AppContext, title: str) -> IncidentRow:
    with context.database.transaction() as session:
        people.record_name(session, "U0RESPONDER", "ann-example", NOON)
        row, _ = declare(
            session, Declaration(f"page:{next(_numbers)}", title, Severity.P1, "U0RESPONDER"), context.policy, NOON
        )
        row.channel_id = f"C0123456{next(_numbers):02d}"
    return row


def published(context: AppContext, row: IncidentRow, before: timedelta = timedelta(minutes=30)) -> None:
    """An incident with two updates and a correction, one that is over, and a maintenance."""
    bad = {"orders-backend": Condition.PARTIAL}
    wanted = Wanted("Checkout fails for some", State.INVESTIGATING, "We are <b>looking</b> into it.", bad)
    with context.database.transaction() as session:
        row = session.get_one(IncidentRow, row.incident_id)
        over = replace(wanted, title="Search was slow", text="It is over.", state=State.RESOLVED)
        flows.publish(session, row, over, "U0RESPONDER", NOON - timedelta(days=3), f"page:{next(_numbers)}")
        flows.publish(session, row, wanted, "U0RESPONDER", NOON - before, f"page:{next(_numbers)}")
        known = replace(wanted, state=State.IDENTIFIED, text="We found the cause.")
        flows.publish(session, row, known, "U0MANAGER", NOON - before / 2, f"page:{next(_numbers)}")
        window = Wanted("Upgrade of the database", State.SCHEDULED, "Short pauses.", {"web": Condition.MAINTENANCE})
        window = replace(window, begins_at=NOON + minutes(60), ends_at=NOON + minutes(120))
        flows.schedule(session, window, "U0VP", NOON - minutes(5), f"page:{next(_numbers)}")


def browser(context: AppContext, fresh_for: float = 0.0) -> TestClient:
    clock = SimpleNamespace(now=0.0)
    client = TestClient(create_web(ready=list, routes=status_routes(context, lambda: clock.now, fresh_for)))
    client.clock = clock  # type: ignore[attr-defined]  # for tests that turn it
    return client


def texts(value: Any) -> Iterator[str]:
    """Every text of a JSON document, keys too."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def test_every_form_of_the_page_says_what_was_published_and_nothing_from_inside(site: AppContext) -> None:
    row = declared(site, "orders-api answers 502, ask ann-example")
    published(site, row)
    client = browser(site)
    secrets = [row.ref, row.title, row.channel_name, str(row.channel_id), "ann-example", "payments team", "ledger"]
    secrets += ["orders-api", *SERVICES.keys() - {"web"}, "U0RESPONDER", "U0MANAGER", "U0VP", "responder", "P1"]
    for path in PATHS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        said = list(texts(answer.json())) if path.endswith("json") else [answer.text]
        for secret in secrets:
            assert not [one for one in said if secret.lower() in one.lower()], f"{secret} stands in {path}"
        assert not re.search(r"\b[UWCGDTB]0[A-Z0-9]{3,}\b", answer.text), path
        assert "set-cookie" not in answer.headers
    page = client.get("/status").text
    for words in ("Checkout fails for some", "We found the cause.", "Partial outage", "Search was slow", "Upgrade of"):
        assert words in page
    assert "<b>looking</b>" not in page
    assert "&lt;b&gt;looking" in page
    assert "<script" not in page


def test_components_stand_in_their_groups_and_order_with_their_condition(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    found = browser(site).get("/api/v2/components.json").json()["components"]
    names = [(one["name"], one["group"], one["status"]) for one in found]
    assert names == [
        ("Shop", True, "partial_outage"),
        ("Payments", False, "operational"),
        ("Checkout", False, "partial_outage"),
        ("Website", False, "operational"),
    ]
    group, *inside, alone = found
    assert {one["group_id"] for one in inside} == {group["id"]}
    assert group["components"] == [one["id"] for one in inside]
    assert (alone["group_id"], [one["position"] for one in found]) == (None, [1, 2, 3, 4])


INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
MAYBE = {"anyOf": [INSTANT, {"type": "null"}]}
CONDITIONS = {"enum": [condition.value for condition in Condition]}


def of(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has these and may have more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT = {"type": "string"}
ONE_COMPONENT = of(
    {"id": TEXT, "name": TEXT, "status": CONDITIONS, "created_at": INSTANT, "updated_at": INSTANT}
    | {"position": {"type": "integer"}, "description": {"type": ["string", "null"]}, "showcase": {"type": "boolean"}}
    | {"group_id": {"type": ["string", "null"]}, "page_id": TEXT, "group": {"type": "boolean"}}
    | {"only_show_if_degraded": {"type": "boolean"}, "start_date": {"type": ["string", "null"]}}
)
CHANGED = of({"code": TEXT, "name": TEXT, "old_status": CONDITIONS, "new_status": CONDITIONS})
ONE_UPDATE = of(
    {"id": TEXT, "status": TEXT, "body": TEXT, "incident_id": TEXT, "created_at": INSTANT, "updated_at": INSTANT}
    | {"display_at": INSTANT, "affected_components": {"type": ["array", "null"], "items": CHANGED}}
)
ONE_INCIDENT = of(
    {"id": TEXT, "name": TEXT, "created_at": INSTANT, "updated_at": INSTANT, "monitoring_at": MAYBE}
    | {"status": {"enum": [state.value for state in State]}, "resolved_at": MAYBE, "shortlink": TEXT, "page_id": TEXT}
    | {"impact": {"enum": ["none", "minor", "major", "critical", "maintenance"]}, "started_at": INSTANT}
    | {"incident_updates": {"type": "array", "items": ONE_UPDATE, "minItems": 1}}
    | {"components": {"type": "array", "items": ONE_COMPONENT}}
)
PAGE = of({"id": TEXT, "name": TEXT, "url": TEXT, "time_zone": TEXT, "updated_at": INSTANT})
STATUS = of({"indicator": {"enum": ["none", "minor", "major", "critical", "maintenance"]}, "description": TEXT})
LISTED = {"type": "array", "items": ONE_INCIDENT}
WINDOW = ONE_INCIDENT | {"required": [*ONE_INCIDENT["required"], "scheduled_for", "scheduled_until"]}
PARTS: dict[str, dict[str, Any]] = {
    "summary": {
        "status": STATUS,
        "components": {"type": "array", "items": ONE_COMPONENT},
        "incidents": LISTED,
        "scheduled_maintenances": {"type": "array", "items": WINDOW},
    },
    "status": {"status": STATUS},
    "components": {"components": {"type": "array", "items": ONE_COMPONENT}},
    "incidents": {"incidents": LISTED},
    "incidents/unresolved": {"incidents": LISTED},
    "scheduled-maintenances": {"scheduled_maintenances": {"type": "array", "items": WINDOW}},
}


@pytest.mark.parametrize("name", PARTS)
def test_the_answers_have_the_shape_of_statuspages_own(site: AppContext, name: str) -> None:
    published(site, declared(site, "checkout fails"))
    answer = browser(site).get(f"/api/v2/{name}.json")
    assert answer.headers["content-type"] == "application/json"
    schema = of({"page": PAGE} | PARTS[name]) | {"additionalProperties": False}
    assert [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())] == []


def test_the_summary_says_what_is_open_and_the_list_of_incidents_also_what_is_over(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    client = browser(site)
    summary = client.get("/api/v2/summary.json").json()
    assert summary["status"] == {"indicator": "major", "description": "Partial System Outage"}
    (one,) = summary["incidents"]
    assert (one["status"], one["impact"], one["started_at"]) == ("identified", "major", "2026-11-20T11:30:00.000Z")
    assert [update["status"] for update in one["incident_updates"]] == ["identified", "investigating"]
    assert one["incident_updates"][1]["affected_components"][0]["old_status"] == "operational"
    assert [each["status"] for each in summary["scheduled_maintenances"]] == ["scheduled"]
    both = client.get("/api/v2/incidents.json").json()["incidents"]
    assert [each["name"] for each in both] == ["Checkout fails for some", "Search was slow"]


def test_the_feed_has_an_item_for_each_with_its_updates(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    answer = browser(site).get("/status/history.rss")
    assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
    items = ElementTree.fromstring(answer.text).findall("channel/item")
    titles = [one.findtext("title") for one in items]
    assert titles == ["Upgrade of the database", "Checkout fails for some", "Search was slow"]
    assert "&lt;b&gt;looking" in str(items[1].findtext("description"))
    assert items[1].findtext("pubDate") == "Fri, 20 Nov 2026 11:45:00 GMT"


def test_what_did_not_change_is_not_sent_again_and_what_changed_is(site: AppContext) -> None:
    client = browser(site)
    first = client.get("/status.json")
    assert first.headers["cache-control"] == "public, max-age=30"
    tag = first.headers["etag"]
    again = client.get("/status.json", headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    published(site, declared(site, "checkout fails"))
    assert client.get("/status.json", headers={"If-None-Match": tag}).status_code == 200


def test_a_crowd_asks_the_database_once_every_few_seconds(site: AppContext) -> None:
    client = browser(site, fresh_for=2.0)
    before = client.get("/status.json").text
    published(site, declared(site, "checkout fails"))
    assert client.get("/status.json").text == before
    client.clock.now = 2.1  # type: ignore[attr-defined]  # see `browser`
    assert "Checkout fails for some" in client.get("/status.json").text


def test_an_address_that_asks_too_often_waits_a_minute(site: AppContext) -> None:
    client = browser(site, fresh_for=60.0)
    answers = [client.get("/status.json").status_code for _ in range(MOST_A_MINUTE)]
    assert set(answers) == {200}
    refused = client.get("/status.json")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    client.clock.now = 60.0  # type: ignore[attr-defined]  # see `browser`
    assert client.get("/status.json").status_code == 200


def test_off_there_is_no_page_and_on_only_its_own_paths_are_read(site: AppContext) -> None:
    off = browser(replace(site, status_address=None))
    assert {off.get(path).status_code for path in PATHS} == {404}
    on = browser(site)
    assert [on.get(path).status_code for path in ("/api/v2/nothing.json", "/api/v2/status", "/status/x")] == [404] * 3
    assert on.post("/status").status_code == 405


def test_the_job_writes_every_file_once_more_and_nothing_where_there_is_no_bucket(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    written: dict[str, tuple[bytes, str]] = {}
    unused: Any = None
    jobs.write_files(site, unused, unused)
    site = replace(site, publish_file=lambda name, content, kind: written.update({name: (content, kind)}))
    jobs.write_files(site, unused, unused)
    assert {path.lstrip("/") for path in PATHS if path.startswith("/api")} <= written.keys()
    assert {"index.html", "status.json", "history.rss"} <= written.keys()
    page = written["index.html"][0].decode()
    assert 'href="history.rss"' in page
    assert 'href="/' not in page, "in a bucket the page stands anywhere"
    assert json.loads(written["status.json"][0])["days"], "history by day"


def test_the_days_of_history_are_told_day_by_day_and_quiet_ones_together(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    days = re.findall(r'<h3 class="day">(.*?)</h3>', browser(site).get("/status").text)
    assert days == ["20 November 2026", "18 to 19 November 2026", "17 November 2026", "23 August to 16 November 2026"]


def test_an_incident_that_is_open_stands_in_the_history_of_its_day_as_a_link_to_it(site: AppContext) -> None:
    published(site, declared(site, "checkout fails"))
    page = browser(site).get("/status").text
    history = page[page.index('id="history"') :]
    today = history[: history.index("18 to 19 November 2026")]
    (anchor,) = re.findall(r'<a href="#([^"]+)"><bdi>Checkout fails for some</bdi></a>', today)
    assert page.count(f'<article id="{anchor}">') == 1 and "No incidents." not in today


def test_the_style_sheet_ships_and_names_every_condition() -> None:
    style = (Path(queries.__file__).parents[1] / "web" / "static" / "status.css").read_text(encoding="utf-8")
    for condition in Condition:
        assert condition is Condition.OPERATIONAL or f"rect.{condition.value}" in style
