"""Alarms from SQS, as moto plays it: taken in once, deleted after the commit, none lost."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.alarms.flows import intake
from bot.alarms.rules.reading import LARGEST
from bot.alarms.tables import AlarmDeliveryRow, AlarmRow, AlarmThreadRow
from bot.alarms.transports import sqs
from bot.alarms.transports.sqs import QueueReader
from bot.aws.operations import QUEUE
from bot.aws.queues import AlarmQueue, Received, alarm_queue, queue_place
from bot.aws.session import NotAllowed
from bot.context import AppContext
from bot.errors import InvalidSettings
from tests.alarms.test_reading import GUARDDUTY, METRIC, by_sns
from tests.diagnostics.account import ACCOUNT, REGION, client, played, refuse

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    with played():
        yield


@pytest.fixture
def queue(account: None, context: AppContext) -> AlarmQueue:
    """A queue of the test's own whose messages come back at once, and no alarms of the test before."""
    name = f"alarms-{next(_numbers)}"
    url = client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    with context.database.transaction() as session:
        for table in (AlarmThreadRow, AlarmRow, AlarmDeliveryRow):
            session.query(table).delete()
    return alarm_queue(url, REGION)


@pytest.fixture
def reader(context: AppContext, queue: AlarmQueue) -> QueueReader:
    return QueueReader(context, queue, threading.Event(), wait=0)


def send(queue: AlarmQueue, *bodies: object) -> None:
    for body in bodies:
        written = body if isinstance(body, str) else json.dumps(body)
        client("sqs").send_message(QueueUrl=queue.url, MessageBody=written)


def lying(queue: AlarmQueue) -> int:
    return int(queue.attributes()["ApproximateNumberOfMessages"])


def kept(context: AppContext) -> list[tuple[str, str, int]]:
    """Source, name and firings of each alarm."""
    with context.database.transaction() as session:
        rows = session.scalars(select(AlarmRow).order_by(AlarmRow.alarm_id))
        return [(row.source, row.name, row.firings) for row in rows]


def test_every_shape_is_taken_in_and_deleted(context: AppContext, queue: AlarmQueue, reader: QueueReader) -> None:
    raw = METRIC | {"AlarmName": "raw-alarm", "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:raw-alarm"}
    send(queue, by_sns(METRIC), raw, GUARDDUTY, "the backup of orders failed")
    assert reader.take_some() == 4
    names = {(source, name) for source, name, _ in kept(context)}
    assert {("CloudWatch", "checkout-5xx"), ("CloudWatch", "raw-alarm")} <= names
    assert ("Text", "the backup of orders failed") in names
    assert any(source == "GuardDuty" for source, _ in names)
    assert lying(queue) == 0


def test_what_sns_published_arrives_through_its_subscription(
    context: AppContext, queue: AlarmQueue, reader: QueueReader
) -> None:
    topic = client("sns").create_topic(Name="alarms")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    client("sns").publish(TopicArn=topic, Message=json.dumps(METRIC), Subject='ALARM: "checkout-5xx" in EU (Frankfurt)')
    assert reader.take_some() == 1
    assert kept(context) == [("CloudWatch", "checkout-5xx", 1)]


def test_a_message_that_comes_twice_or_to_two_replicas_counts_once(context: AppContext, queue: AlarmQueue) -> None:
    send(queue, by_sns(METRIC))
    first, other = (QueueReader(context, queue, threading.Event(), wait=0) for _ in range(2))
    to_one, to_another = queue.receive(0), queue.receive(0)
    assert to_one[0].message_id == to_another[0].message_id
    for reader, messages in ((first, to_one), (other, to_another)):
        assert reader._take_all(messages) == 1
    assert kept(context) == [("CloudWatch", "checkout-5xx", 1)]


def test_nothing_is_deleted_that_was_not_committed(
    context: AppContext, queue: AlarmQueue, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(queue, by_sns(METRIC))

    def away(*_arguments: Any, **_named: Any) -> None:
        raise OperationalError("select", {}, Exception("the server closed the connection"))

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(sqs, "take_delivery", away)
        reader.take_some()
    assert (kept(context), lying(queue)) == ([], 1)
    assert reader.take_some() == 1
    assert (len(kept(context)), lying(queue)) == (1, 0)


def test_a_message_that_cannot_be_taken_in_is_kept_as_its_text(
    context: AppContext, queue: AlarmQueue, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(queue, METRIC, "the second one")

    def fails_for_known(*arguments: Any, **named: Any) -> intake.Taken:
        if named["alarms"][0].source == "CloudWatch":
            raise ValueError("a fault of ours")
        return intake.take_delivery(*arguments, **named)

    monkeypatch.setattr(sqs, "take_delivery", fails_for_known)
    assert reader.take_some() == 2
    (source, name, _), second = kept(context)
    assert source == "SQS" and name.startswith("Unreadable message ")
    assert second[:2] == ("Text", "the second one")
    assert lying(queue) == 0


def test_what_cannot_even_be_kept_as_text_is_left_to_the_dead_letter_queue(
    context: AppContext, queue: AlarmQueue, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: Any, **_named: Any) -> None:
        raise ValueError("a fault of ours")

    send(queue, METRIC)
    monkeypatch.setattr(sqs, "take_delivery", fails)
    with capture_logs() as lines:
        assert reader.take_some() == 0
    assert lying(queue) == 1
    assert lines[-1]["event"] == "a message was left in the queue, for its dead-letter queue"


def test_an_empty_text_and_the_largest_message_are_kept(
    context: AppContext, queue: AlarmQueue, reader: QueueReader
) -> None:
    send(queue, " ", "checkout is down ".ljust(LARGEST, "x"))
    assert reader.take_some() == 2
    assert [source for source, _, _ in kept(context)] == ["SQS", "Text"]
    for size in (LARGEST + 1, 1_048_576):  # more than moto takes; a queue may be set up for a megabyte
        assert reader._take(Received(f"m-{size}", "handle", "cart is down ".ljust(size, "y"), 1))
    assert [(source, firings) for source, _, firings in kept(context)] == [("SQS", 1), ("Text", 1), ("Text", 2)]


def test_an_alarm_whose_end_came_first_and_which_comes_twice_is_said_once_and_as_over(
    context: AppContext, queue: AlarmQueue, reader: QueueReader
) -> None:
    """SQS keeps no order, and delivers at least once."""
    fired = METRIC | {"StateChangeTime": "2026-11-22T03:04:05.678+0000"}
    over = METRIC | {"StateChangeTime": "2026-11-22T03:09:05.678+0000", "NewStateValue": "OK"}
    for body in (over, fired, fired, over):
        message = Received(hashlib.sha256(json.dumps(body).encode()).hexdigest(), "handle", json.dumps(body), 1)
        assert reader._take(message)
    with context.database.transaction() as session:
        (row,), (thread,) = session.scalars(select(AlarmRow)).all(), session.scalars(select(AlarmThreadRow)).all()
        assert (row.state, row.firings, thread.firings) == ("ok", 1, 1)
        assert thread.recovered_at == datetime(2026, 11, 22, 3, 9, 5, 678000, UTC)


def test_a_queue_that_is_denied_is_one_sentence_for_readiness(context: AppContext, queue: AlarmQueue) -> None:
    stop = threading.Event()
    reader = QueueReader(context, queue, stop, wait=0)
    assert reader.troubles() == []
    queue.client("sqs").meta.events.register_first("before-call.sqs.ReceiveMessage", lambda **_event: stop.set())
    refuse(queue.client("sqs"), "ReceiveMessage", "AccessDeniedException")
    reader.run()
    denied = "sqs:ReceiveMessage was denied: the role of Tocsin lacks the IAM action sqs:ReceiveMessage."
    assert reader.troubles() == [f"alarm queue {queue.name}: {denied}"]


def test_it_ends_between_messages_and_its_thread_goes(context: AppContext, queue: AlarmQueue) -> None:
    send(queue, by_sns(METRIC))
    stop = threading.Event()

    def note(_part: str) -> None:
        if threading.current_thread().name.startswith("alarm queue"):
            stop.set()  # the poll has answered; its messages are still taken in

    reader = QueueReader(context, queue, stop, note, wait=0)
    reader.start()
    thread = next(one for one in threading.enumerate() if one.name == reader.part)
    thread.join(30)
    assert not thread.is_alive() and reader.finish()
    assert len(kept(context)) == 1 and lying(queue) == 0


def test_only_taking_alarms_is_let_out_and_only_from_its_client(queue: AlarmQueue) -> None:
    assert QUEUE.actions() == ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    with pytest.raises(NotAllowed):
        queue.client("sqs").send_message(QueueUrl=queue.url, MessageBody="x")
    with pytest.raises(NotAllowed):
        queue.client("sns")


@pytest.mark.parametrize(
    ("url", "region", "arn"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/a", None, "arn:aws:sqs:eu-west-1:123456789012:a"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/a", None, "arn:aws:sqs:eu-west-1:123456789012:a"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/a", None, "arn:aws-cn:sqs:cn-north-1:123456789012:a"),
        (
            "https://sqs.us-gov-west-1.amazonaws.com/123456789012/b.fifo",
            "eu-west-1",
            "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:b.fifo",
        ),
        (
            "https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/123456789012/a",
            None,
            "arn:aws:sqs:eu-west-1:123456789012:a",
        ),
        ("http://127.0.0.1:5000/123456789012/a", "eu-central-1", "arn:aws:sqs:eu-central-1:123456789012:a"),
    ],
)
def test_the_arn_follows_from_the_url(url: str, region: str | None, arn: str) -> None:
    assert queue_place(url, region)[1] == arn


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("tocsin-alarms", "is not the URL of a queue"),
        ("arn:aws:sqs:eu-west-1:123456789012:a", "is not the URL of a queue"),
        ("https://sqs.eu-west-1.amazonaws.com/a", "is not the URL of a queue"),
        ("http://127.0.0.1:5000/123456789012/a", "names no region"),
    ],
)
def test_what_is_no_queue_is_refused_with_what_to_type(url: str, says: str) -> None:
    with pytest.raises(InvalidSettings, match=says):
        queue_place(url, None)
