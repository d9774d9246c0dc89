"""SQS: what waits, what was given up, and who takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number
from bot.diagnostics.rules.finding import Finding, Weight

_OLD = 900.0  # seconds
_FEW_RECEIVES = 5
_ATTRIBUTES = ["VisibilityTimeout", "RedrivePolicy", "ApproximateNumberOfMessages"]


def _url(probe: Probe) -> str:
    return str(probe.read("sqs", "GetQueueUrl", QueueName=probe.name)["QueueUrl"])


def _names(probe: Probe) -> Sequence[str]:
    return [url.rpartition("/")[2] for url in probe.reader.read_all("sqs", "ListQueues", "QueueUrls", pages=1)]


def _metrics(name: str) -> tuple[Metric, Metric]:
    named = {"QueueName": name}
    return (
        Metric("age", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", named),
        Metric("waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", named),
    )


def backlog(probe: Probe) -> Iterator[Finding]:
    """Messages that nobody takes, or not fast enough."""
    metrics = _metrics(probe.name)
    figures: Figures = probe.figures(metrics)
    age, waiting = figures["age"].highest, figures["waiting"].highest
    if age >= _OLD:
        yield Finding(
            "sqs.backlog",
            Weight.PROBLEM,
            f"The oldest message waited {number(age, 's')} {probe.window.short}, with up to {number(waiting)} waiting",
            "Consumers are too slow, throttled, failing or off.",
            (),
            ("GUIDE-esm-sqs", "GUIDE-concurrency"),
            figures.compare("age", highest, "s"),
            probe.metric_command(metrics[0]),
        )


def given_up(probe: Probe) -> Iterator[Finding]:
    """The dead-letter queue, and how soon messages get there."""
    asked = {"QueueUrl": _url(probe), "AttributeNames": _ATTRIBUTES}
    attributes = probe.read("sqs", "GetQueueAttributes", **asked).get("Attributes", {})
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    if not redrive:
        return
    receives, dead = int(redrive["maxReceiveCount"]), redrive["deadLetterTargetArn"].rpartition(":")[2]
    if receives < _FEW_RECEIVES:
        yield Finding(
            "sqs.receives",
            Weight.NOTICE,
            f"maxReceiveCount is {receives}",
            "Throttled or failing deliveries count: few of them and a message is given up.",
            ("GUIDE-esm-sqs",),
            command=probe.command("sqs", "GetQueueAttributes", **asked),
        )
    url = probe.read("sqs", "GetQueueUrl", QueueName=dead)["QueueUrl"]
    there = {"QueueUrl": url, "AttributeNames": _ATTRIBUTES}
    lying = int(probe.read("sqs", "GetQueueAttributes", **there)["Attributes"]["ApproximateNumberOfMessages"])
    if lying:
        yield Finding(
            "sqs.dead-letters",
            Weight.PROBLEM,
            f"{number(lying)} messages lie in the dead-letter queue {dead}",
            f"Each was tried {receives} times and given up.",
            ("GUIDE-esm-sqs",),
            command=probe.command("sqs", "GetQueueAttributes", **there),
        )


CHECK = Check(
    word="sqs",
    what="SQS queue",
    example="sqs orders",
    exists=_url,
    names=_names,
    looks={"backlog": backlog, "dead letters": given_up},
    aliases=("queue",),
)
