"""The forms within Slack's limits, and what is read back from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.context import AppContext
from bot.incidents.messages import entry_form, words_typed
from bot.incidents.queries import incidents
from bot.lifecycle.flows import change
from bot.lifecycle.listeners.forms import closed, resolved
from bot.lifecycle.messages import forms as modals
from bot.slack import forms as slack_forms
from slack_playground.blockkit.blocks import check_view
from tests.fixtures.job import Declared
from tests.slack.facts import LEVELS, LONGEST, LOUD, incident

MESSAGE = json.dumps({"channel": "C0INCIDENTS", "ts": "1795176000.000100"})


def forms(**values: Any) -> list[dict[str, Any]]:
    each = incident(**values)
    return [
        modals.declare_form(LEVELS, ""),
        modals.declare_form(LEVELS, "C0INCIDENTS"),
        modals.declare_form(LEVELS, MESSAGE, each.title),
        modals.resolve_form(each),
        modals.close_form(each, True),
    ]


VALUES: dict[str, dict[str, Any]] = {
    "the usual": {},
    "the longest": LONGEST,
    "longer than a field": {"title": "x" * 9000, "impact": "x" * 9000, "cause": "x" * 9000, "resolution": "x" * 9000},
    "hostile": dict.fromkeys(("title", "impact", "cause", "resolution"), LOUD),
}


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_slack_takes_every_form(values: dict[str, Any]) -> None:
    for form in forms(**values):
        check_view(json.loads(json.dumps(form)), "modal")


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_what_is_filled_in_fits_its_field(values: dict[str, Any]) -> None:
    for form in forms(**values):
        for block in form["blocks"]:
            field = block.get("element", {})
            assert len(field.get("initial_value", "")) <= field.get("max_length", 0) or "initial_value" not in field


def test_a_form_s_heading_pings_nobody() -> None:
    for form in forms(title=LOUD):
        for block in form["blocks"]:
            if block["type"] == "section":
                assert "<" not in block["text"]["text"]


def test_every_form_has_its_own_name_and_says_what_it_is_about() -> None:
    assert [form["callback_id"] for form in forms()] == ["declare_view"] * 3 + ["resolve_view", "close_view"]
    assert [form["private_metadata"] for form in forms()] == ["", "C0INCIDENTS", MESSAGE, "7", "7"]


def field(form: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(block for block in form["blocks"] if block.get("block_id") == name)
    return found


def test_what_is_known_already_is_filled_in() -> None:
    close = modals.close_form(incident(cause="pool exhausted", resolution="raised it", impact="a third of users"), True)
    for name, value in (("cause", "pool exhausted"), ("resolution", "raised it"), ("impact", "a third of users")):
        assert field(close, name)["element"]["initial_value"] == value
    assert "initial_value" not in field(modals.close_form(incident(), False), "cause")["element"]
    assert (
        field(modals.declare_form(LEVELS, "", "cart is empty"), "title")["element"]["initial_value"] == "cart is empty"
    )


def test_closing_asks_for_the_playbook_only_where_one_was_suggested() -> None:
    asked = [
        [block.get("block_id") for block in modals.close_form(incident(), shown)["blocks"]] for shown in (True, False)
    ]
    assert ["playbook" in names for names in asked] == [True, False]


@pytest.mark.parametrize(
    ("used", "helped", "chosen"), [(False, None, "none"), (True, None, None), (True, True, "yes"), (True, False, "no")]
)
def test_closing_does_not_presume_that_no_playbook_was_used_where_one_was(
    used: bool, helped: bool | None, chosen: str | None
) -> None:
    asked = field(modals.close_form(incident(), True, helped, used), "playbook")["element"]
    assert asked.get("initial_option", {}).get("value") == chosen


def test_a_declaration_needs_no_more_than_a_title() -> None:
    form = modals.declare_form(LEVELS, "")
    assert not field(form, "title")["optional"]
    assert field(form, "impact")["optional"]
    assert field(form, "severity")["element"]["initial_option"]["value"] == modals.JUDGED
    values = [option["value"] for option in field(form, "severity")["element"]["options"]]
    assert values == [modals.JUDGED, "P0", "P1", "P2", "P3"]


def test_submitted_fields_are_read_by_name() -> None:
    state = {
        "title": {"title": {"type": "plain_text_input", "value": "  checkout down \n"}},
        "impact": {"impact": {"type": "plain_text_input", "value": None}},
        "severity": {"severity": {"type": "static_select", "selected_option": {"value": "P1"}}},
        "playbook": {"playbook": {"type": "static_select", "selected_option": None}},
    }
    read = slack_forms.read_values({"state": {"values": state}})
    assert read == {"title": "checkout down", "impact": "", "severity": "P1", "playbook": ""}


def untouched(form: dict[str, Any]) -> dict[str, str]:
    """What Slack sends where a form is sent as it was opened."""
    chosen = {"alarm": "real", "playbook": "none"}
    return slack_forms.initial_values(form) | chosen


def test_a_form_that_is_sent_untouched_cuts_nothing_of_what_was_recorded(
    context: AppContext, declared_incident: Declared
) -> None:
    whole = {name: f"{name} " + "\n1. restarted `pool`" * 350 for name in ("cause", "resolution", "impact")}
    row, now = declared_incident(), context.now()
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        for name, text in whole.items():
            setattr(found, name, text)
        form = modals.close_form(change.offered(session, found), False)
        fields = {block["block_id"]: block for block in form["blocks"] if block["type"] == "input"}
        for name in whole:
            assert "initial_value" not in fields[name]["element"] and fields[name]["optional"]
            hint = fields[name]["hint"]["text"]
            assert hint.startswith("Leave this empty to keep what is recorded (")
            assert f"{name} " in hint
        change.resolve(session, found, "U0VP", context.policy, now)
        view = form | {"private_metadata": str(row.incident_id)}
        closed(session, context, untouched(form), view, "U0VP", now)
        assert {name: getattr(found, name) for name in whole} == whole


def test_what_was_offered_from_before_a_reopening_is_kept_whole_too(
    context: AppContext, declared_incident: Declared
) -> None:
    whole = "the pool " + "was full " * 500
    row, now = declared_incident(), context.now()
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0VP", context.policy, now, cause=whole.strip())
        change.reopen(session, found, "U0VP", context.policy, now)
        assert found.cause is None
        form = modals.resolve_form(change.offered(session, found))
        resolved(session, context, untouched(form), form, "U0VP", now)
        assert found.cause == whole.strip()


@pytest.mark.parametrize("words", ["a line\n" * 1500, "word " * 2000, "x" * 9500])
def test_a_message_that_no_field_holds_takes_several(words: str) -> None:
    form = entry_form([incident()], None, words.strip(), "14:20", {}, known=False, zone="Europe/Berlin")
    check_view(json.loads(json.dumps(form)), "modal")
    parts = slack_forms.initial_values(form)
    assert all(len(part) <= slack_forms.LONGEST_FIELD for part in parts.values())
    assert "".join(words_typed(parts).split()) == "".join(words.split())


def test_nobody_is_asked_whether_a_drill_was_real() -> None:
    asked = [block["block_id"] for block in modals.close_form(incident(ref="DRILL-2026-0001"), False)["blocks"][1:]]
    assert "alarm" not in asked and "cause" in asked
    assert "alarm" in str(modals.close_form(incident(), False)["blocks"])
