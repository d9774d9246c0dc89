"""DynamoDB: throttles and what they mean, capacity and its scaling, scans, deletions, backups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import PERIOD, Check, Metric, Probe
from bot.diagnostics.rules.figures import NOTHING, Figures, number, share, total
from bot.diagnostics.rules.finding import Finding, Weight

_NEAR = 80.0  # percent of the capacity
_SURGE = 5.0  # times the deletions of a usual hour
_MANY = 100  # deletions that are worth a word


def _table(probe: Probe) -> dict[str, Any]:
    found: dict[str, Any] = probe.read("dynamodb", "DescribeTable", TableName=probe.name)["Table"]
    return found


def _names(probe: Probe) -> Sequence[str]:
    return probe.reader.read_all("dynamodb", "ListTables", "TableNames", pages=3)


def _metrics(name: str) -> dict[str, Metric]:
    table = {"TableName": name}

    def metric(key: str, series: str, **more: str) -> tuple[str, Metric]:
        stat = "SampleCount" if series == "SuccessfulRequestLatency" else "Sum"
        return key, Metric(key, "AWS/DynamoDB", series, stat, table | more)

    return dict(
        (
            metric("read_throttles", "ReadThrottleEvents"),
            metric("write_throttles", "WriteThrottleEvents"),
            metric("reads", "ConsumedReadCapacityUnits"),
            metric("writes", "ConsumedWriteCapacityUnits"),
            metric("scans", "SuccessfulRequestLatency", Operation="Scan"),
            metric("deletes", "SuccessfulRequestLatency", Operation="DeleteItem"),
        )
    )


def _figures(probe: Probe) -> Figures:
    return probe.figures(tuple(_metrics(probe.name).values()))


def _command(probe: Probe, key: str) -> str:
    return probe.metric_command(_metrics(probe.name)[key])


def _provisioned(table: dict[str, Any], kind: str) -> int:
    """Units a second; 0 on demand."""
    return int(table.get("ProvisionedThroughput", {}).get(f"{kind}CapacityUnits", 0))


def throttles(probe: Probe) -> Iterator[Finding]:
    """Requests that were refused, and whether the whole table or one key was at its limit."""
    figures, table = _figures(probe), _table(probe)
    for key, used, kind in (("read_throttles", "reads", "Read"), ("write_throttles", "writes", "Write")):
        throttled = figures[key].total
        if not throttled:
            continue
        limit = _provisioned(table, kind)
        rate = figures[used].highest / PERIOD
        percent = share(rate, limit)
        full = bool(limit) and percent >= _NEAR
        seen = f"{number(throttled)} {kind.lower()} throttles {probe.window.short}"
        mode = f"{number(rate)} of {number(limit)} units a second used at most" if limit else "on demand"
        yield Finding(
            f"dynamodb.{kind.lower()}-throttles",
            Weight.PROBLEM,
            f"{seen}; {mode}",
            _meaning(limit, full),
            ("CASE-2026-0178",) if full and kind == "Write" else (),
            ("LESSON-08", "LESSON-05") if full and kind == "Write" else ("CASE-2026-0178", "LESSON-08", "LESSON-05"),
            figures.compare(key, total),
            _command(probe, key),
        )


def _meaning(limit: int, full: bool) -> str:
    """What throttles mean, as far as five-minute figures can tell."""
    if full:
        return "The table was at its provisioned capacity."
    hot = "or one partition key that takes more than its share"
    if limit:
        return f"Over five minutes the table had capacity left, so these were bursts, {hot}."
    return f"On demand, this is traffic that grew faster than the table follows, {hot}."


def scaling(probe: Probe) -> Iterator[Finding]:
    """Capacity that does not follow the load, or has reached what it may become."""
    table = _table(probe)
    if not _provisioned(table, "Read"):
        return
    asked = {"ServiceNamespace": "dynamodb", "ResourceIds": [f"table/{probe.name}"]}
    targets = probe.reader.read_all(
        "application-autoscaling", "DescribeScalableTargets", "ScalableTargets", pages=1, **asked
    )
    command = probe.command("application-autoscaling", "DescribeScalableTargets", **asked)
    if not targets:
        yield Finding(
            "dynamodb.no-autoscaling",
            Weight.RISK,
            f"Provisioned at {_provisioned(table, 'Read')} reads and {_provisioned(table, 'Write')} writes a second, "
            "without auto scaling",
            "A rise of traffic is throttled until somebody raises the capacity.",
            (),
            ("LESSON-08", "CASE-2026-0178"),
            command=command,
        )
    for target in targets:
        kind = "Read" if "Read" in target["ScalableDimension"] else "Write"
        if "index" not in target["ScalableDimension"] and _provisioned(table, kind) >= target["MaxCapacity"]:
            yield Finding(
                "dynamodb.at-maximum",
                Weight.PROBLEM,
                f"{kind} capacity is {_provisioned(table, kind)}, the most that auto scaling may set",
                "It cannot rise further by itself.",
                ("CASE-2026-0178",),
                command=command,
            )


def scans(probe: Probe) -> Iterator[Finding]:
    """Reading whole tables."""
    figures = _figures(probe)
    if number_of := figures["scans"].total:
        yield Finding(
            "dynamodb.scans",
            Weight.RISK if figures["read_throttles"].total else Weight.NOTICE,
            f"{number(number_of)} Scan requests {probe.window.short}",
            "A Scan reads every item and can use the capacity up in seconds.",
            (),
            ("LESSON-08",),
            figures.compare("scans", total),
            _command(probe, "scans"),
        )


def deletions(probe: Probe) -> Iterator[Finding]:
    """Far more deletions than usual, and whether they can be undone."""
    figures = _figures(probe)
    deleted = figures["deletes"].total
    usual = max(window.get("deletes", NOTHING).total for window in (figures.before, figures.week))
    if deleted >= _MANY and deleted >= _SURGE * max(usual, 1):
        yield Finding(
            "dynamodb.deletions",
            Weight.RISK,
            f"{number(deleted)} DeleteItem requests {probe.window.short}",
            "Far more than usual. If nobody meant it, stop the writer before restoring.",
            (),
            ("NFI-2023-0019",),
            figures.compare("deletes", total),
            _command(probe, "deletes"),
        )
    backups = probe.read("dynamodb", "DescribeContinuousBackups", TableName=probe.name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
    if recovery != "ENABLED":
        yield Finding(
            "dynamodb.no-recovery",
            Weight.NOTICE,
            "Point-in-time recovery is off",
            "What is deleted or overwritten by mistake cannot be brought back from the table itself.",
            (),
            ("NFI-2023-0019",),
            command=probe.command("dynamodb", "DescribeContinuousBackups", TableName=probe.name),
        )


def access(probe: Probe) -> Iterator[Finding]:
    """A policy on the table itself that denies."""
    arn = _table(probe)["TableArn"]
    try:
        policy = probe.read("dynamodb", "GetResourcePolicy", ResourceArn=arn).get("Policy", "")
    except Unread as unread:
        if unread.reason is Reason.MISSING or "PolicyNotFound" in str(unread):
            return
        raise
    if '"Deny"' in policy:
        yield Finding(
            "dynamodb.policy-denies",
            Weight.RISK,
            "The table's own policy has Deny statements",
            "A Deny there wins over what a role allows.",
            (),
            ("INC-2023-1456",),
            command=probe.command("dynamodb", "GetResourcePolicy", ResourceArn=arn),
        )


CHECK = Check(
    word="dynamodb",
    what="DynamoDB table",
    example="dynamodb orders",
    exists=_table,
    names=_names,
    looks={
        "throttles": throttles,
        "auto scaling": scaling,
        "scans": scans,
        "deletions and recovery": deletions,
        "table policy": access,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("INC-2023-1456",)),
    },
    aliases=("ddb", "table"),
)
