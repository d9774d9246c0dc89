"""How often an alarm was an incident, as people decided. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BY_RULE = "alarms.yaml"  # stands for the row of the matrix where a rule gave the severity, not the judge
LOOKED_AT = 10  # decisions, the latest
_FEWEST = 5  # of which nothing is said yet
_MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Of the last decisions on an alarm, how many said that it was no incident."""

    not_incident: int = 0
    decided: int = 0

    @property
    def is_noise(self) -> bool:
        """Whether it mostly was no incident."""
        return self.decided >= _FEWEST and self.not_incident >= _MOSTLY * self.decided

    @property
    def sentence(self) -> str:
        """For its thread; empty where it mostly was one, or little is known."""
        return f"It was not an incident {self.not_incident} of the last {self.decided} times." if self.is_noise else ""
