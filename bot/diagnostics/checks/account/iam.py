"""IAM roles: what they are allowed at all, and what they lost lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Probe
from bot.diagnostics.rules.finding import Finding, Weight


def _role(probe: Probe) -> dict[str, Any]:
    found: dict[str, Any] = probe.read("iam", "GetRole", RoleName=probe.name)["Role"]
    return found


def _names(probe: Probe) -> Sequence[str]:
    return [one["RoleName"] for one in probe.reader.read_all("iam", "ListRoles", "Roles", pages=3)]


def policies(probe: Probe) -> Iterator[Finding]:
    """A role that nothing allows anything, or that a boundary limits."""
    attached = probe.reader.read_all(
        "iam", "ListAttachedRolePolicies", "AttachedPolicies", pages=1, RoleName=probe.name
    )
    own = probe.reader.read_all("iam", "ListRolePolicies", "PolicyNames", pages=1, RoleName=probe.name)
    if not attached and not own:
        yield Finding(
            "iam.no-policies",
            Weight.PROBLEM,
            "The role has no policy, neither attached nor of its own",
            "Whatever uses it is denied every call.",
            ("PB-lambda",),
            ("INC-2023-1247", "NFI-2023-0011"),
            command=probe.command("iam", "ListAttachedRolePolicies", RoleName=probe.name),
        )
    denying = [one["PolicyName"] for one in attached if "Deny" in one["PolicyName"]]
    if denying:
        yield Finding(
            "iam.denied",
            Weight.RISK,
            f"A policy of this role is called {denying[0]}",
            "It may have been attached to contain an incident: a Deny wins over everything that is allowed.",
            (),
            ("PB-security",),
            command=probe.command("iam", "ListAttachedRolePolicies", RoleName=probe.name),
        )


CHECK = Check(
    word="iam",
    what="IAM role",
    example="iam orders-api-role",
    exists=_role,
    names=_names,
    looks={
        "policies": policies,
        "changes in CloudTrail": changes_look(
            lambda probe: probe.name, ("INC-2023-1247", "NFI-2023-0011"), worldwide=True
        ),
    },
    aliases=("role",),
)
