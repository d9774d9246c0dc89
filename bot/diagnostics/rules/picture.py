"""What a picture of metrics shows: which of those that were read, in which order, and what is marked. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PANELS = 4  # of a picture
# What a picture shows first, as CloudWatch calls it: what fails, what is refused, how slow, how full.
_FIRST = (
    *("Errors", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count", "5XXError", "5xx", "5xxErrorRate"),
    *("SystemErrors",),
    *("ExecutionsFailed", "NumberOfNotificationsFailed", "UnHealthyHostCount", "StatusCheckFailed"),
    *("Throttles", "ThrottledRequests", "ReadThrottleEvents", "WriteThrottleEvents", "Evictions"),
    *("Duration", "Latency", "TargetResponseTime", "SuccessfulRequestLatency", "ApproximateAgeOfOldestMessage"),
    *("DatabaseConnections", "CurrConnections", "ConcurrentExecutions", "ApproximateNumberOfMessagesVisible"),
    *("CPUUtilization", "FreeStorageSpace", "DatabaseMemoryUsagePercentage", "ReplicaLag"),
    *("EstimatedMaxTimeLag", "OfflinePartitionsCount", "UnderReplicatedPartitions", "KafkaDataLogsDiskUsed"),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One metric as a picture shows it: its name, its statistic, its points in order (aware UTC)."""

    metric: str
    stat: str
    points: tuple[tuple[datetime, float], ...]

    @property
    def title(self) -> str:
        """`Duration (p99)`."""
        return f"{self.metric} ({self.stat})"

    @property
    def highest(self) -> float:
        return max((value for _, value in self.points), default=0.0)


def to_draw(read: Iterable[Drawn]) -> tuple[Drawn, ...]:
    """The panels of a picture, the most telling first: each metric once, and only where it has several points."""
    order = {name: place for place, name in enumerate(_FIRST)}
    wanted = sorted(
        (one for one in read if one.metric in order and len(one.points) > 1),
        key=lambda one: (order[one.metric], -len(one.points), one.stat != "p99", one.stat, -one.highest),
    )
    by_metric: dict[str, Drawn] = {}
    for one in wanted:
        by_metric.setdefault(one.metric, one)
    return tuple(by_metric.values())[:PANELS]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn. `declared_at` and `changes` are marked in every panel; all instants are aware UTC."""

    title: str
    begin: datetime
    end: datetime
    panels: tuple[Drawn, ...]
    declared_at: datetime | None = None
    changes: tuple[datetime, ...] = ()

    @property
    def alt_text(self) -> str:
        """The same in words, for those who do not see it."""
        highest = "; ".join(f"{one.title}, highest {one.highest:g}" for one in self.panels)
        return f"{self.title}, {self.begin:%H:%M} to {self.end:%H:%M} UTC: {highest}"[:1000]

    def as_document(self) -> dict[str, Any]:
        """To be kept; the declaration is known to who keeps it."""
        panels = [
            {"metric": one.metric, "stat": one.stat, "points": [[at.isoformat(), value] for at, value in one.points]}
            for one in self.panels
        ]
        return {
            "title": self.title,
            "begin": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "panels": panels,
            "changes": [at.isoformat() for at in self.changes],
        }

    @classmethod
    def from_document(cls, kept: Mapping[str, Any]) -> Picture:
        """What `as_document` made."""
        read = datetime.fromisoformat
        panels = tuple(
            Drawn(one["metric"], one["stat"], tuple((read(at), float(value)) for at, value in one["points"]))
            for one in kept["panels"]
        )
        changes = tuple(read(at) for at in kept["changes"])
        return cls(kept["title"], read(kept["begin"]), read(kept["end"]), panels, None, changes)
