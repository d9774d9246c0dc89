"""Step Functions: executions that fail, time out or are throttled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import number, total
from bot.diagnostics.rules.finding import Finding, Weight


def _machines(probe: Probe) -> dict[str, str]:
    found = probe.reader.read_all("stepfunctions", "ListStateMachines", "stateMachines", pages=2)
    return {one["name"]: one["stateMachineArn"] for one in found}


def _machine(probe: Probe) -> str:
    arn = _machines(probe).get(probe.name)
    if arn is None:
        raise Unread(Reason.MISSING, f"states:ListStateMachines does not list {probe.name}")
    return arn


def _names(probe: Probe) -> Sequence[str]:
    return tuple(_machines(probe))


def executions(probe: Probe) -> Iterator[Finding]:
    """What did not run, or did not end well."""
    named = {"StateMachineArn": _machine(probe)}
    wanted = (
        ("throttled", "ExecutionThrottled", "executions were throttled", ("NFI-2024-0012",)),
        ("failed", "ExecutionsFailed", "executions failed", ()),
        ("timed_out", "ExecutionsTimedOut", "executions timed out", ("NFI-2024-0012",)),
    )
    metrics = {key: Metric(key, "AWS/States", name, "Sum", named) for key, name, _, _ in wanted}
    figures = probe.figures(tuple(metrics.values()))
    for key, _, what, likely in wanted:
        if times := figures[key].total:
            yield Finding(
                f"states.{key.replace('_', '-')}",
                Weight.PROBLEM,
                f"{number(times)} {what} {probe.window.short}",
                "Work waits or is lost: look at what the machine waits for, and at how many executions are open.",
                (),
                likely,
                figures.compare(key, total),
                probe.metric_command(metrics[key]),
            )


CHECK = Check(
    word="states",
    what="state machine",
    example="states order-fulfilment",
    exists=_machine,
    names=_names,
    looks={"executions": executions},
    aliases=("stepfunctions", "sfn"),
)
