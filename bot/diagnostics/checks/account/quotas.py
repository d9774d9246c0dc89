"""Service Quotas: how much of what a service permits the account uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.diagnostics.checks.probe import Check, Metric, Probe
from bot.diagnostics.rules.figures import Figures, highest, number, share
from bot.diagnostics.rules.finding import Finding, Weight

_NEAR = 80.0  # percent
_MOST = 40  # quotas whose use is measured


def _quotas(probe: Probe) -> list[dict[str, Any]]:
    return probe.reader.read_all("service-quotas", "ListServiceQuotas", "Quotas", pages=2, ServiceCode=probe.name)


def _names(probe: Probe) -> Sequence[str]:
    return [one["ServiceCode"] for one in probe.reader.read_all("service-quotas", "ListServices", "Services", pages=3)]


def used(probe: Probe) -> Iterator[Finding]:
    """Quotas with a metric of their use, of which most is used."""
    metered = [one for one in _quotas(probe) if one.get("UsageMetric", {}).get("MetricName") and one.get("Value")]
    metered = metered[:_MOST]
    metrics = [
        Metric(
            f"q{place}",
            one["UsageMetric"]["MetricNamespace"],
            one["UsageMetric"]["MetricName"],
            one["UsageMetric"].get("MetricStatisticRecommendation", "Maximum"),
            one["UsageMetric"].get("MetricDimensions", {}),
        )
        for place, one in enumerate(metered)
    ]
    figures = probe.figures(metrics) if metrics else Figures()
    for quota, metric in zip(metered, metrics, strict=True):
        peak = figures[metric.key].highest
        percent = share(peak, quota["Value"])
        if percent >= _NEAR:
            yield Finding(
                "quotas.near",
                Weight.PROBLEM if percent >= 100 else Weight.RISK,
                f"{quota['QuotaName']}: {number(peak)} of {number(quota['Value'])} used {probe.window.short} "
                f"({number(percent, '%')})",
                "Beyond it AWS answers “Rate exceeded” or refuses; most quotas are raised on request.",
                (),
                ("LESSON-05", "NFI-2023-0016"),
                figures.compare(metric.key, highest),
                probe.metric_command(metric),
            )


CHECK = Check(
    word="quotas",
    what="service in Service Quotas",
    example="quotas lambda",
    exists=_quotas,
    names=_names,
    looks={"use": used},
    aliases=("quota", "limits"),
)
