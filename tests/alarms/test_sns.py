"""Alarms by SNS over HTTPS: signed with a real RSA key, as SNS signs, and every way to forge that."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.alarms.policy.file import AlarmsPolicy
from bot.alarms.rules.reading import LARGEST
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmThreadRow
from bot.alarms.transports.sns import confirm, sns_routes
from bot.aws.session import Unavailable
from bot.aws.sns_signatures import Certificates, NotFetched, string_to_sign
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.web.app import create_web
from tests.alarms.test_reading import METRIC
from tests.fixtures.web import Site
from tests.support.queue import empty_queue, queued

TOPIC = "arn:aws:sns:eu-central-1:123456789012:tocsin-alarms"
HOST = "https://sns.eu-central-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123456789abcdef.pem"


def make_certificate(key: rsa.RSAPrivateKey, begin: datetime) -> bytes:
    """Valid for ten days from `begin`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=10))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


class Sender:
    """SNS: what it sends, its certificate, and who fetched that."""

    def __init__(self, site: Site, key: rsa.RSAPrivateKey) -> None:
        self.site, self.key, self.fetched = site, key, list[str]()
        self.now = site.context.now()
        self.pem = make_certificate(key, self.now - timedelta(days=1))
        alarms = AlarmsPolicy.model_validate({"topics": [TOPIC]})
        self.context = replace(site.context, policy=replace(site.policy, alarms=alarms), now=lambda: self.now)
        self.browser = TestClient(create_web(ready=list, routes=sns_routes(self.context, Certificates(self._fetch))))

    def _fetch(self, address: str) -> bytes:
        self.fetched.append(address)
        if not self.pem:
            raise NotFetched("SNS did not answer")
        return self.pem

    def message(self, **more: Any) -> dict[str, Any]:
        message: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Subject": "ALARM",
            "Message": json.dumps(METRIC),
            "Timestamp": self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        } | more
        return {name: value for name, value in message.items() if value is not None}

    def signed(self, **more: Any) -> dict[str, Any]:
        message = self.message(**more)
        digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()
        signature = self.key.sign(string_to_sign(message), padding.PKCS1v15(), digest)
        return message | {"Signature": base64.b64encode(signature).decode()}

    def send(self, message: Any) -> Response:
        content = message if isinstance(message, str) else json.dumps(message)
        return self.browser.post("/alarms/sns", content=content, headers={"Content-Type": "text/plain; charset=UTF-8"})

    def kept(self) -> list[tuple[str, int]]:
        with self.site.database.transaction() as session:
            return [(row.name, row.firings) for row in session.scalars(select(AlarmRow))]


@pytest.fixture
def sns(site: Site, key: rsa.RSAPrivateKey) -> Iterator[Sender]:
    with site.database.transaction() as session:
        for table in (AlarmThreadRow, AlarmRow, AlarmDeliveryRow):
            session.query(table).delete()
        empty_queue(session)
    yield Sender(site, key)


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_sns_signed_is_taken_in_once_and_its_certificate_fetched_once(sns: Sender, version: str) -> None:
    message = sns.signed(SignatureVersion=version)
    answers = [sns.send(message) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["fresh"] for answer in answers] == [True, False]
    assert sns.kept() == [("checkout-5xx", 1)]
    assert sns.fetched == [CERTIFICATE]
    assert sns.send(sns.signed(SignatureVersion=version, Subject=None, MessageId="another")).status_code == 200


FORGED: dict[str, tuple[Callable[[Sender], Any], str]] = {
    "another text": (lambda sns: sns.signed() | {"Message": "all is well"}, "signature does not fit"),
    "another's key": (
        lambda sns: Sender(sns.site, rsa.generate_private_key(65537, 2048)).signed(),
        "signature does not fit",
    ),
    "another text in version 1": (
        lambda sns: sns.signed(SignatureVersion="1") | {"Message": "all is well"},
        "signature does not fit",
    ),
    "another's key in version 1": (
        lambda sns: Sender(sns.site, rsa.generate_private_key(65537, 2048)).signed(SignatureVersion="1"),
        "signature does not fit",
    ),
    "no signature": (lambda sns: sns.message(), "signature does not fit"),
    "no base64": (lambda sns: sns.message(Signature="§"), "signature does not fit"),
    "signed as another version": (lambda sns: sns.signed() | {"SignatureVersion": "1"}, "signature does not fit"),
    "an unknown version": (lambda sns: sns.signed() | {"SignatureVersion": "3"}, "neither 1 nor 2"),
    "another topic": (lambda sns: sns.signed(TopicArn=f"{TOPIC}-2"), "topic is not in alarms.yaml"),
    "an hour old": (lambda sns: sns.signed(Timestamp="2020-01-01T00:00:00.000Z"), "more than an hour"),
    "no instant": (lambda sns: sns.signed(Timestamp="soon"), "no instant"),
    "without a text": (lambda sns: sns.message(Message=None, Signature="AAAA"), "Message is missing"),
    "raw delivery": (lambda sns: json.dumps(METRIC), "RawMessageDelivery --attribute-value false"),
    "no JSON": (lambda sns: "checkout is down", "raw message delivery"),
    "a list": (lambda sns: "[" * 100_000, "raw message delivery"),
}
ELSEWHERE = (
    "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem",
    "https://sns.eu-central-1.amazonaws.com.evil.example.com/SimpleNotificationService-01.pem",
    "https://sns.eu-central-1.amazonaws.com@evil.example.com/SimpleNotificationService-01.pem",
    "https://evil.example.com/SimpleNotificationService-01.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
    "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-01.pem",
    "https://sns.eu-central-1.amazonaws.com/bucket/key.pem",
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem?Action=Publish",
    "https://[sns",
    "",
)


@pytest.mark.parametrize("label", FORGED)
def test_what_sns_did_not_send_now_is_refused_with_one_line_in_the_log(sns: Sender, label: str) -> None:
    make, says = FORGED[label]
    with capture_logs() as lines:
        answer = sns.send(make(sns))
    assert answer.status_code == 403 and says in answer.json()["error"]
    assert [line["event"] for line in lines] == ["a delivery of SNS was refused"]
    assert sns.kept() == []


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_certificate_is_fetched_from_sns_of_that_region_alone(sns: Sender, address: str) -> None:
    answer = sns.send(sns.signed(SigningCertURL=address))
    assert answer.status_code == 403 and "SigningCertURL" in answer.json()["error"]
    assert sns.fetched == [], "nothing was asked elsewhere"


def test_a_certificate_that_is_over_or_weak_or_none_is_refused(sns: Sender) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    begin = sns.now - timedelta(days=30)
    for pem, says in (
        (make_certificate(sns.key, begin), "not valid now"),
        (make_certificate(weak, sns.now - timedelta(days=1)), "2048 bits"),
        (b"<html>", "no certificate"),
    ):
        sender = Sender(sns.site, sns.key)
        sender.pem = pem
        answer = sender.send(sender.signed())
        assert answer.status_code == 403 and says in answer.json()["error"]


def test_a_certificate_that_cannot_be_fetched_is_tried_again_with_the_next_delivery(sns: Sender) -> None:
    pem, sns.pem = sns.pem, b""
    message = sns.signed()
    assert sns.send(message).status_code == 503
    sns.pem = pem
    assert sns.send(message).json()["fresh"]


def confirmation(sns: Sender, **more: Any) -> dict[str, Any]:
    return sns.signed(Type="SubscriptionConfirmation", Subject=None, Token="t" * 64, **more)


def test_a_subscription_of_a_topic_of_the_policy_is_confirmed_by_a_job(sns: Sender) -> None:
    address = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    for _ in range(2):
        assert sns.send(confirmation(sns, SubscribeURL=address)).status_code == 200
    with sns.site.database.transaction() as session:
        (job,) = queued(session, "alarms.confirm")
    assert job.arguments == {"topic": TOPIC, "address": address}
    answer = sns.send(confirmation(sns, SubscribeURL="https://evil.example.com/"))
    assert answer.status_code == 403 and "SubscribeURL" in answer.json()["error"]
    assert sns.send(confirmation(sns, SubscribeURL=address, TopicArn=f"{TOPIC}-2")).status_code == 403


class Confirming(BaseHTTPRequestHandler):
    """SNS's side of a confirmation: `answers` are the states that it will answer, `asked` what was asked."""

    answers: ClassVar[list[int]] = []
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.answers.pop(0))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


def test_the_job_asks_again_until_sns_has_confirmed_and_follows_nowhere(sns: Sender) -> None:
    Confirming.answers[:] = [503, 302, 200]
    with HTTPServer(("127.0.0.1", 0), Confirming) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/?Action=ConfirmSubscription"
        for _ in range(2):
            with pytest.raises(Unavailable, match="is not confirmed yet"):
                confirm(sns.context, cast(Slack, None), cast(Poster, None), topic=TOPIC, address=address)
        confirm(sns.context, cast(Slack, None), cast(Poster, None), topic=TOPIC, address=address)
        confirm(sns.context, cast(Slack, None), cast(Poster, None), topic=f"{TOPIC}-2", address=address)
        server.shutdown()
    assert Confirming.asked == ["/?Action=ConfirmSubscription"] * 3


def test_an_ended_subscription_is_a_line_in_the_log_and_is_not_renewed(sns: Sender) -> None:
    with capture_logs() as lines:
        ended = sns.signed(Type="UnsubscribeConfirmation", Subject=None, Token="t", SubscribeURL=f"{HOST}/?x")
        assert sns.send(ended).status_code == 200
    assert "somebody ended its subscription" in lines[-1]["event"]
    with sns.site.database.transaction() as session:
        assert queued(session, "alarms.confirm") == []


def test_the_largest_message_is_taken_however_long_it_is_as_json_and_nothing_larger(sns: Sender) -> None:
    said = json.dumps(METRIC | {"AlarmDescription": ""})
    for number, filler in enumerate(('"', "é", "\n")):
        largest = said[:-1] + filler * ((LARGEST - len(said)) // len(filler.encode()))
        assert sns.send(sns.signed(Message=largest, MessageId=f"m-{number}")).status_code == 200
    too_large = sns.send(sns.signed(Message="x" * (4 * LARGEST)))
    assert (too_large.status_code, too_large.json()["error"]) == (413, "The delivery is larger than what SNS sends.")
    assert len(sns.kept()) == 1, "the same alarm, cut off in the same way"


def test_without_topics_there_is_no_way_in(site: Site) -> None:
    assert sns_routes(site.context, Certificates(lambda _address: b"")) == []
