"""Who may do what, asked of every way in: each subcommand, button, form, shortcut, reaction and page.

The ways in are those that are registered, so that a new one is asked, too; what each kind of person may is read off the
shipped authority.yaml and compared with the table of docs/security.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from slack_sdk.webhook import WebhookClient
from sqlalchemy import text

from bot.context import AppContext
from bot.incidents.menu import CHOOSE
from bot.incidents.queries import timeline
from bot.incidents.rules.authority import Standing
from bot.incidents.tables import IncidentRow
from bot.lifecycle.messages.forms import DECLARE
from bot.lifecycle.messages.menu.shown import OPEN_MENU
from bot.slack.client import Slack
from bot.slack.payloads import is_slacks
from bot.stakeholders.messages import NOTICE_FIELDS
from bot.wiring.listeners import OPENERS, OPENINGS, PRESSES, QUESTIONS, REGISTRY, SUBMISSIONS, register
from slack_playground.app import Playground
from tests.fixtures.door import OF_NO_INCIDENT, UNHURRIED, WHO, Doors, bolt_app, form_of, furnish, knocks
from tests.fixtures.job import Declared
from tests.fixtures.slack import Control

OUTSIDE = [user_id for user_id, standing in WHO.items() if standing is not Standing.MEMBER]
REFUSED = (
    "can report an incident in the announcement channel but can't",
    "Only members of this workspace can",
    "Only people listed in contacts.yaml can",
    "can publish status updates",
)
TABLES = (
    *("incidents", "timeline_entries", "incident_roles", "roster_overrides"),
    *("reports", "action_items", "severity_suggestions", "handovers"),
)


def everything(context: AppContext) -> dict[str, int]:
    """How many rows each table holds, and what the incidents and reports say: changed by whatever is done."""
    with context.database.transaction() as session:
        found = {name: session.execute(text(f"select count(*) from {name}")).scalar_one() for name in TABLES}
        said = "select coalesce(sum(hashtext(t::text)::bigint), 0) from {} t"
        return found | {f"{name}#": session.execute(text(said.format(name))).scalar_one() for name in TABLES}


def entries_of(context: AppContext, row: IncidentRow) -> list[str]:
    """What the incident's timeline says."""
    with context.database.transaction() as session:
        return [entry.text for entry in timeline.list_entries(session, row.incident_id)]


@pytest.mark.parametrize("user_id", OUTSIDE)
def test_who_is_no_member_hears_why_at_every_way_in_and_changes_nothing(
    doors: Doors, known: AppContext, user_id: str
) -> None:
    before = everything(known)
    unsaid = [name for name, heard in knocks(doors, user_id) if not any(words in heard for words in REFUSED)]
    assert unsaid == []
    assert everything(known) == before


class Recorder:
    """Stands for Bolt's app where only the ids are of interest that something is registered under."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def __getattr__(self, kind: str) -> Callable[..., Callable[..., None]]:
        def register_id(name: object, **_: object) -> Callable[..., None]:
            if kind in ("action", "view", "shortcut"):
                self.ids.add(str(name))
            return lambda *_: None

        return register_id


def test_every_registered_way_in_is_knocked_at(doors: Doors, known: AppContext, slack: Slack) -> None:
    """A button that is registered and not tried above would pass unasked."""
    recorder = Recorder()
    register(recorder, known, slack)  # type: ignore[arg-type]  # see Recorder
    tried = {name for name, _ in knocks(doors, "U0GONE")}
    without_answer = {*NOTICE_FIELDS, "title", "field_type", "report_why_words", "drill_replay_instead"}  # tried below
    assert recorder.ids - tried == without_answer
    assert {f"/incident {word}" for word in REGISTRY.entries} <= tried


@pytest.mark.parametrize(
    ("action_id", "form"),
    [
        *(("report_why_words", ""), ("next_steps", "notice_view"), ("title", "declare_view")),
        *(("field_type", "close_view"), ("drill_replay_instead", "declare_view")),
    ],
)
def test_what_answers_nobody_opens_and_draws_nothing_for_a_guest(
    doors: Doors, control: Control, action_id: str, form: str
) -> None:
    before = len(control.journal("views.open")) + len(control.journal("views.update"))
    view = {"id": "V1", "type": "modal", "callback_id": form, "state": {"values": {}}, "blocks": []}
    view["private_metadata"] = form_of(form or "notice_view", doors.row, doors.ids)[0]
    doors.press(action_id, str(doors.ids["report"]), "U0GUEST", view=view)
    assert len(control.journal("views.open")) + len(control.journal("views.update")) == before


def test_a_member_is_refused_nothing_but_what_takes_the_roster(doors: Doors) -> None:
    """The status page is for the roles that its own rule names."""
    roster_or_less = [words for words in REFUSED if "publish" not in words]
    refused = [name for name, heard in knocks(doors, "U0SUPPORT") if any(words in heard for words in roster_or_less)]
    assert refused == [
        *("drill_form", "/incident oncall", "/incident drill", "/incident drill alone", "/incident oncall override"),
        *("drill_replay", "drill_replay_view"),
    ]


def test_who_may_make_an_incident_private_is_a_rule_of_its_own(
    known: AppContext, slack: Slack, playground: Playground, control: Control, declared_incident: Declared
) -> None:
    scribes_only = known.policy.authority.model_copy(update={"make_private": ("scribe",)})
    ruled = replace(known, policy=replace(known.policy, authority=scribes_only))
    app = bolt_app(playground)
    register(app, ruled, slack, UNHURRIED)
    doors = Doors(app, ruled, playground, control, declared_incident(), {})
    heard = doors.command(f"private {doors.row.ref}", "U0RESPONDER")
    assert "Only the scribe can make incidents private." in heard
    assert "Only" not in doors.command(f"status {doors.row.ref} identified", "U0RESPONDER")


def test_an_outsider_of_a_security_incident_finds_it_behind_no_button_and_no_form(
    doors: Doors, known: AppContext, declared_incident: Declared
) -> None:
    secret = declared_incident(security=True)
    doors.ids, doors.row = furnish(known, secret), secret
    before = entries_of(known, secret)
    heard = [(name, said) for name, said in knocks(doors, "U0VISITOR", reports=False) if name not in OF_NO_INCIDENT]
    assert [name for name, said in heard if secret.title in said] == []
    pressed = [(name, said) for name, said in heard if not name.startswith("/incident")]
    assert [name for name, said in pressed if "There is no such incident" not in said] == []
    assert entries_of(known, secret) == before


FORGED = ["", "x", ":", "1:2:3:4", "-1", "9" * 30, "٣", "1e3", "null", '{"key":1}', "0:0", "P9:1", "99999999"]


@pytest.mark.parametrize("value", FORGED)
def test_a_forged_value_is_refused_in_a_sentence_and_never_fails_inside(doors: Doors, value: str) -> None:
    for action_id in (*PRESSES, *OPENINGS, *QUESTIONS, "list_next", "playbook_start", CHOOSE, OPEN_MENU):
        heard = doors.press(action_id, value, "U0SUPPORT")
        assert "Something went wrong inside" not in heard, (action_id, value)


def test_every_button_that_opens_a_form_is_known_to_open_one(doors: Doors, control: Control) -> None:
    """One that is forgotten waits behind slow answers until its trigger is no longer good."""
    tried, opened = len(control.journal("views.open")), set()
    for name, _ in knocks(doors, "U0MANAGER"):
        now = len(control.journal("views.open"))
        opened |= {name} if now > tried and not name.startswith("/") else set()
        tried = now
    shortcuts = {"declare_global", "declare_message", "timeline_message"}
    assert opened - shortcuts <= {*OPENERS, CHOOSE}, "in OPENERS of bot/wiring/listeners.py"
    assert opened >= {"incident_fields", "home_declare", "drill_form"}, "forms do open here"


@pytest.mark.parametrize(
    "forged",
    [
        {"value": 5},
        {"value": {"a": 1}},
        {"selected_option": "P0:2"},
        {"selected_option": {"value": 7}},
        {"selected_user": ["U0SUPPORT"]},
        {"block_id": 5},
        {"action_id": None},
    ],
)
def test_what_no_slack_sends_is_acknowledged_and_goes_no_further(
    doors: Doors, known: AppContext, forged: dict[str, object]
) -> None:
    """Nor is it left without an answer, for which Slack would show a warning sign."""
    before = everything(known)
    for action_id in (*PRESSES, *OPENINGS, *QUESTIONS, "playbook_start"):
        action = {"action_id": action_id, "block_id": "b", "type": "button", "value": "1"} | forged
        body = {"type": "block_actions", "actions": [action]}
        assert doors.knock(body, "U0SUPPORT", "C0GENERAL") == "", action_id
    assert everything(known) == before


def test_a_button_without_a_value_is_out_of_date_or_needs_none(doors: Doors) -> None:
    for action_id in (*PRESSES, *OPENINGS, *QUESTIONS, "playbook_start"):
        action = {"action_id": action_id, "block_id": "b", "type": "button"}
        heard = doors.knock({"type": "block_actions", "actions": [action]}, "U0SUPPORT", "C0GENERAL")
        assert "Something went wrong inside" not in heard, action_id


DEEP = '{"key":' * 2000
METADATA = ["", "x", "-1", "9" * 40, "null", "[]", "[1]", '"1"', "true", "{}", '{"incident":[1]}', "1:x", "1:-5", DEEP]


@pytest.mark.parametrize("metadata", METADATA, ids=lambda text: text[:12])
def test_a_form_with_forged_metadata_is_refused_in_a_sentence(doors: Doors, known: AppContext, metadata: str) -> None:
    for callback_id in (*SUBMISSIONS, DECLARE):
        _, values = form_of(callback_id, doors.row, doors.ids)
        if callback_id == DECLARE and not metadata.startswith("{"):
            continue  # it may be opened anywhere
        heard = doors.submit(callback_id, metadata, "U0SUPPORT", **values)
        assert "Something went wrong inside" not in heard, callback_id
    assert all("Something went wrong" not in doors.press(name, DEEP, "U0SUPPORT") for name in QUESTIONS)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "http://hooks.slack.com.example.org/commands/1",
        "http://hooks.slack.com@example.org/",
        "https://example.org/",
        "file:///etc/hostname",
        "//example.org",
        "http://[",
        " ",
    ],
)
def test_nothing_is_answered_to_another_machine_than_slack(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Whoever could name where answers go would have them, and have Tocsin knock at its neighbours."""
    asked: list[str] = []
    monkeypatch.setattr(WebhookClient, "send_dict", lambda self, body, headers=None: asked.append(self.url))
    body = {"type": "block_actions", "actions": [{"action_id": "incident_status", "block_id": "b", "value": "x"}]}
    doors.knock(body | {"response_url": address}, "U0SUPPORT", "C0GENERAL")
    assert asked == []


def test_slacks_own_addresses_are_answered() -> None:
    slack = "https://slack.com/api/"
    assert is_slacks("https://hooks.slack.com/actions/T1/2/x", slack)
    assert is_slacks("https://hooks.slack-gov.com/actions/T1/2/x", "https://slack-gov.com/api/")
    assert is_slacks("http://127.0.0.1:8000/response/1", "http://127.0.0.1:8000/api/")
    assert not is_slacks("http://hooks.slack.com/actions/T1/2/x", slack)
    assert not is_slacks("https://slack.com.example.org/", slack)
