"""Slack over HTTP: signatures with every secret in rotation, and a command answered in the response."""

from __future__ import annotations

import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.slack.client import web_client
from bot.store.engine import Database
from bot.web.slack import LARGEST_BODY, slack_route
from bot.web.tables import RequestRow
from bot.web.taken_requests import TakenRequests

COMMAND = {
    "command": "/incident",
    "text": "help",
    "team_id": "T1",
    "user_id": "U1",
    "channel_id": "C1",
    "trigger_id": "1.2",
}


@pytest.fixture
def client(database: Database) -> TestClient:
    app = App(
        client=web_client("http://127.0.0.1:9/api/", "xoxb-test"),
        token_verification_enabled=False,
        request_verification_enabled=False,
        authorize=lambda: AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_token="xoxb-test", bot_user_id="U2", bot_id="B1"
        ),
    )

    def incident(ack: Ack, command: dict[str, str]) -> None:
        if command["text"] == "fail" and not failed:
            failed.append(command["text"])
            raise RuntimeError("the database is away")
        ack(text=f"heard {command['text']}")

    failed: list[str] = []

    app.command("/incident")(incident)
    return TestClient(Starlette(routes=[slack_route(app, ["new secret", "old secret"], TakenRequests(database))]))


def _headers(body: str, secret: str, at: float) -> dict[str, str]:
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(int(at)), body=body)
    return {
        "X-Slack-Request-Timestamp": str(int(at)),
        "X-Slack-Signature": signature or "",
        "Content-Type": "application/x-www-form-urlencoded",
    }


@pytest.mark.parametrize("secret", ["new secret", "old secret"])
def test_a_command_signed_with_any_secret_in_rotation_is_answered(client: TestClient, secret: str) -> None:
    body = urlencode(COMMAND)
    answer = client.post("/slack/events", content=body, headers=_headers(body, secret, time.time()))
    assert answer.status_code == 200
    assert answer.text == "heard help"


def test_a_signed_request_is_taken_once_and_once_more_only_where_it_failed(client: TestClient) -> None:
    body = urlencode(COMMAND | {"text": "once"})
    headers = _headers(body, "new secret", time.time())
    assert client.post("/slack/events", content=body, headers=headers).text == "heard once"
    replayed = client.post("/slack/events", content=body, headers=headers)
    assert (replayed.status_code, "heard" in replayed.text) == (409, False)
    retried = client.post("/slack/events", content=body, headers=headers | {"X-Slack-Retry-Num": "1"})
    assert (retried.status_code, "heard" in retried.text) == (200, False), "Slack's own retry is acknowledged"
    anew = _headers(body, "new secret", time.time() - 60)
    assert client.post("/slack/events", content=body, headers=anew).text == "heard once", "signed anew: another request"
    body = urlencode(COMMAND | {"text": "fail"})
    headers = _headers(body, "new secret", time.time())
    assert client.post("/slack/events", content=body, headers=headers).status_code == 500
    assert client.post("/slack/events", content=body, headers=headers).text == "heard fail"


def test_of_a_request_that_comes_many_times_at_once_one_is_taken(database: Database) -> None:
    taken = TakenRequests(database)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(taken.take, ["v0=at once"] * 16))
    assert answers.count(True) == 1


def test_requests_whose_signature_has_expired_are_forgotten(database: Database) -> None:
    with database.transaction() as session:
        session.add(RequestRow(signature="v0=old", taken_at=datetime.now(UTC) - timedelta(minutes=20)))
    assert TakenRequests(database).take("v0=next")
    with database.transaction() as session:
        assert session.get(RequestRow, "v0=old") is None


@pytest.mark.parametrize(("secret", "age"), [("stolen", 0.0), ("new secret", 600.0)])
def test_a_wrong_or_old_signature_is_refused(client: TestClient, secret: str, age: float) -> None:
    body = urlencode(COMMAND)
    answer = client.post("/slack/events", content=body, headers=_headers(body, secret, time.time() - age))
    assert answer.status_code == 401


def test_an_unsigned_request_is_refused(client: TestClient) -> None:
    assert client.post("/slack/events", content=urlencode(COMMAND)).status_code == 401


def test_a_huge_request_is_refused_before_it_is_read_whole(client: TestClient) -> None:
    assert client.post("/slack/events", content=b"x" * (LARGEST_BODY + 1)).status_code == 413


def test_a_caught_command_with_another_content_type_takes_nothing_from_the_true_one(client: TestClient) -> None:
    body = urlencode(COMMAND | {"text": "mine"})
    headers = _headers(body, "new secret", time.time())
    forged = headers | {"Content-Type": "application/json", "X-Slack-Bolt-Lazy-Only": "1"}
    assert client.post("/slack/events", content=body, headers=forged).status_code == 400
    assert client.post("/slack/events", content=body, headers=headers).text == "heard mine"


@pytest.mark.parametrize(
    "body", ["{", "[]", "null", "[" * 50_000, "payload=[]", "payload={", '{"n": %s}' % ("9" * 5000), '{"event": []}']
)
def test_a_signed_request_that_is_nothing_of_slacks_is_a_bad_request(client: TestClient, body: str) -> None:
    kind = "application/x-www-form-urlencoded" if body.startswith("payload") else "application/json"
    headers = _headers(body, "new secret", time.time()) | {"Content-Type": kind}
    answer = client.post("/slack/events", content=body, headers=headers)
    assert (answer.status_code, answer.text) == (400, "This is nothing that Slack sends.")


@pytest.mark.parametrize("signature", ["v0=" + "0" * 64, "the secret's"])
def test_what_is_no_text_is_a_bad_request_whoever_sends_it(client: TestClient, signature: str) -> None:
    stamp, body = str(int(time.time())), b"text=\xff"
    if signature == "the secret's":
        signature = f"v0={hmac.new(b'new secret', f'v0:{stamp}:'.encode() + body, 'sha256').hexdigest()}"
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    assert client.post("/slack/events", content=body, headers=headers).status_code == 400


def test_the_challenge_and_the_certificate_check_are_answered_to_slack_alone(client: TestClient) -> None:
    for body, kind in (
        ('{"type": "url_verification", "challenge": "c"}', "json"),
        ("ssl_check=1", "x-www-form-urlencoded"),
    ):
        content = {"Content-Type": f"application/{kind}"}
        assert client.post("/slack/events", content=body, headers=content).status_code == 401
        signed = _headers(body, "new secret", time.time()) | content
        assert client.post("/slack/events", content=body, headers=signed).status_code == 200


@pytest.mark.parametrize(
    ("timestamp", "signature"),
    [
        ("yesterday", "v0=" + "0" * 64),
        ("", "v0=" + "0" * 64),
        ("1" * 400, "v0=" + "0" * 64),
        ("-1", "v0=" + "0" * 64),
        ("1e9", "v0=" + "0" * 64),
        ("1700000000", "v0=é"),
        ("1700000000", "v1=" + "0" * 64),
        ("1700000000", ""),
    ],
)
def test_a_malformed_signature_or_timestamp_is_a_bad_request(
    client: TestClient, timestamp: str, signature: str
) -> None:
    headers = {b"X-Slack-Request-Timestamp": timestamp.encode(), b"X-Slack-Signature": signature.encode()}
    answer = client.post("/slack/events", content=urlencode(COMMAND), headers=headers)
    assert answer.status_code == 400
