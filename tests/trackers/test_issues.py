"""Action items as issues in GitHub, GitLab and Jira: created once, closed in either place, and refusals told once."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.context import AppContext, Policy
from bot.errors import BadRequest
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.declare import Declaration, declare
from bot.pagers.outlet import Pagers
from bot.pagers.sender import build_sender
from bot.reviews.flows import action_items
from bot.reviews.flows.editing import as_item
from bot.reviews.messages.action_items import listed
from bot.reviews.messages.drafting import draft_actions, without_terms
from bot.reviews.queries import action_items as items
from bot.reviews.rules.action_requests import ActionRequest
from bot.reviews.tables import ActionRow
from bot.severity.rules import Severity
from bot.slack.client import TryAgain
from bot.store.engine import Database
from bot.trackers import flows, jobs, queries
from bot.trackers.adapters.common import Target
from bot.trackers.pages import tracker_routes
from bot.trackers.policy import TrackersPolicy
from bot.trackers.tables import IssueRow
from bot.web.app import create_web
from tests.support import tracker_services as server
from tests.support.queue import empty_queue, queued
from tests.support.rows import NOON, minutes

BY, OWNER = "U0RESPONDER", "U0TEAMLEAD"
HOOK = "a-secret-of-the-webhook"
KINDS = ("github", "gitlab", "jira")
SHOWN = {"github": "example/shop#1", "gitlab": "example/shop#1", "jira": "SHOP-1"}
NUMBER = {"github": "1", "gitlab": "1", "jira": "SHOP-1"}
SEND = build_sender(total=5.0, largest=1_000_000)
UNUSED: Any = None
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shared() -> Iterator[server.Trackers]:
    with server.serve_trackers() as trackers:
        yield trackers


def target(kind: str, url: str) -> Target:
    project = "SHOP" if kind == "jira" else "example/shop"
    return Target(
        kind, kind, project, url, "TOCSIN_TRACKER_TOKEN", server.USER, "TOCSIN_TRACKER_HOOK", ("incident",), "Task",
        {"high": "Highest"}, done="Done",
    )  # fmt: skip


@dataclass
class Desk:
    """One open action item of an incident, and the trackers that the jobs ask."""

    context: AppContext
    there: server.Trackers
    row: IncidentRow
    action_id: int = 0
    secrets: dict[str, str] = field(default_factory=dict)

    def item(self) -> ActionRow:
        with self.context.database.transaction() as session:
            return items.get(session, self.action_id)

    def ask(self) -> str:
        """Press Create issue."""
        with self.context.database.transaction() as session:
            row = incidents.get_for_change(session, self.row.incident_id)
            return flows.ask(session, row, 1, BY, self.context.policy, self.context.now())

    def create(self) -> None:
        jobs.create_issue(self.context, UNUSED, UNUSED, action_id=self.action_id)

    def sync(self) -> None:
        jobs.sync(self.context, UNUSED, UNUSED, action_id=self.action_id)

    def act(self, flow: Any) -> None:
        """Done, drop or reopen, here."""
        with self.context.database.transaction() as session:
            row = incidents.get_for_change(session, self.row.incident_id)
            flow(session, row, 1, BY, self.context.now())

    def told(self, kind: Kind = Kind.NOT_DONE) -> list[str]:
        with self.context.database.transaction() as session:
            return [entry.text for entry in timeline.list_rows(session, self.row.incident_id, (kind,))]

    def whom(self) -> list[str]:
        with self.context.database.transaction() as session:
            return [job.arguments["user_id"] for job in queued(session, "slack.tell")]

    def is_closed(self, kind: str) -> bool:
        return bool(self.there.issues[kind][0]["closed"])


def desk_of(database: Database, policy: Policy, shared: server.Trackers, kind: str, security: bool = False) -> Desk:
    shared.issues = {"github": [], "gitlab": [], "jira": []}
    shared.faults, shared.asked, shared.lose, shared.workflow = [], [], 0, True
    secrets = {"TOCSIN_TRACKER_TOKEN": server.TOKEN, "TOCSIN_TRACKER_HOOK": HOOK}
    trackers = TrackersPolicy({one: target(one, shared.url) for one in KINDS}, default=kind)
    context = AppContext(
        database=database, now=lambda: NOON, seconds_until=lambda at: 0.0, policy=replace(policy, trackers=trackers),
        judge=UNUSED, memory=UNUSED, announcement_channel=lambda: None, roster_facts=UNUSED,
        review_link=lambda ref: f"https://tocsin.example.com/reviews/{ref}", personal_link=UNUSED,
        trackers=Pagers(secrets.get, SEND),
    )  # fmt: skip
    with database.transaction() as session:
        empty_queue(session)
        session.query(IssueRow).delete()
        wanted = Declaration(f"issue:{next(_numbers)}", "checkout fails", Severity.P1, BY, security=security)
        row, _ = declare(session, wanted, context.policy, NOON)
        request = ActionRequest("Alarm on the pool; password=hunter2hunter2", "high", OWNER, None)
        item, _ = action_items.add(session, row, request, BY, policy.calendar, NOON, f"item:{next(_numbers)}")
        empty_queue(session)
        return Desk(context, shared, row, item.action_id, secrets)


@pytest.fixture
def desk(database: Database, policy: Policy, shared: server.Trackers) -> Desk:
    return desk_of(database, policy, shared, "github")


@pytest.fixture(params=KINDS)
def each(
    request: pytest.FixtureRequest, database: Database, policy: Policy, shared: server.Trackers
) -> tuple[Desk, str]:
    return desk_of(database, policy, shared, request.param), request.param


def test_a_press_creates_one_issue_that_the_item_and_the_channel_link(each: tuple[Desk, str]) -> None:
    desk, kind = each
    assert "Creating an issue in" in desk.ask()
    for _ in range(2):
        desk.create()
    (issue,) = desk.there.issues[kind]
    said = json.dumps(issue)
    assert "Alarm on the pool" in said
    assert desk.row.ref in said
    assert "hunter2" not in said
    assert "incident" in json.dumps(issue["document"]["labels"])
    item = desk.item()
    assert item.issue_key == SHOWN[kind]
    assert item.issue_url is not None
    (line,) = desk.told(Kind.ISSUE_CREATED)
    assert line == f"Issue <{item.issue_url}|{SHOWN[kind]}> created for action item 1 by <@{BY}>."
    assert "has an issue" in desk.ask()


def test_an_issue_whose_making_was_never_confirmed_is_found_and_not_made_again(each: tuple[Desk, str]) -> None:
    desk, kind = each
    desk.there.lose = 1
    desk.ask()
    with pytest.raises(TryAgain) as later:
        desk.create()
    assert (later.value.after or 0) >= 60, "Jira finds a new issue only after a while"
    assert desk.item().issue_key is None
    desk.create()
    assert len(desk.there.issues[kind]) == 1
    assert desk.item().issue_key == SHOWN[kind]


def test_what_is_done_here_is_closed_there_and_what_is_reopened_here_is_open_there(each: tuple[Desk, str]) -> None:
    desk, kind = each
    desk.ask()
    desk.create()
    desk.act(action_items.finish)
    with desk.context.database.transaction() as session:
        assert len(queued(session, "trackers.sync", action_id=desk.action_id)) == 1
    desk.sync()
    assert desk.is_closed(kind)
    desk.act(action_items.reopen)
    desk.sync()
    assert not desk.is_closed(kind)
    assert desk.item().state == items.OPEN


def test_what_is_closed_there_is_done_here_and_what_is_reopened_there_is_open_here(each: tuple[Desk, str]) -> None:
    desk, kind = each
    desk.ask()
    desk.create()
    desk.there.set_state(kind, NUMBER[kind], closed=True)
    for _ in range(2):
        desk.sync()
    assert desk.item().state == items.DONE
    assert len([text for text in desk.told(Kind.ACTION_DONE) if "its issue was closed in" in text]) == 1
    desk.there.set_state(kind, NUMBER[kind], closed=False)
    desk.sync()
    assert desk.item().state == items.OPEN
    assert desk.is_closed(kind) is False


def test_what_is_dropped_here_is_closed_as_not_planned(desk: Desk) -> None:
    desk.ask()
    desk.create()
    desk.act(action_items.drop)
    desk.sync()
    assert desk.there.issues["github"][0]["reason"] == "not_planned"
    assert desk.item().state == items.DROPPED


def test_what_was_done_while_its_issue_was_made_is_closed_there(desk: Desk) -> None:
    desk.ask()
    desk.act(action_items.finish)
    desk.create()
    with desk.context.database.transaction() as session:
        assert queued(session, "trackers.sync", action_id=desk.action_id)
    desk.sync()
    assert desk.is_closed("github")


def test_jira_takes_the_status_that_the_policy_names(
    database: Database, policy: Policy, shared: server.Trackers
) -> None:
    desk = desk_of(database, policy, shared, "jira")
    desk.ask()
    desk.create()
    fields = desk.there.issues["jira"][0]["document"]
    assert (fields["priority"], fields["issuetype"]) == ({"name": "Highest"}, {"name": "Task"})
    desk.act(action_items.finish)
    desk.sync()
    assert desk.there.issues["jira"][0]["moved"] == "Done"
    desk.there.workflow = False
    desk.act(action_items.reopen)
    desk.sync()
    assert "SHOP-1 has no transition to open from where it is" in desk.told()[-1]


REFUSALS = [
    (401, {"message": "Bad credentials"}, "The token is refused: make a new one and set TOCSIN_TRACKER_TOKEN."),
    (
        403,
        {"message": "Resource not accessible by token"},
        "Let the token of TOCSIN_TRACKER_TOKEN read and write",
    ),
    (403, {"message": "Repository was archived so is read-only."}, "example/shop is archived: unarchive it"),
    (404, {"message": "Not Found"}, "Correct `project` in trackers.yaml"),
    (410, {"message": "Issues are disabled for this repo"}, "Turn on issues in example/shop"),
    (422, {"message": "Validation Failed", "errors": [{"resource": "Issue", "field": "labels"}]}, "Correct labels"),
    (301, {"message": "Moved Permanently"}, "It moved: correct `url` or `project`"),
]


@pytest.mark.parametrize(("status", "document", "advice"), REFUSALS)
def test_a_refusal_is_told_once_to_who_pressed_and_the_owner_with_what_to_do(
    desk: Desk, status: int, document: Any, advice: str
) -> None:
    desk.ask()
    for _ in range(2):
        desk.there.faults = [(status, document, "")]
        desk.create()
    (line,) = desk.told()
    assert f"GitHub answered {status}" in line
    assert advice in line
    assert "press *Create issue* again" in line
    assert desk.whom() == [BY, OWNER]
    desk.ask()
    desk.create()
    assert desk.item().issue_key == "example/shop#1", "pressed again, it is tried again"


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"message": "slow down"}, "120"),
        (403, {"message": "You have exceeded a secondary rate limit"}, ""),
        (502, None, ""),
    ],
)
def test_what_may_pass_is_tried_again_and_said_once(desk: Desk, fault: tuple[int, Any, str]) -> None:
    desk.ask()
    for _ in range(3):
        desk.there.faults = [fault]
        with pytest.raises(TryAgain) as later:
            desk.create()
        assert later.value.after == float(fault[2] or 60)
    (line,) = desk.told()
    assert "It will be tried again." in line
    desk.create()
    assert desk.item().issue_key == "example/shop#1"


def test_a_tracker_that_never_answers_is_given_up_after_many_tries(desk: Desk) -> None:
    desk.ask()
    desk.there.faults = [(502, None, "")] * 2
    with pytest.raises(TryAgain):
        desk.create()
    with desk.context.database.transaction() as session:
        session.query(IssueRow).update({"tries": 59})
    desk.create()
    assert "gave up after many tries" in desk.told()[-1]
    assert desk.there.faults == []


def test_a_token_that_is_not_set_is_named(desk: Desk) -> None:
    del desk.secrets["TOCSIN_TRACKER_TOKEN"]
    desk.ask()
    desk.create()
    assert "TOCSIN_TRACKER_TOKEN is not set" in desk.told()[0]
    assert desk.there.asked == []


def test_items_of_a_security_incident_go_nowhere_but_where_the_policy_says(
    database: Database, policy: Policy, shared: server.Trackers
) -> None:
    desk = desk_of(database, policy, shared, "github", security=True)
    with pytest.raises(BadRequest, match="Action items of security incidents aren't sent to a tracker"):
        desk.ask()
    trackers = replace(desk.context.policy.trackers, security="gitlab")
    desk.context = replace(desk.context, policy=replace(desk.context.policy, trackers=trackers))
    desk.ask()
    desk.create()
    assert desk.there.issues["github"] == []
    assert "checkout fails" not in json.dumps(desk.there.issues["gitlab"])


def test_a_team_that_owns_the_item_has_a_tracker_of_its_own(desk: Desk) -> None:
    trackers = replace(desk.context.policy.trackers, teams={"Team Lead": "jira"})
    desk.context = replace(desk.context, policy=replace(desk.context.policy, trackers=trackers))
    desk.ask()
    desk.create()
    assert desk.item().issue_key == "SHOP-1"


def test_only_an_open_item_becomes_an_issue_and_only_where_there_is_a_tracker(desk: Desk) -> None:
    nowhere = replace(desk.context, policy=replace(desk.context.policy, trackers=TrackersPolicy()))
    here, desk.context = desk.context, nowhere
    with pytest.raises(BadRequest, match="No issue tracker is set up"):
        desk.ask()
    desk.context = here
    desk.act(action_items.finish)
    with pytest.raises(BadRequest, match="Only an open action item"):
        desk.ask()


def test_approving_a_review_asks_for_all_open_items_where_the_policy_says_so(desk: Desk) -> None:
    jobs.approved(desk.context, UNUSED, UNUSED, incident_id=desk.row.incident_id, by=BY)
    with desk.context.database.transaction() as session:
        assert queued(session, "trackers.create") == []
    trackers = replace(desk.context.policy.trackers, automatic=True)
    desk.context = replace(desk.context, policy=replace(desk.context.policy, trackers=trackers))
    for _ in range(2):
        jobs.approved(desk.context, UNUSED, UNUSED, incident_id=desk.row.incident_id, by=BY)
    with desk.context.database.transaction() as session:
        assert [job.arguments["action_id"] for job in queued(session, "trackers.create")] == [desk.action_id]


def test_the_list_has_the_button_and_then_the_link_and_the_review_says_where(desk: Desk) -> None:
    before = json.dumps(listed("INC-1", 7, [as_item(desk.item())], exports=True).blocks)
    assert '"issue_create"' in before
    assert '"issue_create"' not in json.dumps(listed("INC-1", 7, [as_item(desk.item())]).blocks)
    desk.ask()
    desk.create()
    item = as_item(desk.item())
    after = json.dumps(listed("INC-1", 7, [item], exports=True).blocks)
    assert '"issue_create"' not in after
    assert "|example/shop#1>" in after
    (line,) = draft_actions([item], {}, NOON.date()).lines
    assert f"issue: {item.issue_url}" in line.text
    assert without_terms(line.text).startswith("Alarm on the pool")
    assert "issue" not in without_terms(line.text)


def test_what_no_webhook_told_is_read_every_ten_minutes_and_old_ones_no_more(desk: Desk) -> None:
    desk.ask()
    desk.create()

    def planned(at: datetime) -> int:
        with desk.context.database.transaction() as session:
            return flows.plan_reading(session, at)

    assert [planned(NOON + minutes(number)) for number in (5, 10, 12)] == [0, 1, 0]
    desk.act(action_items.finish)
    assert planned(NOON + timedelta(days=29)) == 1
    assert planned(NOON + timedelta(days=31)) == 0


def webhook_of(kind: str, number: str, project: str, secret: str = HOOK) -> tuple[dict[str, str], bytes]:
    """A webhook's headers and body as the tracker sends them."""
    documents: dict[str, Any] = {
        "github": {
            "action": "closed",
            "issue": {"number": int(number.rpartition("-")[2])},
            "repository": {"full_name": project},
        },
        "gitlab": {
            "object_kind": "issue",
            "object_attributes": {"iid": int(number.rpartition("-")[2]), "action": "close", "state": "closed"},
            "project": {"path_with_namespace": project},
        },
        "jira": {"webhookEvent": "jira:issue_updated", "issue": {"key": number, "fields": {}}},
    }
    body = json.dumps(documents[kind]).encode()
    mac = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "github": {"X-Hub-Signature-256": mac, "X-GitHub-Event": "issues"},
        "gitlab": {"X-Gitlab-Token": secret, "X-Gitlab-Event": "Issue Hook"},
        "jira": {"X-Hub-Signature": mac},
    }[kind]
    return headers, body


def test_a_signed_webhook_has_the_issue_read_and_any_other_is_refused(each: tuple[Desk, str]) -> None:
    desk, kind = each
    desk.ask()
    desk.create()
    project = "SHOP" if kind == "jira" else "Example/Shop"
    client = TestClient(create_web(ready=list, routes=tracker_routes(desk.context)))

    def send(headers: dict[str, str], body: bytes, name: str = kind) -> tuple[int, str]:
        answer = client.post(f"/trackers/{name}", content=body, headers=headers)
        return answer.status_code, answer.text

    def waiting() -> int:
        with desk.context.database.transaction() as session:
            return len(queued(session, "trackers.sync", action_id=desk.action_id))

    headers, body = webhook_of(kind, NUMBER[kind], project)
    forged = [
        ({}, body),
        webhook_of(kind, NUMBER[kind], project, "another"),
        (headers | {next(iter(headers)): "sha256="}, body),
    ]
    assert [send(*one)[0] for one in forged] == [401, 401, 401]
    assert waiting() == 0
    assert send(headers, body) == (200, "Taken.")
    assert send(headers, body) == (200, "Taken."), "sent twice it is one job"
    assert waiting() == 1
    other = webhook_of(kind, "SHOP-77" if kind == "jira" else "77", project)
    assert send(*other)[1] == "Nothing here follows that."
    if kind != "jira":
        assert send(*webhook_of(kind, "1", "else/where"))[1] == "Nothing here follows that."
    assert send(headers, body, "unknown")[0] == 404
    for odd in ("\x00", "\ud800"):  # what PostgreSQL cannot hold
        assert send(*webhook_of(kind, NUMBER[kind], project + odd))[0] == 200
        if kind == "jira":
            assert send(*webhook_of(kind, f"SHOP{odd}-1", project))[0] == 200


def test_a_body_that_is_no_json_or_too_large_is_refused(desk: Desk) -> None:
    client = TestClient(create_web(ready=list, routes=tracker_routes(desk.context)))
    body = b"payload=%7B%7D"
    mac = "sha256=" + hmac.new(HOOK.encode(), body, hashlib.sha256).hexdigest()
    refused = client.post("/trackers/github", content=body, headers={"X-Hub-Signature-256": mac})
    assert (refused.status_code, "application/json" in refused.text) == (400, True)
    assert client.post("/trackers/github", content=b"x" * 2_000_001).status_code == 413
    del desk.secrets["TOCSIN_TRACKER_HOOK"]
    assert client.post("/trackers/github", content=body).status_code == 404
    assert tracker_routes(replace(desk.context, policy=replace(desk.context.policy, trackers=TrackersPolicy()))) == []


def test_an_issue_that_is_gone_is_told_once_and_kept(desk: Desk) -> None:
    desk.ask()
    desk.create()
    desk.there.issues["github"].clear()
    for _ in range(2):
        desk.sync()
    (line,) = desk.told()
    assert "couldn't keep" in line
    assert desk.item().issue_key == "example/shop#1"
    with desk.context.database.transaction() as session:
        known = queries.find(session, desk.action_id)
        assert known is not None
        assert "404" in str(known.failed)
