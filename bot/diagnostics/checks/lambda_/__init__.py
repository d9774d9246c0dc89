"""Lambda functions: configuration, traffic, log lines, network, event sources, changes. At most 25 calls."""

from __future__ import annotations

from collections.abc import Sequence

from bot.diagnostics.checks.lambda_ import configuration, lines, network, sources, traffic
from bot.diagnostics.checks.lambda_.configuration import configuration_of
from bot.diagnostics.checks.probe import Check, Probe


def _names(probe: Probe) -> Sequence[str]:
    return [one["FunctionName"] for one in probe.reader.read_all("lambda", "ListFunctions", "Functions", pages=4)]


CHECK = Check(
    word="lambda",
    what="Lambda function",
    example="lambda orders-api",
    exists=configuration_of,
    names=_names,
    looks={
        "state": configuration.state,
        "aliases": configuration.aliases,
        "SnapStart": configuration.snap_start,
        "recent deployment": configuration.deployment,
        "changes in CloudTrail": configuration.changes,
        "concurrency": traffic.concurrency,
        "errors": traffic.errors,
        "duration": traffic.duration,
        "spread of durations": traffic.spread,
        "error lines": lines.errors,
        "cold starts": lines.cold_starts,
        "network": network.network,
        "event sources": sources.sources,
    },
    aliases=("function", "functions", "fn"),
)
