"""ElastiCache: memory and what is evicted, the policy by which, failovers, connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import HOUR, Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, Series, highest, number, total
from bot.diagnostics.rules.finding import Finding, Weight
from bot.text.wording import counted

_FULL = 80.0  # percent of the memory
_BUSY = 90.0  # percent of the engine's CPU
_VOLATILE = "volatile-"
_MOST_NODES = 30  # whose figures are read


def _nodes(probe: Probe) -> list[str]:
    """The cache clusters of the replication group of that name, or the cluster itself. Raises Unread."""
    try:
        asked = {"ReplicationGroupId": probe.name}
        group = probe.read("elasticache", "DescribeReplicationGroups", **asked)["ReplicationGroups"][0]
    except Unread as unread:
        if unread.reason is not Reason.MISSING:
            raise
        return [_cluster(probe, probe.name)["CacheClusterId"]]
    return list(group.get("MemberClusters", ())) or [probe.name]


def _cluster(probe: Probe, name: str) -> dict[str, Any]:
    found: dict[str, Any] = probe.read("elasticache", "DescribeCacheClusters", CacheClusterId=name)["CacheClusters"][0]
    return found


def _names(probe: Probe) -> Sequence[str]:
    groups = probe.reader.read_all("elasticache", "DescribeReplicationGroups", "ReplicationGroups", pages=1)
    clusters = probe.reader.read_all("elasticache", "DescribeCacheClusters", "CacheClusters", pages=1)
    return [*(one["ReplicationGroupId"] for one in groups), *(one["CacheClusterId"] for one in clusters)]


def _metrics(probe: Probe) -> dict[str, Metric]:
    """By what is measured and the place of the node: shards fill and fail one by one."""
    wanted = (
        ("memory", "DatabaseMemoryUsagePercentage", "Maximum"),
        ("evictions", "Evictions", "Sum"),
        ("cpu", "EngineCPUUtilization", "Maximum"),
    )
    return {
        f"{key}{place}": Metric(f"{key}{place}", "AWS/ElastiCache", series, stat, {"CacheClusterId": node})
        for place, node in enumerate(_nodes(probe)[:_MOST_NODES])
        for key, series, stat in wanted
    }


def _figures(probe: Probe) -> Figures:
    return probe.figures(tuple(_metrics(probe).values()))


def _worst(figures: Figures, metrics: dict[str, Metric], what: str, figure: Callable[[Series], float]) -> str:
    """The key of the node on which this is highest."""
    return max((key for key in metrics if key.startswith(what)), key=lambda key: figure(figures[key]))


def _of_node(probe: Probe, metric: Metric) -> str:
    """Which node, where there are several."""
    return f" of {metric.dimensions['CacheClusterId']}" if len(_nodes(probe)) > 1 else ""


def memory(probe: Probe) -> Iterator[Finding]:
    """Memory that is full, what was thrown out, and by which policy."""
    figures, metrics = _figures(probe), _metrics(probe)
    fullest = _worst(figures, metrics, "memory", highest)
    used = figures[fullest].highest
    loser = _worst(figures, metrics, "evictions", total)
    evicted = sum(figures[key].total for key in metrics if key.startswith("evictions"))
    if used >= _FULL:
        yield Finding(
            "elasticache.memory",
            Weight.PROBLEM if evicted else Weight.RISK,
            f"Memory{_of_node(probe, metrics[fullest])} was at {number(used, '%')} {probe.window.short}",
            "At the end of it, keys are thrown out or writes are refused, as the eviction policy says.",
            ("PB-cache",),
            ("NFI-2024-0002",),
            figures.compare(fullest, highest, "%"),
            probe.metric_command(metrics[fullest]),
        )
    if evicted:
        yield Finding(
            "elasticache.evictions",
            Weight.PROBLEM,
            f"{counted(round(evicted), 'key')} thrown out{_most_of(probe, metrics[loser])} {probe.window.short}",
            "What was in them is gone from the cache: sessions end, carts are empty, databases are asked again.",
            ("PB-cache",),
            ("NFI-2024-0002",),
            figures.compare(loser, total),
            probe.metric_command(metrics[loser]),
        )


def _most_of(probe: Probe, metric: Metric) -> str:
    node = _of_node(probe, metric)
    return f", most{node}," if node else ""


def _evicted(probe: Probe) -> bool:
    figures = _figures(probe)
    return any(figures[key].total for key in _metrics(probe) if key.startswith("evictions"))


def policy(probe: Probe) -> Iterator[Finding]:
    """The eviction policy."""
    group = _cluster(probe, _nodes(probe)[0]).get("CacheParameterGroup", {}).get("CacheParameterGroupName")
    if not group:
        return
    asked = {"CacheParameterGroupName": group}
    found = probe.reader.read_all("elasticache", "DescribeCacheParameters", "Parameters", pages=2, **asked)
    chosen = next((one.get("ParameterValue", "") for one in found if one["ParameterName"] == "maxmemory-policy"), "")
    if chosen.startswith(_VOLATILE):
        yield Finding(
            "elasticache.volatile",
            Weight.RISK if _evicted(probe) else Weight.NOTICE,
            f"maxmemory-policy is {chosen}",
            "Keys with a TTL are thrown out under pressure, and keys without one are never: memory fills with those.",
            ("NFI-2024-0002",),
            command=probe.command("elasticache", "DescribeCacheParameters", **asked),
        )


def events(probe: Probe) -> Iterator[Finding]:
    """Failovers and replacements that ElastiCache recorded."""
    span = {"StartTime": probe.window.begin - HOUR, "EndTime": probe.window.end}
    ours = {probe.name, *_nodes(probe)}
    for event in probe.reader.read_all("elasticache", "DescribeEvents", "Events", pages=1, **span):
        if event.get("SourceIdentifier") in ours and "ailover" in event["Message"]:
            yield Finding(
                "elasticache.failover",
                Weight.CHANGE,
                f"{event['Date']:%H:%M:%S} UTC: {event['Message'][:160]}",
                "Connections break at a failover; clients that don't reconnect keep failing.",
                (),
                ("INC-2023-1654", "PB-cache"),
                command=probe.command("elasticache", "DescribeEvents", **span),
                at=event["Date"],
            )


def cpu(probe: Probe) -> Iterator[Finding]:
    """The one thread that does all the work."""
    figures, metrics = _figures(probe), _metrics(probe)
    busiest = _worst(figures, metrics, "cpu", highest)
    if figures[busiest].highest >= _BUSY:
        yield Finding(
            "elasticache.cpu",
            Weight.PROBLEM,
            f"The engine's CPU{_of_node(probe, metrics[busiest])} was at {number(figures[busiest].highest, '%')} "
            f"{probe.window.short}",
            "Commands wait for each other: look for KEYS, large values, or too many clients.",
            (),
            ("PB-cache",),
            figures.compare(busiest, highest, "%"),
            probe.metric_command(metrics[busiest]),
        )


CHECK = Check(
    word="elasticache",
    what="ElastiCache group or cluster",
    example="elasticache shop-redis",
    exists=_nodes,
    names=_names,
    looks={
        "memory": memory,
        "eviction policy": policy,
        "failovers": events,
        "CPU": cpu,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("PB-cache",)),
    },
    aliases=("redis", "cache", "valkey"),
)
