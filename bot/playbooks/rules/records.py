"""How playbooks and their steps did here, in figures, and what that says of a playbook's place in a list. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

UNUSED_AFTER = timedelta(days=365)  # a playbook that nobody started in so long is proposed for the archive


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a playbook was used, how often it ended the incident, the median minutes until then."""

    used: int = 0
    ended_it: int = 0
    median_minutes: float | None = None
    last_used: datetime | None = None

    @property
    def weight(self) -> float:
        """What the match of its words is multiplied by: from 0.75, where it never helped, to 1.25.

        One that was not used yet counts 1: two runs more, one of which ended it, are added to every record.
        """
        return 0.75 + 0.5 * (self.ended_it + 1) / (self.used + 2)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How one step did: how often it was decided and how, how often it ended the incident, and against its window.

    `in_window` of `timed` decisions came before the window had ended.
    """

    number: int
    title: str
    decided: int
    done: int
    not_helped: int
    skipped: int
    ended_it: int
    median_minutes: float | None
    timed: int
    in_window: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A playbook's record beside what its source claims. `kept` is False where the entry is no longer among them."""

    ref: str
    kind: str
    title: str
    owner: str
    claim: str
    record: TrackRecord
    steps: tuple[StepRecord, ...] = field(default=())
    unused: bool = False
    kept: bool = True


def is_unused(
    record: TrackRecord, known_since: datetime | None, now: datetime, after: timedelta = UNUSED_AFTER
) -> bool:
    """Whether nobody started it for so long, and it has been known for as long (`known_since` is aware UTC)."""
    if known_since is None or now - known_since < after:
        return False
    return record.last_used is None or now - record.last_used >= after
