"""What CloudWatch counts of a function: invocations, errors, throttles, duration, concurrency."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from bot.aws.reading import Unread
from bot.diagnostics.checks.lambda_.configuration import configuration_of, log_group
from bot.diagnostics.checks.probe import Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number, share, total
from bot.diagnostics.rules.finding import Finding, Weight

_NEAR = 0.9  # of a limit or a timeout
_BIMODAL = 8.0  # times the median, from which the slowest percent is another kind of invocation
_SLOW = 1000.0  # ms under which nobody notices
_NOISE = 1.0  # percent of errors that may be there without a question


def metrics_of(probe: Probe) -> tuple[Metric, ...]:
    """Everything that the looks below read, so that it is asked for once."""

    def metric(key: str, series: str, stat: str) -> Metric:
        return Metric(key, "AWS/Lambda", series, stat, {"FunctionName": probe.name})

    return (
        metric("invocations", "Invocations", "Sum"),
        metric("errors", "Errors", "Sum"),
        metric("throttles", "Throttles", "Sum"),
        metric("concurrent", "ConcurrentExecutions", "Maximum"),
        metric("longest", "Duration", "Maximum"),
        metric("age", "IteratorAge", "Maximum"),
        Metric("logged", "AWS/Logs", "IncomingBytes", "Sum", {"LogGroupName": log_group(probe)}),
    )


def percentiles_of(name: str) -> tuple[Metric, Metric]:
    """The median and the slowest percent of the durations."""
    named = {"FunctionName": name}
    return (
        Metric("median", "AWS/Lambda", "Duration", "p50", named),
        Metric("slowest", "AWS/Lambda", "Duration", "p99", named),
    )


def figures_of(probe: Probe) -> Figures:
    """Raises Unread."""
    return probe.figures(metrics_of(probe))


def metric_command(probe: Probe, key: str) -> str:
    """The AWS CLI command that prints the series of that key."""
    return probe.metric_command(next(metric for metric in metrics_of(probe) if metric.key == key))


def concurrency(probe: Probe) -> Iterator[Finding]:
    """Throttles, and how near the function is to what it may run at once."""
    figures = figures_of(probe)
    reserved = probe.read("lambda", "GetFunctionConcurrency", FunctionName=probe.name).get(
        "ReservedConcurrentExecutions"
    )
    throttled, peak = figures["throttles"].total, figures["concurrent"].highest
    if reserved == 0:
        yield _switched_off(probe, figures)
        return
    if not throttled and not peak:
        return
    limit, name, missing = _limit(probe, reserved)
    if throttled:
        yield _throttles(probe, figures, limit, name)
    elif peak >= limit * _NEAR:
        yield _nearly_full(probe, figures, limit, name)
    if missing is not None:
        raise missing


def _limit(probe: Probe, reserved: int | None) -> tuple[float, str, Unread | None]:
    """What bounds it: its reserved concurrency, or what the account has left for others; infinite: unknown."""
    if reserved is not None:
        return float(reserved), "its reserved concurrency", None
    try:
        limits: dict[str, Any] = probe.read("lambda", "GetAccountSettings")["AccountLimit"]
    except Unread as unread:
        return math.inf, "", unread
    return float(limits["UnreservedConcurrentExecutions"]), "what the account has left for it and others", None


def _throttles(probe: Probe, figures: Figures, limit: float, name: str) -> Finding:
    throttled, peak = figures["throttles"].total, figures["concurrent"].highest
    reached = peak >= limit * _NEAR
    bound = f", {name} is {number(limit)}" if name else ""
    return Finding(
        "lambda.throttles",
        Weight.PROBLEM,
        f"{number(throttled)} invocations throttled {probe.window.short}; at most {number(peak)} ran at once{bound}",
        f"{'It reached its limit' if reached else 'Its limit was reached for moments, or by its neighbors'}: "
        "callers get 429, API Gateway answers 5xx, queues wait.",
        ("NFI-2023-0016", "GUIDE-concurrency") if reached else ("GUIDE-concurrency",),
        () if reached else ("NFI-2023-0016",),
        compared=figures.compare("throttles", total),
        command=metric_command(probe, "throttles"),
    )


def _switched_off(probe: Probe, figures: Figures) -> Finding:
    return Finding(
        "lambda.switched-off",
        Weight.PROBLEM,
        "Reserved concurrency is 0",
        "Every invocation is throttled. Asynchronous ones are accepted, retried for up to 6 hours, and then given up.",
        ("GUIDE-async-throttling", "GUIDE-concurrency"),
        compared=f"throttled {probe.window.short}: {number(figures['throttles'].total)}; "
        f"{figures.compare('throttles', total)}",
        command=probe.command("lambda", "GetFunctionConcurrency", FunctionName=probe.name),
    )


def _nearly_full(probe: Probe, figures: Figures, limit: float, name: str) -> Finding:
    return Finding(
        "lambda.concurrency",
        Weight.RISK,
        f"{number(figures['concurrent'].highest)} executions at once {probe.window.short}; {name} is {number(limit)}",
        "The next rise of traffic is throttled.",
        likely=("GUIDE-concurrency", "NFI-2023-0016"),
        compared=figures.compare("concurrent", highest),
        command=metric_command(probe, "concurrent"),
    )


def errors(probe: Probe) -> Iterator[Finding]:
    """Invocations that ended in an error."""
    figures = figures_of(probe)
    failed, invoked = figures["errors"].total, figures["invocations"].total
    if not failed:
        return
    percent = share(failed, invoked)
    yield Finding(
        "lambda.errors",
        Weight.PROBLEM if percent >= _NOISE else Weight.NOTICE,
        f"{number(failed)} of {number(invoked)} invocations failed ({number(percent, '%')}) {probe.window.short}",
        "The function raised, ran out of time or memory, or was killed; its error lines say which.",
        likely=("GUIDE-function-errors", "PB-lambda"),
        compared=figures.compare("errors", total),
        command=metric_command(probe, "errors"),
    )


def duration(probe: Probe) -> Iterator[Finding]:
    """Invocations near the timeout."""
    figures = figures_of(probe)
    timeout = 1000.0 * configuration_of(probe)["Timeout"]
    longest = figures["longest"].highest
    if longest >= timeout * _NEAR:
        yield Finding(
            "lambda.timeout",
            Weight.PROBLEM if longest >= timeout else Weight.RISK,
            f"The longest invocation took {number(longest, 'ms')} {probe.window.short}; the timeout is "
            f"{number(timeout, 'ms')}",
            "What takes longer is cut off. Look at what it waits for: databases, other services, its network.",
            likely=("CASE-2026-0142", "GUIDE-high-latency", "GUIDE-function-errors"),
            compared=figures.compare("longest", highest, "ms"),
            command=metric_command(probe, "longest"),
        )


def spread(probe: Probe) -> Iterator[Finding]:
    """Two kinds of invocations under one name."""
    metrics = percentiles_of(probe.name)
    figures = probe.figures(metrics)
    slowest, median = figures["slowest"].highest, figures["median"].highest
    if median and slowest >= _SLOW and slowest >= median * _BIMODAL:
        yield Finding(
            "lambda.bimodal",
            Weight.RISK,
            f"The slowest percent took {number(slowest, 'ms')}, the median {number(median, 'ms')} {probe.window.short}",
            "Two kinds of invocations: a few wait for something that most do not, such as a first connection.",
            likely=("LESSON-07", "GUIDE-high-latency"),
            compared=figures.compare("slowest", highest, "ms"),
            command=probe.metric_command(metrics[1]),
        )
