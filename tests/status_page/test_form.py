"""/incident publish through Slack's doors: a form, its preview, and Publish; refused words; who may."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import App

from bot.context import AppContext
from bot.diagnostics.policy import DiagnosticsPolicy, PublicComponent, Service
from bot.diagnostics.rules.request import parse
from bot.incidents.queries import incidents, timeline
from bot.lifecycle.flows import change, end
from bot.severity.rules import Severity
from bot.slack.client import Slack, web_client
from bot.slack.poster import Poster
from bot.stakeholders.flows.notify import notified, notify_stakeholders
from bot.stakeholders.rules import Notice
from bot.status_page import jobs, queries
from bot.status_page.messages.slack import FORM, OPEN_FORM, component_field
from bot.status_page.policy import components
from bot.status_page.rules.published import Condition, Post, State, overall
from bot.status_page.tables import StatusPost
from bot.wiring.listeners import register
from slack_playground.app import Playground
from tests.fixtures.door import Doors
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control

SERVICES = {"orders": Service("orders", (parse("lambda orders-api"),), None, (), PublicComponent("Checkout", "Shop"))}
BY, OTHER = "U0MANAGER", "U0SUPPORT"
TEXT = "Some payments fail. We are looking into it."


class Screen(Slack):
    """Keeps the form that was opened last: no trigger of ours is known to a Slack."""

    view: dict[str, Any]

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        self.view = view


@dataclass
class Door(Doors):
    """The registered app with the status page on, and the form as it stands on the screen."""

    screen: Screen

    @property
    def view(self) -> dict[str, Any]:
        return self.screen.view

    def open(self, typed: str = "publish", user_id: str = BY) -> str:
        word, _, rest = typed.partition(" ")
        return self.command(f"{word} {self.row.ref} {rest}".strip(), user_id)

    def begins_with(self) -> dict[str, str]:
        found = {}
        for block in self.view["blocks"]:
            element = block.get("element", {})
            chosen = element.get("initial_option") or {}
            if element:
                found[element["action_id"]] = element.get("initial_value") or chosen.get("value", "")
        return found

    def send(self, user_id: str = BY, **typed: str) -> str:
        """Press the form's button; where the form comes back, that is what stands there next."""
        fields = self.begins_with() | typed
        answer = self.submit(FORM, self.view["private_metadata"], user_id, **fields)
        body = json.loads(answer) if answer.startswith("{") else {}
        if body.get("response_action") == "update":
            self.screen.view = body["view"]
        return answer

    def shown(self) -> list[Post]:
        with self.context.database.transaction() as session:
            return list(queries.list_shown(session, self.context.now() - timedelta(days=90)))


@pytest.fixture
def door(known: AppContext, playground: Playground, control: Control, declared_incident: Declared) -> Door:
    with known.database.transaction() as session:
        session.query(StatusPost).update({"withdrawn_at": known.now()})
    policy = replace(known.policy, diagnostics=DiagnosticsPolicy(services=SERVICES))
    context = replace(known, policy=policy, status_address="https://status.example.com")
    app = App(
        client=web_client(playground.api_url, "xoxb-playground"),
        token_verification_enabled=False,
        request_verification_enabled=False,
        process_before_response=True,
    )
    screen = Screen(web_client(playground.api_url, "xoxb-playground"))
    register(app, context, screen)
    return Door(app, context, playground, control, declared_incident(Severity.P1), {}, screen)


FIELD = component_field(components(DiagnosticsPolicy(services=SERVICES))[0])
DOWN = {FIELD: "degraded_performance"}


def test_the_form_shows_what_would_be_public_and_only_publish_below_that_puts_it_there(door: Door) -> None:
    door.open()
    assert door.view["submit"]["text"] == "Preview"
    door.send(title="Payments fail", text=TEXT, state="investigating", **{FIELD: "partial_outage"})
    assert door.shown() == [], "a preview is not public"
    assert door.view["submit"]["text"] == "Publish"
    preview = json.dumps(door.view["blocks"][0])
    assert all(words in preview for words in ("Payments fail", "Investigating", TEXT, "Checkout: Partial outage"))
    door.send()
    (post,) = door.shown()
    assert (post.title, post.updates[0].text) == ("Payments fail", TEXT)
    assert post.updates[0].components == {"orders": Condition.PARTIAL}


def test_what_was_changed_after_the_preview_is_shown_again_before_it_is_public(door: Door) -> None:
    door.open()
    door.send(title="Payments fail", text=TEXT, state="investigating", **DOWN)
    door.send(text="Other words.")
    assert door.shown() == []
    assert "Other words." in json.dumps(door.view["blocks"][0])
    door.send()
    assert [post.updates[0].text for post in door.shown()] == ["Other words."]


def test_an_outage_of_nothing_is_not_previewed_and_one_that_is_only_watched_is(door: Door) -> None:
    door.open()
    answer = door.send(title="Payments fail", text=TEXT, state="investigating")
    assert json.loads(answer)["errors"].keys() == {FIELD} and "Say which one is affected" in answer
    door.send(title="Payments fail", text=TEXT, state="monitoring")
    door.send()
    (post,) = door.shown()
    fine = {"orders": Condition.OPERATIONAL}
    assert overall(fine, [post], door.context.now()) == ("none", "All Systems Operational")


def test_who_previewed_before_somebody_else_published_sees_it_again(door: Door) -> None:
    door.open()
    door.send(title="Payments fail", text=TEXT, state="investigating", **DOWN)
    slow = door.view
    door.open(user_id="U0VP")
    for _ in range(2):
        door.send(user_id="U0VP", title="Payments fail", text="It is over.", state="monitoring")
    door.screen.view = slow
    door.send()
    assert "Somebody published an update since" in json.dumps(door.view["blocks"])
    assert [update.text for post in door.shown() for update in post.updates] == ["It is over."]


def test_private_words_are_named_under_the_field_and_nothing_is_published(door: Door) -> None:
    door.open()
    answer = door.send(title=f"{door.row.ref} fails", text="orders-api is down, ask @ann", state="investigating")
    assert "The status page is public. Take this out" in answer
    assert all(word in answer for word in (door.row.ref, "orders-api", "@ann"))
    assert door.shown() == []


def test_the_form_begins_with_what_stakeholders_were_last_told_less_what_is_private(door: Door) -> None:
    lines = (("Incident", door.row.ref), ("News", "a fix is rolling out"), ("Impact", "cards fail. orders-api is slow"))
    with door.context.database.transaction() as session:
        row = incidents.get_for_change(session, door.row.incident_id)
        notify_stakeholders(session, row, Notice("[UPDATE]", lines), BY, door.context.now(), f"n:{row.ref}")
        written = timeline.find_by_source(session, f"n:{row.ref}")
        assert written is not None
        notified(session, row, written, "here", door.context.now())
    door.open()
    assert door.begins_with()["text"] == "A fix is rolling out. Cards fail."
    assert door.begins_with()["state"] == "investigating"
    assert door.shown() == []


def test_resolving_offers_a_form_set_to_resolved_with_all_components_operational(
    door: Door, slack: Slack, poster: Poster, control: Control
) -> None:
    door.open()
    for _ in range(2):
        door.send(title="Payments fail", text=TEXT, state="identified", **{FIELD: "major_outage"})
    with door.context.database.transaction() as session:
        row = incidents.get_for_change(session, door.row.incident_id)
        row.channel_id = "C0INCIDENTS"
        change.resolve(session, row, BY, door.context.policy, door.context.now(), "restarted", "the pool was full")
    jobs.propose_resolved(door.context, slack, poster, incident_id=door.row.incident_id, episode=1)
    posted = json.dumps(control.journal("chat.postMessage")[-1])
    assert "the status page still says Identified" in posted
    door.press(OPEN_FORM, f"{door.row.incident_id}:resolved", BY)
    begins = door.begins_with()
    assert (begins["title"], begins["state"], begins[FIELD]) == ("Payments fail", "resolved", "operational")
    for _ in range(2):
        door.send(text="It is over.")
    (post,) = door.shown()
    assert post.updates[-1].state is State.RESOLVED
    for _ in range(2):
        jobs.propose_resolved(door.context, slack, poster, incident_id=door.row.incident_id, episode=1)
    edited = json.dumps(control.journal("chat.update")[-1])
    assert "no longer shows" in edited
    assert OPEN_FORM not in edited
    assert "no longer shows" in door.press(OPEN_FORM, f"{door.row.incident_id}:resolved", BY)


def test_a_maintenance_is_read_as_of_its_preview_and_listed_with_buttons(door: Door) -> None:
    door.open("publish maintenance")
    answer = door.send(title="Upgrade", text="Short pauses.", begins="yesterday-ish", ends="2 h")
    assert "errors" in answer
    for _ in range(2):
        door.send(title="Upgrade", text="Short pauses.", begins="in 2 h", ends="in 4 h", **{FIELD: "under_maintenance"})
    (post,) = door.shown()
    assert post.ends_at is not None
    assert post.ends_at - post.began_at in (timedelta(hours=2), timedelta(hours=4))
    listed = door.open("publish list")
    assert "Upgrade" in listed
    assert "status_complete" in listed


def test_withdrawing_and_correcting_are_typed_and_said(door: Door) -> None:
    assert "Nothing of" in door.open("publish correct")
    assert "Nothing of" in door.open("publish withdraw")
    door.open()
    for _ in range(2):
        door.send(title="Payments fail", text="tpyo", state="identified", **DOWN)
    door.open("publish correct")
    assert door.begins_with()["text"] == "tpyo"
    for _ in range(2):
        door.send(text="typo")
    assert [update.text for post in door.shown() for update in post.updates] == ["typo"]
    assert "is off the status page" in door.open("publish withdraw")
    assert door.shown() == []


def test_who_may_is_said_to_somebody_who_may_not(door: Door) -> None:
    assert "can publish status updates" in door.open(user_id=OTHER)


def _was_false_alarm(door: Door) -> None:
    with door.context.database.transaction() as session:
        row = incidents.get_for_change(session, door.row.incident_id)
        end.false_alarm(session, row, BY, door.context.policy, door.context.now())


def test_a_false_alarm_is_refused_with_a_sentence_when_it_is_opened_and_when_it_is_sent(door: Door) -> None:
    door.open()
    door.send(title="Payments fail", text=TEXT, state="investigating", **DOWN)
    _was_false_alarm(door)
    refused = f"{door.row.ref} was closed as a false alarm, so there is nothing to publish."
    assert refused in door.send() and door.shown() == []
    assert refused in door.open()


def test_what_was_published_of_a_false_alarm_can_still_be_resolved(door: Door) -> None:
    door.open()
    door.send(title="Payments fail", text=TEXT, state="investigating", **DOWN)
    door.send()
    _was_false_alarm(door)
    assert "false alarm" not in door.open()
    door.send(text="Nothing was wrong.", state="resolved")
    door.send()
    (post,) = door.shown()
    assert post.updates[-1].state is State.RESOLVED


def test_a_security_incident_is_refused_with_a_sentence(door: Door, declared_incident: Declared) -> None:
    door.row = declared_incident(Severity.P0, security=True)
    with door.context.database.transaction() as session:
        incidents.get_for_change(session, door.row.incident_id).commander = BY
    assert f"{door.row.ref} is a security incident. Nothing of it goes on the status page." in door.open()
