"""ECS: services that were deployed, deployments that were rolled back, and tasks that cannot be placed or stay ill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import EVERYTHING, changes_span, in_span
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.finding import Finding, Weight
from bot.text.masking import mask
from bot.text.wording import counted

_CLUSTERS = 5
_BATCH, _BATCHES = 10, 3  # services that one call describes, and such calls for each cluster
_ROLLED_BACK = 3  # services whose failed deployments are asked for, each one call
_QUOTED = 200  # characters of a message
_FAILED = ["STOPPED", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]
_TROUBLE = re.compile(
    r"unable to|deployment failed|failed (?:container )?health|unhealthy|failed to start", re.IGNORECASE
)
_ILL = re.compile(r"unhealthy|health checks?", re.IGNORECASE)
_PREFIX = re.compile(r"^\(service [^)]*\)\s*")


def services(probe: Probe) -> Iterator[Finding]:
    """At most 24 calls; what was beyond them is said. Raises Unread."""
    clusters = probe.reader.read_all("ecs", "ListClusters", "clusterArns", pages=1)
    left = len(clusters[_CLUSTERS:])
    described: list[dict[str, Any]] = []
    for cluster in clusters[:_CLUSTERS]:
        found, more = _described(probe, cluster)
        described, left = [*described, *found], left + more
    for service in described:
        yield from _events(probe, service)
    for service in described:
        yield from _deployments(probe, service)
    changed = [one for one in described if any(in_span(probe, each.get("createdAt")) for each in _listed(one))]
    for service in changed[:_ROLLED_BACK]:
        yield from _rolled_back(probe, service)
    if left:
        what = f"ecs:DescribeServices was not called for {counted(left, 'cluster or service', 'clusters or services')}"
        raise Unread(Reason.LATE, f"{what} beyond the first ones. Name one: `diagnose changes checkout`.")


def _described(probe: Probe, cluster: str) -> tuple[list[dict[str, Any]], int]:
    """The services of a cluster, and how many were left out."""
    arns = probe.reader.read_all("ecs", "ListServices", "serviceArns", pages=1, cluster=cluster, maxResults=100)
    if probe.name != EVERYTHING:
        arns = [arn for arn in arns if arn.rpartition("/")[2] == probe.name]
    found: list[dict[str, Any]] = []
    for begin in range(0, min(len(arns), _BATCH * _BATCHES), _BATCH):
        batch = arns[begin : begin + _BATCH]
        found += probe.read("ecs", "DescribeServices", cluster=cluster, services=batch).get("services", ())
    return found, max(0, len(arns) - _BATCH * _BATCHES)


def _listed(service: dict[str, Any]) -> Sequence[dict[str, Any]]:
    deployments: Sequence[dict[str, Any]] = service.get("deployments", ())
    return deployments


def _named(service: dict[str, Any]) -> str:
    return f"ECS service {service['serviceName']} (cluster {_tail(service['clusterArn'])})"


def _tail(arn: str) -> str:
    return arn.rpartition("/")[2]


def _command(probe: Probe, service: dict[str, Any]) -> str:
    return probe.command(
        "ecs", "DescribeServices", cluster=_tail(service["clusterArn"]), services=[service["serviceName"]]
    )


def _deployments(probe: Probe, service: dict[str, Any]) -> Iterator[Finding]:
    for one in _listed(service):
        if not in_span(probe, one.get("createdAt")):
            continue
        at, failed = one["createdAt"].astimezone(UTC), one.get("rolloutState") == "FAILED"
        what = _tail(one.get("taskDefinition", "a task definition"))
        reason = f": {_quoted(one.get('rolloutStateReason', ''))}" if failed else ""
        tasks = f", {counted(one['failedTasks'], 'task')} failed" if one.get("failedTasks") else ""
        yield Finding(
            "ecs.failed" if failed else "ecs.deployment",
            Weight.PROBLEM if failed else Weight.CHANGE,
            f"{_named(service)}: {what} deployed at {at:%H:%M:%S} UTC, "
            f"{one.get('rolloutState', one.get('status', 'in progress'))}{tasks}{reason}",
            "New tasks do not come up; old ones may still serve."
            if failed
            else "ECS deployed shortly before or during the window.",
            command=_command(probe, service),
            at=at,
        )


def _rolled_back(probe: Probe, service: dict[str, Any]) -> Iterator[Finding]:
    """Deployments that were stopped or rolled back are no longer among those that the service lists."""
    begin, end = changes_span(probe)
    asked = {"service": service["serviceName"], "cluster": _tail(service["clusterArn"]), "status": _FAILED}
    found = probe.read("ecs", "ListServiceDeployments", **asked, createdAt={"after": begin, "before": end})
    for one in found.get("serviceDeployments", ()):
        at: datetime = one["createdAt"].astimezone(UTC)
        reason = f": {_quoted(one['statusReason'])}" if one.get("statusReason") else ""
        yield Finding(
            "ecs.failed",
            Weight.PROBLEM,
            f"{_named(service)}: the deployment begun at {at:%H:%M:%S} UTC is {one.get('status')}{reason}",
            "ECS gave up on the new version; look at why its tasks stopped.",
            command=probe.command("ecs", "ListServiceDeployments", **asked),
            at=at,
        )


def _events(probe: Probe, service: dict[str, Any]) -> Iterator[Finding]:
    """The latest thing that ECS complains of."""
    bad = [
        one
        for one in service.get("events", ())
        if in_span(probe, one.get("createdAt")) and _TROUBLE.search(one.get("message", ""))
    ]
    if not bad:
        return
    last = max(bad, key=lambda one: one["createdAt"])
    running = f"{service.get('runningCount', 0)} of {service.get('desiredCount', 0)} tasks run"
    yield Finding(
        "ecs.events",
        Weight.PROBLEM,
        f"{_named(service)}: {running}; {counted(len(bad), 'event')} of trouble, the last at "
        f"{last['createdAt'].astimezone(UTC):%H:%M:%S} UTC: {_quoted(_PREFIX.sub('', last['message']))}",
        "ECS cannot place tasks, or those that it starts do not pass their health check.",
        likely=("INC-2023-3421",) if _ILL.search(last["message"]) else (),
        command=_command(probe, service),
        at=last["createdAt"].astimezone(UTC),
    )


def _quoted(words: str) -> str:
    return " ".join(mask(words).split())[:_QUOTED]
