"""What AWS charges for what a diagnosis asks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

# US dollars for a GB that Logs Insights scans: more than any region is known to ask.
HIGHEST = 0.01


@dataclass(frozen=True, slots=True)
class InsightsPrices:
    """US dollars for a GB of 10**9 bytes that Logs Insights scans, by region, as published on a day.

    A region that is not named costs `default`, which is meant to be too high.
    """

    regions: Mapping[str, float] = field(default_factory=dict)
    default: float = HIGHEST
    as_of: date | None = None

    def of(self, region: str) -> float:
        return self.regions.get(region, self.default)
