"""A form that is typed into: one thread draws it, nobody waits for that one, and the latest character is shown."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from slack_bolt import Ack

from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows import change
from bot.severity.rules import Severity
from bot.slack.client import Slack, TryAgain, web_client
from bot.stakeholders import listeners as telling
from bot.stakeholders.listeners import Redraws, notice_sent, redraw
from bot.stakeholders.messages import PREVIEW
from tests.support.stage import Stage

_PATIENCE = 120  # seconds until a thread that hangs fails the test


class SlowSlack(Slack):
    """Keeps the words of each preview it is to draw; the first takes until it is let go."""

    def __init__(self) -> None:
        super().__init__(web_client("http://127.0.0.1:9", "xoxb-nowhere"))
        self.drawn: list[str] = []
        self.drawing, self.go_on = threading.Event(), threading.Event()
        self.trouble: Exception | None = None

    def update_view(self, view_id: str, view: dict[str, Any], view_hash: str | None = None) -> None:
        (said,) = [block["text"]["text"] for block in view["blocks"] if block.get("block_id") == PREVIEW]
        self.drawn.append(said.partition("*News:* ")[2].partition("\n")[0])
        self.drawing.set()
        assert self.go_on.wait(_PATIENCE)
        if self.trouble is not None:
            raise self.trouble


class Form:
    """An open form of a notice, and the characters that are typed into it."""

    def __init__(self, stage: Stage) -> None:
        ref, _ = stage.declare("P3 the scales of the market are off")
        with stage.database.transaction() as session:
            row = incidents.get_by_ref(session, ref)
            self.view = telling._form(stage.context, row, "update", {"news": "we look"}, stage.context.now())
        self.context, self.redraws, self.slack = stage.context, Redraws(), SlowSlack()

    def type(self, words: str, at: float) -> None:
        view = {**self.view, "id": "V1", "state": {"values": {"news": {"news": {"value": words}}}}}
        body = {"user": {"id": "U0RESPONDER"}, "view": view}
        ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
        redraw(self.context, self.slack, self.redraws, ack, body, {"action_ts": str(at)})


@pytest.fixture
def form(stage: Stage) -> Form:
    return Form(stage)


def test_who_types_on_while_slack_is_slow_holds_one_thread_and_sees_the_latest_words(form: Form) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(form.type, "a", 1)
        assert form.slack.drawing.wait(_PATIENCE)
        for at, words in enumerate(("ab", "abc", "abcd"), start=2):
            form.type(words, at)  # in this thread: it comes back, though nothing was drawn yet
        assert not first.done()
        form.slack.go_on.set()
        first.result(_PATIENCE)
    assert form.slack.drawn == ["a", "abcd"]


def test_a_character_that_comes_after_a_later_one_is_not_drawn(form: Form) -> None:
    form.slack.go_on.set()
    form.type("abc", 3)
    form.type("ab", 2)
    assert form.slack.drawn == ["abc"]


def test_of_characters_that_wait_the_latest_typed_is_drawn_and_not_the_latest_heard(form: Form) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(form.type, "a", 1)
        assert form.slack.drawing.wait(_PATIENCE)
        form.type("abc", 3)
        form.type("ab", 2)
        form.slack.go_on.set()
        first.result(_PATIENCE)
    assert form.slack.drawn == ["a", "abc"]


@pytest.mark.parametrize("trouble", [TryAgain("views.update", "timed out"), ZeroDivisionError()])
def test_a_drawing_that_failed_leaves_the_turn_to_the_next_character(form: Form, trouble: Exception) -> None:
    form.slack.go_on.set()
    form.slack.trouble = trouble
    form.type("a", 1)
    form.slack.trouble = None
    form.type("ab", 2)
    assert form.slack.drawn == ["a", "ab"]


def send(stage: Stage, ref: str, view: dict[str, Any], later: timedelta) -> dict[str, Any] | None:
    """Press Send that much later than now, with "we look" typed as the news."""
    with stage.database.transaction() as session:
        values = {"news": "we look", "impact": "", "next_steps": ""}
        return notice_sent(session, stage.context, values, view, "U0RESPONDER", stage.context.now() + later)


def told_of(stage: Stage, ref: str) -> list[dict[str, Any]]:
    with stage.database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        return [dict(one.data) for one in timeline.list_rows(session, row.incident_id, (Kind.NOTICE_WRITTEN,))]


def opened_form(stage: Stage) -> tuple[str, dict[str, Any]]:
    ref, _ = stage.declare("P2 the weighbridge of the harbour is off")
    with stage.database.transaction() as session:
        view = telling._form(stage.context, incidents.get_by_ref(session, ref), "update", {}, stage.context.now())
    return ref, {**view, "id": f"V{ref}"}


def preview(view: dict[str, Any]) -> str:
    return next(str(block["text"]["text"]) for block in view["blocks"] if block.get("block_id") == PREVIEW)


def test_a_form_that_was_open_for_hours_is_drawn_anew_and_asked_again_before_anything_is_sent(stage: Stage) -> None:
    ref, view = opened_form(stage)
    again = send(stage, ref, view, timedelta(hours=3))
    assert again is not None
    assert told_of(stage, ref) == []
    assert "*Open for:* 3 h" in preview(again)
    assert "Nothing was sent yet" in json.dumps(again["blocks"])
    news = next(block["element"] for block in again["blocks"] if block.get("block_id") == "news")
    assert news["initial_value"] == "we look", "what was typed is kept"
    assert send(stage, ref, {**again, "id": view["id"]}, timedelta(hours=3, minutes=2)) is None
    (told,) = told_of(stage, ref)
    assert all(f"*{name}:* {words}" in preview(again) for name, words in told["lines"])


def test_a_form_whose_severity_was_changed_meanwhile_is_drawn_anew(stage: Stage) -> None:
    ref, view = opened_form(stage)
    with stage.database.transaction() as session:
        row = incidents.get_by_ref(session, ref)
        change.set_severity(session, row, Severity.P1, "U0TEAMLEAD", stage.context.policy, stage.context.now())
    again = send(stage, ref, view, timedelta(minutes=1))
    assert again is not None
    assert "P1" in preview(again)
    assert told_of(stage, ref) == []


def test_a_form_that_was_open_for_minutes_sends_what_it_showed(stage: Stage) -> None:
    ref, view = opened_form(stage)
    assert send(stage, ref, view, timedelta(minutes=9)) is None
    (told,) = told_of(stage, ref)
    shown = preview(view)
    assert all(f"*{name}:* {words}" in shown for name, words in told["lines"] if words != "we look")
