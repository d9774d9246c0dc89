"""Words to whoever pressed: what Slack refuses to show stays in the log, and what was decided stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from slack_bolt import Ack, Respond
from structlog.testing import capture_logs

from bot.incidents.interactions import opened
from bot.incidents.queries import incidents
from bot.lifecycle.listeners import channel as room
from bot.lifecycle.listeners import shortcuts
from bot.slack.client import Message, Slack, web_client
from bot.slack.replies.private import answer_press, reply_privately
from bot.stakeholders import listeners as telling
from tests.support.stage import Stage


def ack() -> Ack:
    return Ack()  # type: ignore[no-untyped-call]  # the library leaves it bare


class Refusing(BaseHTTPRequestHandler):
    """An address that takes every answer down and refuses it as its path says."""

    heard: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(int(self.path.strip("/")))
        self.end_headers()
        self.wfile.write(b"used_url")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is not the place."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [404, 429, 500])
def test_an_answer_that_slack_refuses_is_logged_and_never_raised(address: str, status: int) -> None:
    with capture_logs() as lines:
        reply_privately(Respond(response_url=f"{address}/{status}"), "You acknowledged it.")
    (line,) = lines
    assert line["event"] == "could not reply privately"
    assert "acknowledged" not in str(line), "it may be of a security incident"
    assert str(status) in line["error"]


def test_an_answer_to_nobody_there_is_logged_and_never_raised() -> None:
    with capture_logs() as lines:
        reply_privately(Respond(response_url="http://127.0.0.1:9/closed"), "You acknowledged it.")
    assert [line["event"] for line in lines] == ["could not reply privately"]


def test_a_sentence_stands_below_and_a_message_in_place_of_what_was_pressed(address: str) -> None:
    Refusing.heard.clear()
    answer_press(
        ack(), Respond(response_url=f"{address}/200"), ["a sentence", Message("page 2", ({"type": "divider"},))]
    )
    assert [(each["text"], each["replace_original"]) for each in Refusing.heard] == [
        ("a sentence", False),
        ("page 2", True),
    ]
    assert Refusing.heard[1]["blocks"] == [{"type": "divider"}]


def test_where_there_is_no_address_to_answer_to_nothing_is_said() -> None:
    with capture_logs() as lines:
        reply_privately(Respond(response_url=None), "You acknowledged it.")
    assert lines == []


def test_buttons_and_shortcuts_that_can_neither_open_nor_answer_raise_nothing(stage: Stage, address: str) -> None:
    """Slack opens no form (the trigger is made up), and takes no words either."""
    slack = Slack(web_client(stage.playground.api_url, "xoxb-playground"))
    ref, channel = stage.declare("P3 the gate is slow")
    body: dict[str, Any] = {
        "user": {"id": "U0RESPONDER"},
        "channel": {"id": channel["id"]},
        "message": {"ts": "1700000000.000100", "text": "slow"},
        "trigger_id": "1.2.gone",
    }
    respond = Respond(response_url=f"{address}/404")
    with stage.database.transaction() as session:
        value = f"update:{incidents.get_by_ref(session, ref).incident_id}"
    with capture_logs() as lines:
        shortcuts.timeline_message(stage.context, slack, ack(), respond, body)
        pressed = {"action_id": "notice_form", "value": value}
        opened(telling.OPENINGS["notice_form"])(stage.context, slack, ack(), respond, body, pressed)
        room.turn_page(stage.context, ack(), respond, body, {"value": "open:1"})
    assert [line["event"] for line in lines if line["event"] == "could not reply privately"] == [
        "could not reply privately"
    ] * 3
