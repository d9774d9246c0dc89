"""MSK: the state of a Kafka cluster, its brokers, their storage and partitions, and how far its readers are behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number
from bot.diagnostics.rules.finding import Finding, Weight

NAMESPACE = "AWS/Kafka"
_NEARLY_FULL = 80.0  # percent of a broker's storage, from which AWS asks for action
_FULL = 95.0
_ABSENT = ("CREATING", "DELETING", "FAILED")  # states in which nobody can read
_MOST_BROKERS = 60  # that a cluster may have


def _arn(probe: Probe) -> str:
    asked = {"ClusterNameFilter": probe.name}  # it filters by how names begin
    found = probe.reader.read_all("kafka", "ListClustersV2", "ClusterInfoList", pages=1, **asked)
    arn = next((one["ClusterArn"] for one in found if one["ClusterName"] == probe.name), None)
    if arn is None:
        raise Unread(Reason.MISSING, f"There is no MSK cluster {probe.name}.")
    return str(arn)


def _names(probe: Probe) -> Sequence[str]:
    found = probe.reader.read_all("kafka", "ListClustersV2", "ClusterInfoList", pages=1)
    return [one["ClusterName"] for one in found]


def cluster_of(probe: Probe, arn: str) -> dict[str, Any]:
    """Raises Unread."""
    found: dict[str, Any] = probe.read("kafka", "DescribeClusterV2", ClusterArn=arn)["ClusterInfo"]
    return found


def brokers_of(probe: Probe, cluster: dict[str, Any]) -> tuple[str, ...]:
    """The ids of the brokers that MSK lists, in order; none of a serverless cluster. Raises Unread."""
    if not cluster.get("Provisioned"):
        return ()
    asked = {"ClusterArn": cluster["ClusterArn"]}
    nodes = probe.reader.read_all("kafka", "ListNodes", "NodeInfoList", pages=1, **asked)
    ids = sorted(int(one["BrokerNodeInfo"]["BrokerId"]) for one in nodes if one.get("BrokerNodeInfo"))
    return tuple(map(str, ids[:_MOST_BROKERS]))


def metrics_of(cluster: dict[str, Any], brokers: Sequence[str]) -> dict[str, Metric]:
    """What is measured of storage and partitions, by key: nothing of serverless clusters and Express brokers."""
    if not brokers or _instance(cluster).startswith("express."):
        return {}
    named = {"Cluster Name": cluster["ClusterName"]}
    found = {"offline": Metric("offline", NAMESPACE, "OfflinePartitionsCount", "Maximum", named)}
    for broker in brokers:
        of_broker = named | {"Broker ID": broker}
        for key, series in (("used", "KafkaDataLogsDiskUsed"), ("under", "UnderReplicatedPartitions")):
            found[key + broker] = Metric(key + broker, NAMESPACE, series, "Maximum", of_broker)
    return found


def _instance(cluster: dict[str, Any]) -> str:
    return str(cluster["Provisioned"].get("BrokerNodeGroupInfo", {}).get("InstanceType", ""))


def state_of(probe: Probe, cluster: dict[str, Any]) -> Iterator[Finding]:
    """What MSK itself says is wrong."""
    state, name = cluster["State"], cluster["ClusterName"]
    command = probe.command("kafka", "DescribeClusterV2", ClusterArn=cluster["ClusterArn"])
    if state != "ACTIVE":
        said = " ".join(str(cluster.get("StateInfo", {}).get("Message", "")).split())[:160]
        yield Finding(
            "msk.state",
            Weight.PROBLEM if state in _ABSENT else Weight.RISK,
            f"The MSK cluster {name} is {state}{f': {said}' if said else ''}",
            "Nobody reads or writes there."
            if state in _ABSENT
            else "Brokers leave and come back: partitions change their leaders, and clients have to reconnect.",
            command=command,
        )
    asked = cluster.get("Provisioned", {}).get("CustomerActionStatus")
    if asked == "CRITICAL_ACTION_REQUIRED":
        yield Finding(
            "msk.action",
            Weight.PROBLEM,
            f"MSK says that the cluster {name} needs your action",
            "It does so where storage runs out or the cluster can no longer be healed; its console says what to do.",
            command=command,
        )


def lost_brokers(probe: Probe, cluster: dict[str, Any], brokers: Sequence[str]) -> Iterator[Finding]:
    """Fewer brokers than the cluster has by its configuration."""
    wanted = int(cluster.get("Provisioned", {}).get("NumberOfBrokerNodes", 0))
    if len(brokers) < min(wanted, _MOST_BROKERS):
        yield Finding(
            "msk.brokers",
            Weight.PROBLEM,
            f"MSK lists {len(brokers)} of the {wanted} brokers of {cluster['ClusterName']}",
            "Partitions whose leader is gone wait for another; those whose copies are all gone cannot be read.",
            command=probe.command("kafka", "ListNodes", ClusterArn=cluster["ClusterArn"]),
        )


def full_storage(
    probe: Probe, cluster: dict[str, Any], metrics: dict[str, Metric], figures: Figures
) -> Iterator[Finding]:
    """The broker whose storage is fullest."""
    used = {key: figures[key].highest for key in metrics if key.startswith("used")}
    fullest = max(used, key=lambda key: used[key], default="")
    if not fullest or used[fullest] < _NEARLY_FULL:
        return
    size = cluster["Provisioned"].get("BrokerNodeGroupInfo", {}).get("StorageInfo", {}).get("EbsStorageInfo", {})
    of = f" of {number(size['VolumeSize'])} GiB" if size.get("VolumeSize") else ""
    yield Finding(
        "msk.storage",
        Weight.PROBLEM if used[fullest] >= _FULL else Weight.RISK,
        f"Storage of broker {metrics[fullest].dimensions['Broker ID']} of {cluster['ClusterName']} was at "
        f"{number(used[fullest], '%')}{of} {probe.window.short}",
        "A broker without space refuses writes and may stop: partitions go offline, and nothing new can be read.",
        compared=figures.compare(fullest, highest, "%"),
        command=probe.metric_command(metrics[fullest]),
    )


def bad_partitions(
    probe: Probe, cluster: dict[str, Any], metrics: dict[str, Metric], figures: Figures
) -> Iterator[Finding]:
    """Partitions without a leader, and with fewer copies in step than they should have."""
    offline = figures["offline"].highest
    if offline:
        yield Finding(
            "msk.offline",
            Weight.PROBLEM,
            f"Up to {number(offline)} partitions of {cluster['ClusterName']} were offline {probe.window.short}",
            "They have no leader: nobody reads or writes them until a broker that has them is back.",
            compared=figures.compare("offline", highest),
            command=probe.metric_command(metrics["offline"]),
        )
    under = {key: figures[key].highest for key in metrics if key.startswith("under")}
    worst = max(under, key=lambda key: under[key], default="")
    if worst and under[worst]:
        yield Finding(
            "msk.under-replicated",
            Weight.RISK,
            f"Up to {number(under[worst])} partitions that broker {metrics[worst].dimensions['Broker ID']} of "
            f"{cluster['ClusterName']} leads were under-replicated {probe.window.short}",
            "Copies are missing or behind: a broker is gone, restarting or too busy, and writes may wait for it.",
            compared=figures.compare(worst, highest),
            command=probe.metric_command(metrics[worst]),
        )


def _state(probe: Probe) -> Iterator[Finding]:
    yield from state_of(probe, cluster_of(probe, _arn(probe)))


def _brokers(probe: Probe) -> Iterator[Finding]:
    cluster = cluster_of(probe, _arn(probe))
    yield from lost_brokers(probe, cluster, brokers_of(probe, cluster))


def _measured(probe: Probe) -> tuple[dict[str, Any], dict[str, Metric], Figures]:
    cluster = cluster_of(probe, _arn(probe))
    metrics = metrics_of(cluster, brokers_of(probe, cluster))
    return cluster, metrics, probe.figures(tuple(metrics.values())) if metrics else Figures()


def _storage(probe: Probe) -> Iterator[Finding]:
    yield from full_storage(probe, *_measured(probe))


def _partitions(probe: Probe) -> Iterator[Finding]:
    yield from bad_partitions(probe, *_measured(probe))


CHECK = Check(
    word="msk",
    what="MSK cluster",
    example="msk shop-events",
    exists=_arn,
    names=_names,
    looks={
        "state": _state,
        "brokers": _brokers,
        "storage": _storage,
        "partitions": _partitions,
        "changes in CloudTrail": changes_look(_arn, ()),
    },
    aliases=("kafka",),
)
