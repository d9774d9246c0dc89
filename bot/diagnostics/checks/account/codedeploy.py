"""CodeDeploy: what was deployed to which group, who or what began it, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import EVERYTHING, changes_span
from bot.diagnostics.checks.probe import Probe
from bot.diagnostics.rules.finding import Finding, Weight
from bot.text.masking import mask

_MOST = 25  # deployments that one call describes
_QUOTED = 200  # characters of a reason
# What CodeDeploy calls who began a deployment, in words.
_CREATORS = {
    "user": "a user or a pipeline",
    "autoscaling": "Auto Scaling",
    "autoscalingTermination": "Auto Scaling",
    "codeDeployRollback": "CodeDeploy's rollback",
    "CodeDeployAutoUpdate": "CodeDeploy's update of outdated instances",
    "CloudFormation": "CloudFormation",
    "CloudFormationRollback": "CloudFormation's rollback",
}


def deployments(probe: Probe) -> Iterator[Finding]:
    """Those that began in the hour before or in the window: two calls. Raises Unread."""
    begin, end = changes_span(probe)
    ids = probe.reader.read_all(
        "codedeploy", "ListDeployments", "deployments", pages=1, createTimeRange={"start": begin, "end": end}
    )
    if not ids:
        return
    found = probe.read("codedeploy", "BatchGetDeployments", deploymentIds=ids[:_MOST])
    for one in found.get("deploymentsInfo", ()):
        if probe.name == EVERYTHING or _is_of(one, probe.name):
            yield _deployment(probe, one)
    if len(ids) > _MOST:
        raise Unread(
            Reason.LATE,
            f"codedeploy: {_MOST} of {len(ids)} deployments were read. Name one: `diagnose changes checkout`.",
        )


def _is_of(deployment: dict[str, Any], name: str) -> bool:
    """Application or group of that name; or what an AppSpec deploys, which is how functions and services are named."""
    revision = deployment.get("revision", {})
    spec = (revision.get("appSpecContent") or revision.get("string") or {}).get("content", "")
    if name in (deployment.get("applicationName"), deployment.get("deploymentGroupName")):
        return True
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", spec) is not None


def _deployment(probe: Probe, one: dict[str, Any]) -> Finding:
    status, creator = one.get("status", ""), one.get("creator", "")
    at = one["createTime"].astimezone(UTC)
    failed = status in ("Failed", "Stopped") or "Rollback" in creator
    error = one.get("errorInformation", {})
    reason = " ".join(mask(error.get("message", "")).split())[:_QUOTED]
    why = f": {error.get('code', '')} {reason}".rstrip() if error else ""
    return Finding(
        "codedeploy.failed" if failed else "codedeploy.deployment",
        Weight.PROBLEM if failed else Weight.CHANGE,
        f"Deployment {one['deploymentId']} of {one.get('applicationName')} to {one.get('deploymentGroupName')}, "
        f"begun at {at:%H:%M:%S} UTC by {_CREATORS.get(creator, creator or 'somebody')}, is {status}{why}",
        "Part of the fleet may run the new version and part the old one."
        if failed
        else "CodeDeploy deployed shortly before or during the window.",
        command=probe.command("deploy", "GetDeployment", deploymentId=one["deploymentId"]),
        at=at,
    )
