"""A report: the figures of a period in the order in which they are shown, and the same by month or kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.figures.rules.figure import Definition, Figure, Spread
from bot.figures.rules.periods import Period


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period; `severity`, `service` and `type` narrow it. `zone` is the policy's, an IANA name.

    `hours` are the pages sent, by (weekday, hour) in that zone, 0 being Monday; where there were none, no entry.
    """

    period: Period
    zone: str
    severity: str | None
    service: str | None
    figures: tuple[Figure, ...]
    hours: Mapping[tuple[int, int], int]
    type: str | None = None  # its name, "" for incidents that have none; None: of all
    type_title: str | None = None

    @property
    def title(self) -> str:
        """What the figures are of: `October 2026, P1, service checkout`."""
        service = f"service {self.service}" if self.service else None
        return ", ".join(filter(None, (self.period.title, self.severity, service, self.type_title)))

    def find(self, name: str) -> Figure | None:
        return next((figure for figure in self.figures if figure.name == name), None)

    def of(self, definition: Definition) -> list[Figure]:
        """A figure, and with it those of single severities, kinds, services and people."""
        return [figure for figure in self.figures if figure.definition is definition]

    def whole(self, definition: Definition) -> Figure | None:
        """A figure of everything in the report."""
        return self.find(definition.name)

    @property
    def definitions(self) -> Sequence[Definition]:
        """Each once, in the order of the figures."""
        return list(dict.fromkeys(figure.definition for figure in self.figures))

    def by_name(self) -> dict[str, object]:
        """For spreadsheets: what is measured of each figure, by its name."""
        kept = ("unit", "count", "median", "p90", "mean", "values", "part", "share", "target", "met")
        documents = {figure.name: figure.document() for figure in self.figures}
        return {
            name: {key: held[key] for key in kept if held[key] not in (None, [])} for name, held in documents.items()
        }

    def document(self) -> dict[str, object]:
        """For machines."""
        return {
            "period": self.period.title,
            "since": self.period.since.isoformat(),
            "until": self.period.until.isoformat(),
            "compared_with": self.period.earlier_title or None,
            "time_zone": self.zone,
            "severity": self.severity,
            "service": self.service,
            "type": self.type,
            "figures": [figure.document() for figure in self.figures],
        }


@dataclass(frozen=True, slots=True)
class Bucket:
    """One month, quarter, severity, service or kind: how many incidents, and how long they took."""

    name: str
    incidents: int
    acknowledge: Spread
    resolve: Spread

    def document(self) -> dict[str, object]:
        """For machines: seconds, and null where there are too few for a median."""
        parts = (("time_to_acknowledge", self.acknowledge), ("time_to_resolve", self.resolve))
        times = {
            name: {"count": s.count, "median": s.median, "p90": s.p90, "mean": s.mean, "values": list(s.values)}
            for name, s in parts
        }
        return {"name": self.name, "incidents": self.incidents, **times}
