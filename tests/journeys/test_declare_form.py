"""The form that declares judges while one types: severity, what is open and what was alike; nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest

from bot.lifecycle.listeners import declaring
from slack_playground.person import content_of
from tests.journeys.story import settle
from tests.support.stage import INCIDENTS, Stage

View = dict[str, Any]
HINT = "Severity and similar incidents show here as you type."


def verdict_of(view: View) -> str:
    return str(next(block["text"]["text"] for block in view["blocks"] if block["block_id"] == "verdict"))


def shown(stage: Stage, view: View) -> View:
    return next(each for each in stage.responder.views() if each["id"] == view["id"])


def opened(stage: Stage) -> View:
    stage.responder.command(INCIDENTS, "/incident declare")
    return stage.responder.wait_for_view("declare_view")


def type_title(stage: Stage, view: View, words: str, **others: str) -> None:
    values = {field: {field: text} for field, text in {"title": words, **others}.items()}
    stage.responder.press(view, "title", block_id="title", value=words, values=values)


def judged(stage: Stage, view: View, words: str) -> View:
    return dict(
        stage.responder.wait_for(
            lambda: now if words in verdict_of(now := shown(stage, view)) else None, what=f"a verdict with {words!r}"
        )
    )


def test_the_verdict_follows_what_is_typed_and_the_fields_stay(stage: Stage) -> None:
    view = opened(stage)
    assert verdict_of(view) == HINT
    type_title(stage, view, "the whole shop is down for everybody")
    now = judged(stage, view, "*P0*: ")
    type_title(stage, view, "a typo on the help page <!channel>", impact="nobody")
    now = judged(stage, view, "*P3*: ")
    assert "<!channel>" not in verdict_of(now)
    inputs = [[block for block in each["blocks"] if block["type"] == "input"] for each in (view, now)]
    assert inputs[0] == inputs[1], "or Slack would take away what was typed"
    type_title(stage, view, "somebody hacked us and is copying the customer table")
    assert "in a private channel, unless you choose *Everybody*" in verdict_of(judged(stage, view, ":lock:"))
    type_title(stage, view, "")
    judged(stage, view, HINT)


def test_an_open_incident_that_looks_alike_is_shown_before_anything_is_sent(stage: Stage) -> None:
    ref, _ = stage.declare("P1 checkout returns 502 for a third of the customers")
    view = opened(stage)
    type_title(stage, view, "checkout returns 502 for customers")
    assert "Possible match, still open: " in verdict_of(judged(stage, view, ref))


def test_past_incidents_that_look_alike_are_shown_with_what_fixed_them(stage: Stage) -> None:
    view = opened(stage)
    type_title(stage, view, "DynamoDB ProvisionedThroughputExceededException, writes are throttled")
    said = verdict_of(judged(stage, view, "Similar: "))
    assert 1 <= said.count("Similar: ") <= 3 and "Fix: " in said


def test_a_form_that_cannot_be_judged_declares_all_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("no judge")

    view = opened(stage)
    monkeypatch.setattr(declaring, "judged_so_far", broken)
    type_title(stage, view, "the lift is stuck")
    settle(stage.database)
    assert verdict_of(shown(stage, view)) == HINT
    stage.responder.submit(view, {"title": {"title": "the lift of the warehouse is stuck"}})
    stage.responder.wait_for(
        lambda: any("the lift of the warehouse is stuck" in content_of(m) for m in stage.responder.messages(INCIDENTS)),
        what="the incident that was declared",
    )
