"""What changed in the account: CloudTrail says by whom, deployments and AWS itself say what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.diagnostics.checks.account import codedeploy, ecs, health, stacks
from bot.diagnostics.checks.changes import EVERYTHING, Change, change_finding, read_change
from bot.diagnostics.checks.probe import HOUR, Check, Probe
from bot.diagnostics.rules.finding import Finding

_PAGES = 2  # of fifty events; CloudTrail answers two questions a second
_MOST = 10
# What machines do all day and nobody means by a change.
_NOISE = frozenset(
    {"AssumeRole", "CreateLogStream", "PutLogEvents", "GenerateDataKey", "Decrypt", "Encrypt", "PutMetricData"}
)
# Events with which known failures began.
BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "AuthorizeSecurityGroupIngress": ("LESSON-10",),
    "RevokeSecurityGroupIngress": ("CASE-2026-0203", "LESSON-03", "LESSON-10"),
    "PutBucketPolicy": ("CASE-2026-0089", "INC-2023-0987", "INC-2023-0892"),
    "DeleteBucketPolicy": ("INC-2023-0987",),
    "CreateNetworkAclEntry": ("NFI-2023-0013",),
    "ReplaceNetworkAclEntry": ("NFI-2023-0013",),
    "DeleteNetworkAclEntry": ("NFI-2023-0013",),
    "CreateInvalidation": ("NFI-2023-0014",),
    "ChangeResourceRecordSets": ("NFI-2024-0004",),
    "UpdateFunctionCode20150331v2": ("LESSON-01", "NFI-2024-0018", "NFI-2024-0006"),
    "UpdateFunctionConfiguration20150331v2": ("LESSON-01",),
    "PutRolePolicy": ("INC-2023-1247", "NFI-2023-0011"),
    "DeleteRolePolicy": ("INC-2023-1247", "NFI-2023-0011"),
    "DetachRolePolicy": ("INC-2023-1247", "NFI-2023-0011"),
    "PutInlinePolicyToPermissionSet": ("NFI-2023-0017",),
    "DetachManagedPolicyFromPermissionSet": ("NFI-2023-0017",),
    "UpdatePermissionSet": ("NFI-2023-0017",),
    "UpdateWebACL": ("NFI-2024-0008",),
    "UpdateRuleGroup": ("NFI-2024-0008",),
    "RotateSecret": ("NFI-2024-0009",),
    "PutSecretValue": ("NFI-2024-0009",),
    "UpdateStack": ("NFI-2024-0013",),
    "UpdateClusterConfig": ("NFI-2024-0014",),
    "PutResourcePolicy": ("INC-2023-1456",),
    "CreateAccessKey": ("SEC-2023-0156", "PB-security"),
    "AttachUserPolicy": ("SEC-2023-0156", "PB-security"),
    "CreateUser": ("SEC-2023-0156", "PB-security"),
}


def _asked(probe: Probe) -> dict[str, Any]:
    everything = probe.name == EVERYTHING
    attribute = {
        "AttributeKey": "ReadOnly" if everything else "ResourceName",
        "AttributeValue": "false" if everything else probe.name,
    }
    return {
        "LookupAttributes": [attribute],
        "StartTime": probe.window.begin - HOUR,
        "EndTime": probe.window.end,
    }


def _events(probe: Probe) -> list[dict[str, Any]]:
    """Those of the region, and those of what belongs to none."""
    home = probe.reader.of_the_world()
    readers = (probe.reader,) if home is probe.reader else (probe.reader, home)
    found: list[dict[str, Any]] = []
    for reader in readers:
        found += reader.read_all("cloudtrail", "LookupEvents", "Events", pages=_PAGES, **_asked(probe))
    return list({event.get("EventId", number): event for number, event in enumerate(found)}.values())


def changes(probe: Probe) -> Iterator[Finding]:
    """The latest changes; those with which a known failure began come before the others."""
    found = [read_change(event, _resource(event)) for event in _events(probe) if event.get("ReadOnly") != "true"]
    meant = [change for change in found if change.error is None and change.name not in _NOISE]
    meant.sort(key=lambda change: (change.name not in BEGINNINGS, -change.at.timestamp()))
    for change in meant[:_MOST]:
        yield change_finding(probe, change, BEGINNINGS.get(change.name, ()))


def refusals(probe: Probe) -> Iterator[Finding]:
    """Changes that AWS refused."""
    for event in _events(probe):
        change = read_change(event, _resource(event))
        if change.error and "Denied" in change.error:
            yield change_refused(probe, change)
            return


def change_refused(probe: Probe, change: Change) -> Finding:
    """One change that was refused, as an example of others."""
    found = change_finding(probe, change, ("PB-security", "INC-2023-1247"))
    return replace(
        found,
        check="changes.refused",
        seen=f"{change.name} of {change.resource} by {change.who} was refused at {change.at:%H:%M} UTC",
        why="Somebody, or a deployment, tried what it may not do.",
    )


def _resource(event: Mapping[str, Any]) -> str:
    named = [one.get("ResourceName", "") for one in event.get("Resources", ())]
    return next((name for name in named if name), "a resource without a name")


def _exists(_probe: Probe) -> None:
    """Whatever is asked about may have been deleted."""


def _names(_probe: Probe) -> Sequence[str]:
    return ()


CHECK = Check(
    word="changes",
    what="history of changes",
    example="changes",
    exists=_exists,
    names=_names,
    looks={
        "changes in CloudTrail": changes,
        "refused changes": refusals,
        "CloudFormation stacks": stacks.stacks,
        "CodeDeploy deployments": codedeploy.deployments,
        "ECS services": ecs.services,
        "AWS Health": health.events,
    },
    aliases=("cloudtrail", "cloudformation", "codedeploy", "ecs", "health"),
)
