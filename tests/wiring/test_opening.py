"""Which payloads ask for a form, as far as their words say; and which form is shown when one was refused late."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.replies.forms import refilled, typed_words
from bot.wiring.listeners import OPENERS, PRESSES, opens_form


@pytest.mark.parametrize(
    ("typed", "opens"),
    [
        ("declare", True),
        ("declare P1 checkout is down", False),
        ("close", True),
        ("close INC-2026-0001", True),
        ("close nobody could pay", False),
        ("status closed", True),
        ("status mitigated", False),
        ("status", False),
        ("update the fix is out", True),
        ("publish", True),
        ("publish list", False),
        ("playbook save", True),
        ("playbook lambda", False),
        ("severity P1", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_the_words_of_a_command_say_whether_a_form_is_asked_for(typed: str, opens: bool) -> None:
    assert opens_form({"command": "/incident", "text": typed}) is opens


def test_shortcuts_and_buttons_that_open_forms_are_known() -> None:
    assert opens_form({"type": "message_action"})
    assert opens_form({"type": "block_actions", "actions": [{"action_id": "incident_close"}]})
    assert not opens_form({"type": "block_actions", "actions": [{"action_id": "incident_acknowledge"}]})
    assert not opens_form({"type": "view_submission"})
    assert not OPENERS & PRESSES.keys(), "a press never opens a form"


def test_a_form_comes_again_with_all_that_was_filled_in() -> None:
    def block(name: str, kind: str, **more: Any) -> dict[str, Any]:
        element = {"type": kind, "action_id": name, **more}
        return {"type": "input", "block_id": name, "label": {"type": "plain_text", "text": name}, "element": element}

    chosen = {"text": {"type": "plain_text", "text": "P1"}, "value": "P1"}
    form = {
        "id": "V1",
        "hash": "1.a",
        "type": "modal",
        "callback_id": "one",
        "title": {"type": "plain_text", "text": "Declare"},
        "private_metadata": "",
        "blocks": [
            block("title", "plain_text_input", initial_value="as it was"),
            block("impact", "plain_text_input", initial_value="taken out again"),
            block("severity", "static_select"),
            block("lead", "users_select"),
            block("day", "datepicker"),
        ],
        "state": {
            "values": {
                "title": {"title": {"type": "plain_text_input", "value": "a <b> & c"}},
                "impact": {"impact": {"type": "plain_text_input", "value": None}},
                "severity": {"severity": {"type": "static_select", "selected_option": chosen}},
                "lead": {"lead": {"type": "users_select", "selected_user": "U0RESPONDER"}},
                "day": {"day": {"type": "datepicker", "selected_date": "2026-11-28"}},
            }
        },
    }
    again = refilled(form, "Say what is wrong & where.")
    assert set(again) == {"type", "callback_id", "title", "blocks"}
    assert again["blocks"][0]["text"]["text"] == ":warning: Say what is wrong &amp; where."
    title, impact, severity, lead, day = (one["element"] for one in again["blocks"][1:])
    assert title["initial_value"] == "a <b> & c"
    assert "initial_value" not in impact
    assert (severity["initial_option"], lead["initial_user"]) == (chosen, "U0RESPONDER")
    assert day["initial_date"] == "2026-11-28"
    assert typed_words(form) == "What you typed:\n*title*\na &lt;b&gt; &amp; c"
