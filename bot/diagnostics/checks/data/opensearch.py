"""OpenSearch: the health of the cluster, its nodes, space and memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import highest, lowest, number
from bot.diagnostics.rules.finding import Finding, Weight

_PRESSED = 85.0  # percent of the Java heap


def _domain(probe: Probe) -> dict[str, Any]:
    found: dict[str, Any] = probe.read("opensearch", "DescribeDomain", DomainName=probe.name)["DomainStatus"]
    return found


def _names(probe: Probe) -> Sequence[str]:
    return [one["DomainName"] for one in probe.read("opensearch", "ListDomainNames").get("DomainNames", ())]


def health(probe: Probe) -> Iterator[Finding]:
    """Red: shards are missing. Yellow: copies are."""
    named = {"DomainName": probe.name, "ClientId": _domain(probe)["ARN"].split(":")[4]}
    wanted = (
        ("red", "ClusterStatus.red", "Maximum"),
        ("yellow", "ClusterStatus.yellow", "Maximum"),
        ("nodes", "Nodes", "Minimum"),
        ("heap", "JVMMemoryPressure", "Maximum"),
    )
    metrics = {key: Metric(key, "AWS/ES", name, stat, named) for key, name, stat in wanted}
    figures = probe.figures(tuple(metrics.values()))
    for key, why in (
        ("red", "Primary shards are unassigned: searches return part of what there is, writes fail."),
        ("yellow", "Copies are unassigned: another node that is lost loses data."),
    ):
        if figures[key].highest:
            yield Finding(
                f"opensearch.{key}",
                Weight.PROBLEM if key == "red" else Weight.RISK,
                f"The cluster was {key} {probe.window.short}, with {number(figures['nodes'].lowest)} nodes at least",
                why,
                (),
                ("NFI-2024-0011",),
                figures.compare("nodes", lowest),
                probe.metric_command(metrics[key]),
            )
            break
    if figures["heap"].highest >= _PRESSED:
        yield Finding(
            "opensearch.heap",
            Weight.RISK,
            f"The Java heap was at {number(figures['heap'].highest, '%')} {probe.window.short}",
            "Above that nodes pause, and may leave the cluster.",
            (),
            ("NFI-2024-0011",),
            figures.compare("heap", highest, "%"),
            probe.metric_command(metrics["heap"]),
        )


CHECK = Check(
    word="opensearch",
    what="OpenSearch domain",
    example="opensearch search-prod",
    exists=_domain,
    names=_names,
    looks={"health": health},
    aliases=("es", "elasticsearch"),
)
