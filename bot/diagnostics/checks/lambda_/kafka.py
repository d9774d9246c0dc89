"""A function that reads from MSK: how far it is behind, and what is wrong with the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.aws.reading import Unread
from bot.diagnostics.checks.data import msk
from bot.diagnostics.checks.probe import Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number
from bot.diagnostics.rules.finding import Finding, Weight

_LATE = 60.0  # seconds that the readers of a topic may be behind


def from_msk(probe: Probe, source: dict[str, Any]) -> Iterator[Finding]:
    """Four calls at most. Where MSK cannot be asked, the lag is said all the same; then raises Unread."""
    missing: Unread | None = None
    cluster: dict[str, Any] = {}
    brokers: tuple[str, ...] = ()
    try:
        cluster = msk.cluster_of(probe, source["EventSourceArn"])
        brokers = msk.brokers_of(probe, cluster)
    except Unread as unread:
        missing = unread
    lag = _lag_metrics(source)
    metrics = msk.metrics_of(cluster, brokers)
    figures = probe.figures((*lag, *metrics.values()))
    yield from _behind(probe, source, lag, figures)
    if cluster:
        yield from msk.state_of(probe, cluster)
        yield from msk.bad_partitions(probe, cluster, metrics, figures)
        yield from msk.full_storage(probe, cluster, metrics, figures)
    if missing is not None:
        raise missing
    yield from msk.lost_brokers(probe, cluster, brokers)


def _lag_metrics(source: dict[str, Any]) -> tuple[Metric, Metric]:
    """Of the consumer group as which Lambda reads: that of the settings, or the mapping's own id."""
    config = source.get("AmazonManagedKafkaEventSourceConfig", {})
    named = {
        "Cluster Name": source["EventSourceArn"].split("/")[1],
        "Consumer Group": config.get("ConsumerGroupId") or source["UUID"],
        "Topic": next(iter(source.get("Topics", ())), ""),
    }
    return (
        Metric("behind", msk.NAMESPACE, "EstimatedMaxTimeLag", "Maximum", named),
        Metric("waiting", msk.NAMESPACE, "SumOffsetLag", "Maximum", named),
    )


def _behind(probe: Probe, source: dict[str, Any], lag: tuple[Metric, Metric], figures: Figures) -> Iterator[Finding]:
    behind, waiting = figures["behind"].highest, figures["waiting"].highest
    if behind >= _LATE:
        yield Finding(
            "lambda.kafka-lag",
            Weight.PROBLEM,
            f"The function was up to {number(behind, 's')} behind topic {lag[0].dimensions['Topic']} of "
            f"{lag[0].dimensions['Cluster Name']} {probe.window.short}, with {number(waiting)} records waiting",
            "It fails, is throttled or reads too slowly; or the brokers are in trouble, which is said too.",
            compared=figures.compare("behind", highest, "s"),
            command=probe.metric_command(lag[0]),
        )
