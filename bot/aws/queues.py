"""Queues of SQS from which alarms are taken: long polls, and deletion of what was taken in. Nothing else is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.aws.operations import QUEUE, partition_of
from bot.aws.reading import reading
from bot.aws.session import CallLimits, Client, clients
from bot.errors import InvalidSettings

WAIT = 20  # seconds of a long poll, the longest that SQS has
MOST = 10  # messages of one answer
_LIMITS = CallLimits(connect=5, read=WAIT + 10, attempts=1)
_REGION = re.compile(r"(?:^|\.)(?:sqs(?:-fips)?\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.")
_PATH = re.compile(r"/(\d{12})/([\w-]{1,80}(?:\.fifo)?)/?")


@dataclass(frozen=True, slots=True)
class Received:
    """A message: `handle` is what deletes it, `times` how often it was received."""

    message_id: str
    handle: str
    body: str
    times: int = 1


@dataclass(frozen=True)
class AlarmQueue:
    """One queue, by its address. Its client is made at the first call."""

    url: str
    region: str
    arn: str
    name: str
    client: Client

    def receive(self, wait: int = WAIT) -> list[Received]:
        """Up to ten messages, as soon as there is one, within `wait` seconds. Raises Unread."""
        with reading("sqs", "ReceiveMessage"):
            answer = self.client("sqs").receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=MOST,
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        return [_received(one) for one in answer.get("Messages", ())]

    def peek(self) -> None:
        """Receive without taking: a message that is there stays visible to all. Raises Unread."""
        with reading("sqs", "ReceiveMessage"):
            self.client("sqs").receive_message(QueueUrl=self.url, MaxNumberOfMessages=1, VisibilityTimeout=0)

    def delete(self, messages: Sequence[Received]) -> list[str]:
        """Delete up to ten messages; the ids of those that SQS kept, which it will deliver again. Raises Unread."""
        entries = [{"Id": str(number), "ReceiptHandle": one.handle} for number, one in enumerate(messages)]
        with reading("sqs", "DeleteMessageBatch"):
            answer = self.client("sqs").delete_message_batch(QueueUrl=self.url, Entries=entries)
        return [messages[int(failed["Id"])].message_id for failed in answer.get("Failed", ())]

    def attributes(self) -> dict[str, str]:
        """What doctor looks at. Raises Unread."""
        names = ["VisibilityTimeout", "RedrivePolicy", "ApproximateNumberOfMessages"]
        with reading("sqs", "GetQueueAttributes"):
            answer = self.client("sqs").get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return dict(answer.get("Attributes", {}))


def _received(message: dict[str, Any]) -> Received:
    times = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Received(message["MessageId"], message["ReceiptHandle"], message.get("Body", ""), times)


def alarm_queue(url: str, region: str | None, limits: CallLimits = _LIMITS) -> AlarmQueue:
    """The queue at this address. Raises InvalidSettings for what is none.

    `region` is for addresses that name none: those of endpoints of one's own.
    """
    region, arn = queue_place(url, region)
    return AlarmQueue(url, region, arn, arn.rpartition(":")[2], clients(region, QUEUE, limits))


def queue_place(url: str, region: str | None) -> tuple[str, str]:
    """Region and ARN of the queue at this address. Raises InvalidSettings."""
    parts = urlsplit(url)
    path = _PATH.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or path is None:
        raise InvalidSettings(
            f'TOCSIN_ALARM_QUEUES: "{url}" is not the URL of a queue such as '
            "https://sqs.eu-central-1.amazonaws.com/123456789012/tocsin-alarms."
        )
    found = _REGION.search(parts.hostname)
    chosen = found[1] if found else region
    if chosen is None:
        raise InvalidSettings(f"AWS_REGION is not set, and {url} in TOCSIN_ALARM_QUEUES names no region.")
    return chosen, f"arn:{partition_of(chosen)}:sqs:{chosen}:{path[1]}:{path[2]}"
