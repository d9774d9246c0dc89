"""EC2: status checks, who gets in through security groups and NACLs, ways out, metadata, backup tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import listed, number, total
from bot.diagnostics.rules.finding import Finding, Weight

_SHELL = 22
_ANYWHERE = "0.0.0.0/0"
_LAST_RULE = 32767  # NACLs deny by it what no rule names
_MANY = 10_000  # calls to the old metadata service in an hour


def _instance(probe: Probe) -> dict[str, Any]:
    """By id, or by its tag Name. Raises Unread."""
    by_id = probe.name.startswith("i-")
    asked: dict[str, Any] = (
        {"InstanceIds": [probe.name]} if by_id else {"Filters": [{"Name": "tag:Name", "Values": [probe.name]}]}
    )
    for reservation in probe.read("ec2", "DescribeInstances", **asked)["Reservations"]:
        for instance in reservation["Instances"]:
            found: dict[str, Any] = instance
            return found
    raise Unread(Reason.MISSING, f"ec2:DescribeInstances does not know {probe.name}")


def _id(probe: Probe) -> str:
    return str(_instance(probe)["InstanceId"])


def _names(probe: Probe) -> Sequence[str]:
    reservations = probe.reader.read_all("ec2", "DescribeInstances", "Reservations", pages=2)
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    named = [tag["Value"] for one in instances for tag in one.get("Tags", ()) if tag["Key"] == "Name"]
    return [*named, *(one["InstanceId"] for one in instances)]


def status(probe: Probe) -> Iterator[Finding]:
    """Whether it runs, and what AWS itself sees of it."""
    name, state = _id(probe), _instance(probe)["State"]["Name"]
    if state != "running":
        yield Finding(
            "ec2.state",
            Weight.PROBLEM,
            f"{name} is {state}",
            "It takes no requests in this state.",
            (),
            ("PB-autoscaling",),
            command=probe.command("ec2", "DescribeInstances", InstanceIds=[name]),
        )
        return
    for one in probe.read("ec2", "DescribeInstanceStatus", InstanceIds=[name])["InstanceStatuses"]:
        for kind in ("SystemStatus", "InstanceStatus"):
            if one[kind]["Status"] == "impaired":
                yield Finding(
                    "ec2.impaired",
                    Weight.PROBLEM,
                    f"The {'system' if kind == 'SystemStatus' else 'instance'} status check of {name} is impaired",
                    "The hardware below it has failed."
                    if kind == "SystemStatus"
                    else "The operating system does not answer.",
                    (),
                    ("NFI-2024-0011",) if kind == "SystemStatus" else ("NFI-2023-0010",),
                    command=probe.command("ec2", "DescribeInstanceStatus", InstanceIds=[name]),
                )


def _rules(probe: Probe) -> tuple[list[str], list[dict[str, Any]]]:
    groups = sorted(one["GroupId"] for one in _instance(probe).get("SecurityGroups", ()))
    if not groups:
        return [], []
    found = probe.read("ec2", "DescribeSecurityGroups", GroupIds=groups)["SecurityGroups"]
    return groups, [rule for group in found for rule in group.get("IpPermissions", ())]


def security_groups(probe: Probe) -> Iterator[Finding]:
    """Whether anybody gets in, and by shell."""
    groups, rules = _rules(probe)
    if not groups:
        return
    command = probe.command("ec2", "DescribeSecurityGroups", GroupIds=groups)
    if not rules:
        yield Finding(
            "ec2.nobody-in",
            Weight.PROBLEM,
            f"{listed(groups)} let nobody in",
            "Every connection to it times out.",
            ("PB-network",),
            ("CASE-2026-0203", "LESSON-10"),
            command=command,
        )
    elif not any(_covers(rule, _SHELL) for rule in rules):
        yield Finding(
            "ec2.no-shell",
            Weight.NOTICE,
            f"{listed(groups)} have no rule for port {_SHELL}",
            "SSH times out while the application still answers. Session Manager needs no rule.",
            (),
            ("CASE-2026-0203", "LESSON-10"),
            command=command,
        )


def _covers(rule: dict[str, Any], port: int) -> bool:
    return rule.get("IpProtocol") == "-1" or rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)


def network_acl(probe: Probe) -> Iterator[Finding]:
    """The order of rules: what is denied before it is allowed, or never allowed."""
    subnet = _instance(probe).get("SubnetId")
    if subnet is None:
        return
    asked = {"Filters": [{"Name": "association.subnet-id", "Values": [subnet]}]}
    for acl in probe.read("ec2", "DescribeNetworkAcls", **asked)["NetworkAcls"]:
        for outgoing, way in ((False, "in"), (True, "out")):
            rules = sorted(
                (one for one in acl["Entries"] if one["Egress"] is outgoing and _of_ipv4(one)),
                key=lambda one: one["RuleNumber"],
            )
            first = next((one for one in rules if _everything(one)), None)
            allows = [one for one in rules if one["RuleAction"] == "allow"]
            blocked = first is not None and first["RuleAction"] == "deny"
            if (blocked and not _before(allows, first)) or not allows:
                why = f"rule {first['RuleNumber']} denies everything first" if blocked and first else "no rule allows"
                yield Finding(
                    "ec2.nacl-denies",
                    Weight.PROBLEM,
                    f"{acl['NetworkAclId']} lets nothing {way}: {why}",
                    "Rules apply in the order of their numbers, and answers need a rule of their own.",
                    ("NFI-2023-0013", "PB-network"),
                    command=probe.command("ec2", "DescribeNetworkAcls", **asked),
                )


def _of_ipv4(rule: dict[str, Any]) -> bool:
    """Rules of IPv6 stand among the others and say nothing of IPv4."""
    return rule["RuleNumber"] < _LAST_RULE and "CidrBlock" in rule


def _everything(rule: dict[str, Any]) -> bool:
    return rule["CidrBlock"] == _ANYWHERE and rule.get("Protocol") == "-1"


def _before(allows: list[dict[str, Any]], first: dict[str, Any] | None) -> bool:
    return first is not None and any(one["RuleNumber"] < first["RuleNumber"] for one in allows)


def routes(probe: Probe) -> Iterator[Finding]:
    """Routes to what is gone."""
    vpc = _instance(probe).get("VpcId")
    if vpc is None:
        return
    asked = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    dead = [
        f"{route.get('DestinationCidrBlock') or route.get('DestinationIpv6CidrBlock')} in {table['RouteTableId']}"
        for table in probe.read("ec2", "DescribeRouteTables", **asked)["RouteTables"]
        for route in table["Routes"]
        if route.get("State") == "blackhole"
    ]
    if dead:
        yield Finding(
            "ec2.blackhole",
            Weight.PROBLEM,
            f"Routes point to deleted targets: {listed(dead)}",
            "What is sent there is lost: the gateway, peering or instance behind the route was deleted.",
            ("PB-network",),
            command=probe.command("ec2", "DescribeRouteTables", **asked),
        )


def metadata(probe: Probe) -> Iterator[Finding]:
    """Calls to the metadata service without a token, and more of them than anybody needs."""
    metric = Metric("calls", "AWS/EC2", "MetadataNoToken", "Sum", {"InstanceId": _id(probe)})
    figures = probe.figures((metric,))
    calls = figures["calls"].total
    if calls >= _MANY:
        yield Finding(
            "ec2.metadata",
            Weight.RISK,
            f"{number(calls)} calls to the metadata service without a token {probe.window.short}",
            "Something asks it over and over, as on every request; so many calls may be slowed down.",
            (),
            ("NFI-2024-0015",),
            figures.compare("calls", total),
            probe.metric_command(metric),
        )


def backup(probe: Probe) -> Iterator[Finding]:
    """Tags by which backup plans choose."""
    tags = _instance(probe).get("Tags", ())
    if not any("backup" in tag["Key"].lower() for tag in tags):
        yield Finding(
            "ec2.no-backup-tag",
            Weight.NOTICE,
            "No backup tag",
            "Backup plans that select by tag silently skip it.",
            (),
            ("NFI-2024-0003",),
            command=probe.command("ec2", "DescribeInstances", InstanceIds=[_id(probe)]),
        )


CHECK = Check(
    word="ec2",
    what="EC2 instance",
    example="ec2 i-0123456789abcdef0",
    exists=_instance,
    names=_names,
    looks={
        "status": status,
        "security groups": security_groups,
        "network ACL": network_acl,
        "routes": routes,
        "metadata service": metadata,
        "backup tag": backup,
        "changes in CloudTrail": changes_look(_id, ("CASE-2026-0203", "LESSON-10")),
    },
    aliases=("instance",),
)
