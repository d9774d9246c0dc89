"""RDS and Aurora: state, connections against their maximum, CPU, replica lag, storage, events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import HOUR, Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, lowest, number, share
from bot.diagnostics.rules.finding import Finding, Weight

_FULL, _FILLING = 90.0, 70.0  # percent of the connections
_BUSY = 90.0  # percent of the CPU
_LAG = 60.0  # seconds
_NO_SPACE = 5.0  # percent of the storage
_GROWTH = 3.0  # times the connections of the hour before
_SOME = 20.0  # connections below which nobody asks how many there were before
_WORKING = frozenset({"available", "backing-up", "configuring-enhanced-monitoring", "storage-optimization"})
# Bytes of memory for each connection that an engine permits by itself.
_PER_CONNECTION = {"postgres": 9_531_392, "aurora-postgresql": 9_531_392, "mysql": 12_582_880, "mariadb": 12_582_880}
_MOST_BY_ITSELF = 5000
_TELLING = re.compile(r"failover|restart|shutdown|recover|storage|crash|maintenance|applied|promot", re.IGNORECASE)


def instance_of(probe: Probe) -> dict[str, Any]:
    """The instance, or the writer of the cluster, of that name. Raises Unread."""
    try:
        return _instance(probe, probe.name)
    except Unread as unread:
        if unread.reason is not Reason.MISSING:
            raise
    (cluster,) = probe.read("rds", "DescribeDBClusters", DBClusterIdentifier=probe.name)["DBClusters"]
    writers = [one["DBInstanceIdentifier"] for one in cluster["DBClusterMembers"] if one["IsClusterWriter"]]
    if not writers:
        raise Unread(Reason.REFUSED, f"The cluster {probe.name} has no writer: nothing answers writes.")
    return _instance(probe, writers[0])


def _instance(probe: Probe, name: str) -> dict[str, Any]:
    found: dict[str, Any] = probe.read("rds", "DescribeDBInstances", DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def _names(probe: Probe) -> Sequence[str]:
    instances = probe.reader.read_all("rds", "DescribeDBInstances", "DBInstances", pages=2)
    return [one["DBInstanceIdentifier"] for one in instances]


def _metrics(probe: Probe) -> dict[str, Metric]:
    named = {"DBInstanceIdentifier": instance_of(probe)["DBInstanceIdentifier"]}
    wanted = (
        ("connections", "DatabaseConnections", "Maximum"),
        ("cpu", "CPUUtilization", "Average"),
        ("lag", "ReplicaLag", "Maximum"),
        ("free", "FreeStorageSpace", "Minimum"),
    )
    return {key: Metric(key, "AWS/RDS", series, stat, named) for key, series, stat in wanted}


def _figures(probe: Probe) -> Figures:
    return probe.figures(tuple(_metrics(probe).values()))


def _command(probe: Probe, key: str) -> str:
    return probe.metric_command(_metrics(probe)[key])


def state(probe: Probe) -> Iterator[Finding]:
    """Whether it takes connections."""
    found = instance_of(probe)
    if found["DBInstanceStatus"] not in _WORKING:
        yield Finding(
            "rds.state",
            Weight.PROBLEM,
            f"{found['DBInstanceIdentifier']} is {found['DBInstanceStatus']}",
            "In this state it may take no connections, or be about to drop them.",
            ("PB-database",),
            command=probe.command("rds", "DescribeDBInstances", DBInstanceIdentifier=found["DBInstanceIdentifier"]),
        )


def connections(probe: Probe) -> Iterator[Finding]:
    """How many there are of those that may be, and whether they grow without being released."""
    figures = _figures(probe)
    peak = figures["connections"].highest
    if not peak:
        return
    most, how = _most(probe)
    percent = share(peak, most)
    if percent >= _FILLING:
        full = percent >= _FULL
        yield Finding(
            "rds.connections",
            Weight.PROBLEM if full else Weight.RISK,
            f"{number(peak)} connections {probe.window.short}, {number(percent, '%')} of {how}",
            "New connections wait or are refused: pools fill, requests time out.",
            ("PB-database",),
            ("INC-2023-2156", "CASE-2026-0142", "INC-2023-0445", "LESSON-04"),
            figures.compare("connections", highest),
            _command(probe, "connections"),
        )
    elif peak >= _SOME and peak >= _GROWTH * (figures.before["connections"].highest or peak):
        yield Finding(
            "rds.connections-grow",
            Weight.RISK,
            f"{number(peak)} connections {probe.window.short}, {_GROWTH:g} times those of the hour before or more",
            "Well below the maximum, this looks like connections that are taken and not released.",
            (),
            ("LESSON-04", "INC-2023-2156"),
            figures.compare("connections", highest),
            _command(probe, "connections"),
        )


def _most(probe: Probe) -> tuple[float, str]:
    """max_connections as it is set, or as the engine reckons it from memory, and how it was found. Raises Unread."""
    found = instance_of(probe)
    for group in found.get("DBParameterGroups", ()):
        name = group["DBParameterGroupName"]
        own = probe.reader.read_all(
            "rds", "DescribeDBParameters", "Parameters", pages=2, DBParameterGroupName=name, Source="user"
        )
        typed = next((one.get("ParameterValue", "") for one in own if one["ParameterName"] == "max_connections"), "")
        if typed.isdecimal():
            return float(typed), f"max_connections, which is {typed}"
    kind = found["DBInstanceClass"].removeprefix("db.")
    (size,) = probe.read("ec2", "DescribeInstanceTypes", InstanceTypes=[kind])["InstanceTypes"]
    memory = size["MemoryInfo"]["SizeInMiB"] * 1024 * 1024
    each = _PER_CONNECTION.get(found["Engine"], _PER_CONNECTION["mysql"])
    reckoned = float(min(memory // each, _MOST_BY_ITSELF))
    return reckoned, f"about {number(reckoned)} that {found['Engine']} permits on {found['DBInstanceClass']}"


def cpu(probe: Probe) -> Iterator[Finding]:
    """A processor that is used up."""
    figures = _figures(probe)
    peak = figures["cpu"].highest
    if peak >= _BUSY:
        yield Finding(
            "rds.cpu",
            Weight.PROBLEM,
            f"CPU was at {number(peak, '%')} {probe.window.short}",
            "Mostly a query that scans whole tables for want of an index, or more traffic than the class bears.",
            ("PB-database",),
            ("NFI-2023-0012", "INC-2023-1789"),
            figures.compare("cpu", highest, "%"),
            _command(probe, "cpu"),
        )


def lag(probe: Probe) -> Iterator[Finding]:
    """A replica that is behind."""
    figures = _figures(probe)
    most = figures["lag"].highest
    if most >= _LAG:
        yield Finding(
            "rds.replica-lag",
            Weight.PROBLEM,
            f"The replica was up to {number(most, 's')} behind {probe.window.short}",
            "What reads from it gets old data; a long query on the replica holds it back.",
            (),
            ("NFI-2024-0016", "PB-database"),
            figures.compare("lag", highest, "s"),
            _command(probe, "lag"),
        )


def storage(probe: Probe) -> Iterator[Finding]:
    """Space that runs out."""
    figures = _figures(probe)
    free, size = figures["free"].lowest, instance_of(probe).get("AllocatedStorage", 0) * 1024**3
    if figures["free"].values and size and share(free, size) < _NO_SPACE:
        yield Finding(
            "rds.storage",
            Weight.PROBLEM,
            f"{number(free, 'B')} of {number(size, 'B')} storage were left {probe.window.short}",
            "At the end of its storage the database stops taking writes.",
            (),
            ("PB-database",),
            figures.compare("free", lowest, "B"),
            _command(probe, "free"),
        )


def events(probe: Probe) -> Iterator[Finding]:
    """What RDS itself says happened."""
    name = instance_of(probe)["DBInstanceIdentifier"]
    asked = {"SourceIdentifier": name, "SourceType": "db-instance"}
    span = {"StartTime": probe.window.begin - HOUR, "EndTime": probe.window.end}
    for event in probe.reader.read_all("rds", "DescribeEvents", "Events", pages=1, **asked, **span):
        if _TELLING.search(event["Message"]):
            at = event["Date"]
            yield Finding(
                "rds.event",
                Weight.CHANGE,
                f"{at:%H:%M:%S} UTC: {event['Message']}",
                "RDS recorded this shortly before or during the window; connections break at restarts and failovers.",
                (),
                ("PB-database",),
                command=probe.command("rds", "DescribeEvents", **asked, **span),
                at=at,
            )


CHECK = Check(
    word="rds",
    what="RDS instance or cluster",
    example="rds shop-prod",
    exists=instance_of,
    names=_names,
    looks={
        "state": state,
        "connections": connections,
        "CPU": cpu,
        "replica lag": lag,
        "storage": storage,
        "events": events,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("PB-database",)),
    },
    aliases=("aurora", "database", "db"),
)
