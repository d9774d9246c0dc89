"""Load balancers: targets and why they are unhealthy, health checks that are too tight, draining, errors by code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.changes import changes_look
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number, share, total
from bot.diagnostics.rules.finding import Finding, Weight

_MOST_GROUPS = 5  # each takes two calls
_TIGHT_INTERVAL, _TIGHT_TIMEOUT = 10, 2  # seconds
_NOISE = 1.0  # percent of answers
_SICK = ("unhealthy", "unhealthy.draining", "unavailable")
_NOT_CHECKED = "Target.HealthCheckDisabled"  # as of functions, unless somebody switched it on


def _balancer(probe: Probe) -> dict[str, Any]:
    """The load balancer; empty where the name is that of a target group. Raises Unread."""
    try:
        found: dict[str, Any] = probe.read("elbv2", "DescribeLoadBalancers", Names=[probe.name])["LoadBalancers"][0]
    except Unread as unread:
        if unread.reason is not Reason.MISSING:
            raise
        _by_name(probe)
        return {}
    return found


def _by_name(probe: Probe) -> list[dict[str, Any]]:
    return list(probe.read("elbv2", "DescribeTargetGroups", Names=[probe.name])["TargetGroups"])


def _groups(probe: Probe) -> list[dict[str, Any]]:
    balancer = _balancer(probe)
    if not balancer:
        return _by_name(probe)
    arn = balancer["LoadBalancerArn"]
    found = probe.reader.read_all("elbv2", "DescribeTargetGroups", "TargetGroups", pages=1, LoadBalancerArn=arn)
    return found[:_MOST_GROUPS]


def _names(probe: Probe) -> Sequence[str]:
    balancers = probe.reader.read_all("elbv2", "DescribeLoadBalancers", "LoadBalancers", pages=2)
    return [one["LoadBalancerName"] for one in balancers]


def _metrics(probe: Probe) -> dict[str, Metric]:
    arn = (_balancer(probe) or {}).get("LoadBalancerArn", "")
    named = {"LoadBalancer": arn.partition("loadbalancer/")[2]}
    wanted = (
        ("requests", "RequestCount", "Sum"),
        ("bad_gateway", "HTTPCode_ELB_502_Count", "Sum"),
        ("unavailable", "HTTPCode_ELB_503_Count", "Sum"),
        ("timed_out", "HTTPCode_ELB_504_Count", "Sum"),
        ("target", "HTTPCode_Target_5XX_Count", "Sum"),
        ("longest", "TargetResponseTime", "Maximum"),
    )
    return {key: Metric(key, "AWS/ApplicationELB", series, stat, named) for key, series, stat in wanted}


def _figures(probe: Probe) -> Figures:
    return probe.figures(tuple(_metrics(probe).values())) if _balancer(probe) else Figures()


def _health(probe: Probe, arn: str) -> list[dict[str, Any]]:
    found = probe.read("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [one["TargetHealth"] for one in found]


def targets(probe: Probe) -> Iterator[Finding]:
    """Who gets requests, and why the others do not."""
    groups = [(one, _health(probe, one["TargetGroupArn"])) for one in _groups(probe)]
    served = any(found for _, found in groups)
    for group, found in groups:
        arn, name = group["TargetGroupArn"], group["TargetGroupName"]
        sick = [one for one in found if one["State"] in _SICK and one.get("Reason") != _NOT_CHECKED]
        command = probe.command("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
        if not found:
            yield Finding(
                "alb.no-targets",
                Weight.RISK if served else Weight.PROBLEM,
                f"{name} has no targets",
                "The load balancer answers 503 for everything routed there"
                + ("; where two groups take turns (blue/green), one is idle." if served else "."),
                ("PB-alb",),
                command=command,
            )
        if sick:
            reasons = Counter(one.get("Reason", "no reason") for one in sick)
            why = ", ".join(f"{reason} ({times})" for reason, times in sorted(reasons.items()))
            all_of_them = len(sick) == len(found)
            yield Finding(
                "alb.unhealthy",
                Weight.PROBLEM,
                f"{len(sick)} of {len(found)} targets of {name} are unhealthy: {why}",
                "All of them at once points to the health check or a deployment rather than to the targets."
                if all_of_them
                else "Requests go to the others; if they are too few, these follow.",
                ("PB-alb",),
                ("INC-2023-3421",) if all_of_them else ("LESSON-06",),
                command=command,
            )


def health_check(probe: Probe) -> Iterator[Finding]:
    """Health checks that a short pause fails."""
    for group in _groups(probe):
        interval, timeout = group.get("HealthCheckIntervalSeconds", 30), group.get("HealthCheckTimeoutSeconds", 5)
        if interval <= _TIGHT_INTERVAL and timeout <= _TIGHT_TIMEOUT:
            yield Finding(
                "alb.tight-health-check",
                Weight.RISK,
                f"The health check of {group['TargetGroupName']} comes every {interval} s and waits {timeout} s; "
                f"{group.get('UnhealthyThresholdCount', 2)} failures take a target out",
                "A short spike of CPU or a pause for garbage collection is enough to lose healthy targets.",
                ("LESSON-06",),
                command=probe.command("elbv2", "DescribeTargetGroups", Names=[group["TargetGroupName"]]),
            )


def draining(probe: Probe) -> Iterator[Finding]:
    """Requests that last longer than a target is given to finish them."""
    longest = _figures(probe)["longest"].highest
    for group in _groups(probe):
        arn = group["TargetGroupArn"]
        found = probe.read("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=arn)["Attributes"]
        delay = next((one["Value"] for one in found if one["Key"] == "deregistration_delay.timeout_seconds"), None)
        if delay is not None and longest > float(delay):
            yield Finding(
                "alb.draining",
                Weight.RISK,
                f"The deregistration delay of {group['TargetGroupName']} is {delay} s, and requests took up to "
                f"{number(longest, 's')} {probe.window.short}",
                "Each deployment cuts off requests that are still running: clients get 502.",
                ("LESSON-09",),
                (),
                _figures(probe).compare("longest", highest, "s"),
                probe.command("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=arn),
            )


def errors(probe: Probe) -> Iterator[Finding]:
    """Errors of the load balancer itself, and of the targets behind it."""
    figures = _figures(probe)
    for key, code, why in (
        ("bad_gateway", "502", "Targets closed connections or answered what is not HTTP."),
        ("unavailable", "503", "There was no healthy target."),
        ("timed_out", "504", "Targets did not answer in time."),
        ("target", "5xx from targets", "The targets themselves answered with errors."),
    ):
        failed = figures[key].total
        percent = share(failed, figures["requests"].total)
        if failed:
            yield Finding(
                f"alb.{key.replace('_', '-')}",
                Weight.PROBLEM if percent >= _NOISE else Weight.NOTICE,
                f"{number(failed)} answers of {code} {probe.window.short} ({number(percent, '%')} of requests)",
                why,
                (),
                ("LESSON-02", "PB-alb"),
                figures.compare(key, total),
                probe.metric_command(_metrics(probe)[key]),
            )


CHECK = Check(
    word="alb",
    what="load balancer or target group",
    example="alb shop",
    exists=_balancer,
    names=_names,
    looks={
        "targets": targets,
        "health check": health_check,
        "draining": draining,
        "errors": errors,
        "changes in CloudTrail": changes_look(lambda probe: probe.name, ("INC-2023-3421",)),
    },
    aliases=("nlb", "elb", "elbv2"),
)
