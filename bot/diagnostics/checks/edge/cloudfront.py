"""CloudFront: invalidations that emptied the cache or missed it, errors of the origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from bot.aws.reading import Reason, Unread
from bot.diagnostics.checks.probe import HOUR, Check, Probe
from bot.diagnostics.rules.figures import listed
from bot.diagnostics.rules.finding import Finding, Weight

_MOST = 5  # invalidations that are read
_BACK = 23 * HOUR  # before the window: what was invalidated then may still be warming up


def _distributions(probe: Probe) -> list[dict[str, Any]]:
    answer = probe.read("cloudfront", "ListDistributions")["DistributionList"]
    return list(answer.get("Items", ()))


def _distribution(probe: Probe) -> dict[str, Any]:
    """By id, domain name or alias. Raises Unread."""
    for one in _distributions(probe):
        if probe.name in (one["Id"], one["DomainName"], *one.get("Aliases", {}).get("Items", ())):
            return one
    raise Unread(Reason.MISSING, f"cloudfront:ListDistributions does not list {probe.name}")


def _names(probe: Probe) -> Sequence[str]:
    return [one["Id"] for one in _distributions(probe)]


def invalidations(probe: Probe) -> Iterator[Finding]:
    """Paths that were invalidated: everything at once, or without their query strings."""
    found = _distribution(probe)
    name = found["Id"]
    listing = probe.read("cloudfront", "ListInvalidations", DistributionId=name)["InvalidationList"]
    begin, end = probe.window.begin - _BACK, probe.window.end + timedelta(minutes=1)
    recent = [one for one in listing.get("Items", ()) if begin <= one["CreateTime"] < end]
    for one in recent[:_MOST]:
        asked = {"DistributionId": name, "Id": one["Id"]}
        paths = probe.read("cloudfront", "GetInvalidation", **asked)["Invalidation"]["InvalidationBatch"]["Paths"]
        yield from _of_paths(probe, found, list(paths.get("Items", ())), one["CreateTime"], asked)


def _of_paths(
    probe: Probe, found: dict[str, Any], paths: list[str], at: Any, asked: dict[str, str]
) -> Iterator[Finding]:
    command = probe.command("cloudfront", "GetInvalidation", **asked)
    if "/*" in paths:
        yield Finding(
            "cloudfront.everything",
            Weight.RISK,
            f"/* was invalidated at {at:%H:%M} UTC",
            "The whole cache was empty at once: every request goes to the origin until it is warm again.",
            ("NFI-2023-0014",),
            command=command,
            at=at,
        )
    exact = [path for path in paths if not path.endswith("*")]
    behavior = found.get("DefaultCacheBehavior", {})
    by_query = behavior.get("ForwardedValues", {}).get("QueryString", False) or bool(behavior.get("CachePolicyId"))
    if exact and by_query:
        yield Finding(
            "cloudfront.query-strings",
            Weight.RISK,
            f"{listed(exact)} was invalidated at {at:%H:%M} UTC without a * at its end",
            "Where query strings are part of the cache key, copies with a query string stay.",
            (),
            ("CASE-2026-0312",),
            command=command,
            at=at,
        )


CHECK = Check(
    word="cloudfront",
    what="CloudFront distribution",
    example="cloudfront E2EXAMPLE",
    exists=_distribution,
    names=_names,
    looks={"invalidations": invalidations},
    aliases=("cdn", "distribution"),
)
