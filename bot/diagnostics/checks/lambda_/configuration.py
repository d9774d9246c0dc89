"""How a function is configured, and what of it changed shortly before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.diagnostics.checks.changes import change_finding, changes_of
from bot.diagnostics.checks.probe import HOUR, Probe
from bot.diagnostics.rules.figures import listed
from bot.diagnostics.rules.finding import Finding, Weight

_LATEST = "$LATEST"
_NO_ADDRESSES = ("ENILimitExceeded", "SubnetOutOfIPAddresses", "InsufficientRolePermissions", "InvalidSubnet")
_LARGEST_SNAPSHOT_DISK = 512  # MB of ephemeral storage with which SnapStart works


def configuration_of(probe: Probe) -> dict[str, Any]:
    """The function's configuration. Raises Unread."""
    return probe.read("lambda", "GetFunctionConfiguration", FunctionName=probe.name)


def log_group(probe: Probe) -> str:
    """Where its lines go. Raises Unread."""
    configured = configuration_of(probe).get("LoggingConfig", {}).get("LogGroup")
    return str(configured or f"/aws/lambda/{probe.name}")


def state(probe: Probe) -> Iterator[Finding]:
    """Whether it can run at all."""
    found = configuration_of(probe)
    command = probe.command("lambda", "GetFunctionConfiguration", FunctionName=probe.name)
    for status, reason, code in (
        (found.get("State"), found.get("StateReason"), found.get("StateReasonCode")),
        (found.get("LastUpdateStatus"), found.get("LastUpdateStatusReason"), found.get("LastUpdateStatusReasonCode")),
    ):
        if status not in ("Failed", "Inactive"):
            continue
        network_trouble = code in _NO_ADDRESSES or "ENI" in str(reason)
        yield Finding(
            "lambda.state",
            Weight.PROBLEM if status == "Failed" else Weight.NOTICE,
            f"State is {status}{f' ({code})' if code else ''}: {reason or 'AWS gives no reason'}",
            "A function in this state does not start, or runs the code of before its last update.",
            ("GUIDE-eni",) if network_trouble else (),
            () if network_trouble else ("GUIDE-deployment-failures",),
            command=command,
        )


def aliases(probe: Probe) -> Iterator[Finding]:
    """Aliases on the version that every upload changes."""
    found = probe.reader.read_all("lambda", "ListAliases", "Aliases", pages=1, FunctionName=probe.name)
    floating = sorted(one["Name"] for one in found if one["FunctionVersion"] == _LATEST)
    if floating:
        yield Finding(
            "lambda.alias-latest",
            Weight.RISK,
            f"{'Alias' if len(floating) == 1 else 'Aliases'} on {_LATEST}: {listed(floating)}",
            "Whatever is uploaded is live at once; no version protects callers of the alias.",
            ("NFI-2024-0018",),
            command=probe.command("lambda", "ListAliases", FunctionName=probe.name),
        )


def snap_start(probe: Probe) -> Iterator[Finding]:
    """SnapStart that is switched on and has no effect."""
    found = configuration_of(probe)
    if found.get("SnapStart", {}).get("ApplyOn") != "PublishedVersions":
        return
    why = []
    named = probe.reader.read_all("lambda", "ListAliases", "Aliases", pages=1, FunctionName=probe.name)
    floating = sorted(one["Name"] for one in named if one["FunctionVersion"] == _LATEST)
    if floating:
        why.append(f"alias {listed(floating)} is on {_LATEST}")
    elif not named:
        why.append("no alias leads to a published version")
    disk = found.get("EphemeralStorage", {}).get("Size", _LARGEST_SNAPSHOT_DISK)
    if disk > _LARGEST_SNAPSHOT_DISK:
        why.append(f"ephemeral storage is {disk} MB, and SnapStart ends at {_LARGEST_SNAPSHOT_DISK} MB")
    if found.get("FileSystemConfigs"):
        why.append("a file system is attached")
    if why:
        yield Finding(
            "lambda.snapstart",
            Weight.RISK,
            f"SnapStart is on for published versions, but {'; '.join(why)}",
            "Invocations of unpublished code start cold, as if SnapStart were off.",
            ("GUIDE-snapstart",),
            command=probe.command("lambda", "GetFunctionConfiguration", FunctionName=probe.name),
        )


def deployment(probe: Probe) -> Iterator[Finding]:
    """Code or configuration that changed in the window or in the hour before it."""
    at = _modified(configuration_of(probe))
    if at is None or not probe.window.begin - HOUR <= at < probe.window.end + timedelta(minutes=1):
        return
    yield Finding(
        "lambda.deployed",
        Weight.CHANGE,
        f"Code or configuration was last changed at {at:%H:%M:%S} UTC",
        "It is the nearest change to what you see; rolling back is often the fastest fix.",
        likely=("NFI-2024-0006", "LESSON-01"),
        command=probe.command("lambda", "GetFunctionConfiguration", FunctionName=probe.name),
        at=at,
    )


def _modified(found: dict[str, Any]) -> datetime | None:
    typed = found.get("LastModified")
    try:
        return datetime.fromisoformat(str(typed).replace("+0000", "+00:00")).astimezone(UTC)
    except ValueError:
        return None


def changes(probe: Probe) -> Iterator[Finding]:
    """What CloudTrail saw happen to the function and to its role."""
    role = str(configuration_of(probe)["Role"]).rpartition("/")[2]
    for change in changes_of(probe, probe.name):
        yield change_finding(probe, change, ("LESSON-01",))
    for change in changes_of(probe, role, worldwide=True):
        yield change_finding(probe, change, ("INC-2023-1247", "PB-lambda"), worldwide=True)
