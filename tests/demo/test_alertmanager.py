"""The demo's Alertmanager: one alarm that fires and ends, delivered again until the bot takes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot.alarms.rules.alarm import State
from bot.alarms.rules.webhooks import from_webhook
from bot.demo.cloud.alertmanager import Alertmanager

OPENED = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


class Bot(HTTPServer):
    """Answers with `status`, and keeps what it took with 200."""

    status = 503
    taken: list[tuple[str, bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Bot

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.taken.append((self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def bot() -> Iterator[Bot]:
    server = Bot(("127.0.0.1", 0), Handler)
    server.taken = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_is_delivered_once_when_it_is_due_and_again_until_it_is_taken(bot: Bot) -> None:
    alerts = Alertmanager(f"http://127.0.0.1:{bot.server_port}/alarms/alertmanager", "secret", OPENED)
    bot.status = 200
    alerts.go_on(OPENED + timedelta(minutes=3))
    assert bot.taken == [], "it is not due"
    bot.status = 503
    alerts.go_on(OPENED + timedelta(minutes=5))
    bot.status = 200
    for minute in (6, 7, 30, 31):
        alerts.go_on(OPENED + timedelta(minutes=minute))
    assert [token for token, _ in bot.taken] == ["Bearer secret"] * 2
    read = [alarm for _, body in bot.taken for alarm in from_webhook(json.loads(body))]
    assert [(one.name, one.state) for one in read] == [
        ("SearchLatencyHigh", State.FIRING),
        ("SearchLatencyHigh", State.OK),
    ]
    assert len({one.identity for one in read}) == 1
