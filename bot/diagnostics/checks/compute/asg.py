"""Auto Scaling groups: activities that failed, instances that come and go, limits, what is suspended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import HOUR, Check, Metric, Probe
from bot.diagnostics.rules.figures import highest, listed, number
from bot.diagnostics.rules.finding import Finding, Weight

_CYCLES = 3  # instances taken out for their health in two hours
_BUSY = 80.0  # percent of the CPU


def _group(probe: Probe) -> dict[str, Any]:
    asked = {"AutoScalingGroupNames": [probe.name]}
    found = probe.read("autoscaling", "DescribeAutoScalingGroups", **asked)["AutoScalingGroups"]
    if not found:
        raise Unread(Reason.MISSING, f"autoscaling:DescribeAutoScalingGroups does not know {probe.name}")
    group: dict[str, Any] = found[0]
    return group


def _names(probe: Probe) -> Sequence[str]:
    groups = probe.reader.read_all("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups", pages=2)
    return [one["AutoScalingGroupName"] for one in groups]


def activities(probe: Probe) -> Iterator[Finding]:
    """What the group tried lately: launches that failed, and instances replaced again and again."""
    asked = {"AutoScalingGroupName": probe.name}
    found = probe.reader.read_all("autoscaling", "DescribeScalingActivities", "Activities", pages=1, **asked)
    recent = [one for one in found if probe.window.begin - HOUR <= one["StartTime"] < probe.window.end]
    command = probe.command("autoscaling", "DescribeScalingActivities", **asked)
    failed = [one for one in recent if one["StatusCode"] in ("Failed", "Cancelled")]
    if failed:
        yield Finding(
            "asg.failed",
            Weight.PROBLEM,
            f"{len(failed)} scaling activities failed; the last: "
            f"{' '.join(str(failed[0].get('StatusMessage') or failed[0]['Description']).split())[:160]}",
            "The group cannot become what it wants to be.",
            ("PB-autoscaling",),
            command=command,
        )
    sick = [one for one in recent if "health" in one.get("Cause", "").lower() and "erminat" in one["Description"]]
    if len(sick) >= _CYCLES:
        yield Finding(
            "asg.cycling",
            Weight.PROBLEM,
            f"{len(sick)} instances were taken out for failing health checks in two hours",
            "New instances fail as the old ones did: look at what the launch template changed.",
            ("PB-autoscaling",),
            ("NFI-2023-0010",),
            command=command,
        )


def limits(probe: Probe) -> Iterator[Finding]:
    """A group that cannot grow, or is kept from it."""
    group = _group(probe)
    command = probe.command("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[probe.name])
    cpu = Metric("cpu", "AWS/EC2", "CPUUtilization", "Average", {"AutoScalingGroupName": probe.name})
    figures = probe.figures((cpu,))
    busy = figures["cpu"].highest >= _BUSY
    if group["DesiredCapacity"] >= group["MaxSize"]:
        yield Finding(
            "asg.at-maximum",
            Weight.PROBLEM if busy else Weight.NOTICE,
            f"{group['DesiredCapacity']} instances are wanted, the maximum is {group['MaxSize']}",
            "It does not grow further, whatever the load.",
            ("PB-autoscaling",),
            command=command,
        )
    elif busy:
        policies = probe.reader.read_all(
            "autoscaling", "DescribePolicies", "ScalingPolicies", pages=1, AutoScalingGroupName=probe.name
        )
        yield Finding(
            "asg.not-scaling",
            Weight.PROBLEM,
            f"CPU was at {number(figures['cpu'].highest, '%')} {probe.window.short}, and {group['DesiredCapacity']} of "
            f"{group['MaxSize']} instances run; {len(policies)} scaling policies",
            "The load does not make it grow: no policy, a threshold too high, or a metric that comes late.",
            ("PB-autoscaling",),
            ("INC-2023-2890",),
            figures.compare("cpu", highest, "%"),
            probe.metric_command(cpu),
        )


def suspended(probe: Probe) -> Iterator[Finding]:
    """Processes that somebody stopped."""
    names = sorted(one["ProcessName"] for one in _group(probe).get("SuspendedProcesses", ()))
    if names:
        yield Finding(
            "asg.suspended",
            Weight.RISK,
            f"Suspended: {listed(names)}",
            "Somebody stopped these processes of the group; they do not start again by themselves.",
            ("PB-autoscaling",),
            command=probe.command("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[probe.name]),
        )


def template(probe: Probe) -> Iterator[Finding]:
    """A launch template that changes under the group."""
    found = _group(probe).get("LaunchTemplate", {})
    if found.get("Version") == "$Latest":
        yield Finding(
            "asg.latest-template",
            Weight.NOTICE,
            f"It launches {found.get('LaunchTemplateName')} at $Latest",
            "Every new version of the template is live with the next instance; nothing tries it first.",
            (),
            ("NFI-2023-0010",),
            command=probe.command("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[probe.name]),
        )


CHECK = Check(
    word="asg",
    what="Auto Scaling group",
    example="asg shop-prod",
    exists=_group,
    names=_names,
    looks={
        "activities": activities,
        "limits": limits,
        "suspended processes": suspended,
        "launch template": template,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("NFI-2023-0010", "INC-2023-2890")),
    },
    aliases=("autoscaling",),
)
