"""How a playbook did here, in figures, and what that says of its place in a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a playbook was used, how often it ended the incident, the median minutes until then."""

    used: int = 0
    ended_it: int = 0
    median_minutes: float | None = None

    @property
    def weight(self) -> float:
        """What the match of its words is multiplied by: from 0.75, where it never helped, to 1.25.

        One that was not used yet counts 1: two runs more, one of which ended it, are added to every record.
        """
        return 0.75 + 0.5 * (self.ended_it + 1) / (self.used + 2)
