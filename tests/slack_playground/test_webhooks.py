"""HTTP mode against a real Bolt app behind a real HTTP server."""

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient

from slack_playground.person import NotDone, Person
from tests.fixtures.slack import Control
from tests.slack_playground.test_messages_api import INCIDENTS


class AppServer:
    """A Bolt app behind HTTP. `failing` requests are answered with 500 first; `headers` keeps what came."""

    def __init__(self, app: App) -> None:
        self.failing = 0
        self.headers: queue.Queue[dict[str, str]] = queue.Queue()
        outer = self

        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.headers.put(dict(self.headers.items()))
                if outer.failing:
                    outer.failing -= 1
                    self.send_error(500)
                    return
                answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers.items())))
                self.send_response(answer.status)
                for name, values in answer.headers.items():
                    self.send_header(name, values[0])
                self.end_headers()
                self.wfile.write(answer.body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slack/events"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def served(web_client: WebClient) -> Iterator[tuple[App, AppServer]]:
    """A Bolt app that checks signatures with the playground's secret, and its server."""
    app = App(client=web_client, signing_secret="playground")
    server = AppServer(app)
    yield app, server
    server.close()


def test_a_verified_address_gets_signed_commands_events_and_presses(
    served: tuple[App, AppServer], web_client: WebClient, control: Control, responder: Person
) -> None:
    app, server = served
    heard: queue.Queue[str] = queue.Queue()
    app.command("/incident")(lambda ack, body: ack(f"heard {body['text']}"))
    app.event("message")(lambda event: heard.put(event["text"]))

    @app.action("go")
    def pressed(ack: Ack, body: dict[str, Any]) -> None:
        heard.put(body["actions"][0]["value"])
        ack()

    control.request_url(server.url)
    responder.command(INCIDENTS, "/incident status")
    assert responder.ephemerals(INCIDENTS)[-1]["text"] == "heard status"
    responder.say(INCIDENTS, "checkout is down")
    assert heard.get(timeout=60) == "checkout is down"
    button = {"type": "button", "action_id": "go", "value": "7", "text": {"type": "plain_text", "text": "Go"}}
    web_client.chat_postMessage(channel=INCIDENTS, text="x", blocks=[{"type": "actions", "elements": [button]}])
    responder.press(responder.messages(INCIDENTS)[-1], "go")
    assert heard.get(timeout=60) == "7"


def test_an_event_that_failed_comes_again_and_says_why(
    served: tuple[App, AppServer], control: Control, responder: Person
) -> None:
    app, server = served
    heard: queue.Queue[str] = queue.Queue()
    app.event("message")(lambda event: heard.put(event["text"]))
    control.request_url(server.url)
    server.headers.get(timeout=60)
    server.failing = 2
    responder.say(INCIDENTS, "x")
    assert heard.get(timeout=60) == "x"
    sent = [server.headers.get(timeout=60) for _ in range(3)]
    assert [headers.get("X-Slack-Retry-Num") for headers in sent] == [None, "1", "2"]
    assert sent[1]["X-Slack-Retry-Reason"] == "http_error"


def test_a_failing_address_is_told_to_the_person(
    served: tuple[App, AppServer], control: Control, responder: Person
) -> None:
    _, server = served
    control.request_url(server.url)
    server.failing = 1
    with pytest.raises(NotDone, match="http_service_error"):
        responder.command(INCIDENTS, "/incident status")


def test_an_address_that_does_not_answer_the_challenge_is_not_taken(
    served: tuple[App, AppServer], control: Control
) -> None:
    _, server = served
    server.failing = 1
    with pytest.raises(OSError, match="400"):
        control.request_url(server.url)
    with pytest.raises(OSError, match="400"):
        control.request_url("http://example.com/slack/events")
