"""SNS topics: who is told, and whether it arrives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import listed, number, total
from bot.diagnostics.rules.finding import Finding, Weight


def _topics(probe: Probe) -> list[str]:
    return [one["TopicArn"] for one in probe.reader.read_all("sns", "ListTopics", "Topics", pages=5)]


def _topic(probe: Probe) -> str:
    for arn in _topics(probe):
        if probe.name in (arn, arn.rpartition(":")[2]):
            return arn
    raise Unread(Reason.MISSING, f"sns:ListTopics does not list {probe.name}")


def _names(probe: Probe) -> Sequence[str]:
    return [arn.rpartition(":")[2] for arn in _topics(probe)]


def delivery(probe: Probe) -> Iterator[Finding]:
    """Notifications that did not arrive."""
    metric = Metric("failed", "AWS/SNS", "NumberOfNotificationsFailed", "Sum", {"TopicName": probe.name})
    figures = probe.figures((metric,))
    if failed := figures["failed"].total:
        yield Finding(
            "sns.failed",
            Weight.PROBLEM,
            f"{number(failed)} notifications failed {probe.window.short}",
            "Delivery failed, for example because an address bounces or an endpoint is gone.",
            (),
            ("NFI-2024-0020",),
            figures.compare("failed", total),
            probe.metric_command(metric),
        )


def subscriptions(probe: Probe) -> Iterator[Finding]:
    """Whether anybody is told at all."""
    arn = _topic(probe)
    found: list[dict[str, Any]] = probe.reader.read_all(
        "sns", "ListSubscriptionsByTopic", "Subscriptions", pages=2, TopicArn=arn
    )
    command = probe.command("sns", "ListSubscriptionsByTopic", TopicArn=arn)
    waiting = [one["Endpoint"] for one in found if one["SubscriptionArn"] == "PendingConfirmation"]
    if not found:
        yield Finding(
            "sns.nobody",
            Weight.PROBLEM,
            "Nobody subscribes to it",
            "What is sent there is lost.",
            (),
            ("NFI-2024-0020",),
            command=command,
        )
    if waiting:
        yield Finding(
            "sns.unconfirmed",
            Weight.RISK,
            f"Never confirmed: {listed([_masked(one) for one in waiting])}",
            "SNS sends nothing to a subscription before it is confirmed.",
            (),
            ("NFI-2024-0020",),
            command=command,
        )


def _masked(endpoint: str) -> str:
    """Of an address enough to know it by."""
    name, at, host = endpoint.partition("@")
    return f"{name[:2]}…@{host}" if at else endpoint


CHECK = Check(
    word="sns",
    what="SNS topic",
    example="sns billing-alerts",
    exists=_topic,
    names=_names,
    looks={"delivery": delivery, "subscriptions": subscriptions},
    aliases=("topic",),
)
