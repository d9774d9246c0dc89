"""A form that is typed into: one thread draws it, nobody waits for that one, and the latest character is shown."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt import Ack

from bot.listeners import telling
from bot.listeners.telling import Redraws, redraw
from bot.slack.client import Slack, TryAgain, web_client
from bot.slack.room import PREVIEW
from bot.store import incidents
from tests.stage import Stage

_PATIENCE = 20  # seconds until a thread that hangs fails the test


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
            self.view = telling._form(stage.desk, row, "update", {"news": "we look"}, stage.desk.now())
        self.desk, self.redraws, self.slack = stage.desk, Redraws(), SlowSlack()

    def type(self, words: str, at: float) -> None:
        view = {**self.view, "id": "V1", "state": {"values": {"news": {"news": {"value": words}}}}}
        body = {"user": {"id": "U0RESPONDER"}, "view": view}
        ack = Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare
        redraw(self.desk, self.slack, self.redraws, ack, body, {"action_ts": str(at)})


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
