"""The lines of `tocsin doctor`, one per check, and what checks pass on to later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.context import Policy
from bot.escalation.tables import OverrideRow, ShiftRow
from bot.settings import Settings
from bot.slack.client import Slack
from bot.trackers.tables import ListRow


class State(StrEnum):
    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "not checked"


_MARKS = {State.OK: "✓", State.FAILED: "✗", State.UNKNOWN: "–"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `fix` is empty unless something must be fixed."""

    check: str
    state: State
    says: str
    fix: str = ""

    def __str__(self) -> str:
        line = f"{_MARKS[self.state]} {self.check}: {self.says}"
        return f"{line}\n    → {self.fix}" if self.fix else line

    def as_document(self) -> dict[str, str]:
        """The line for machines."""
        return {"check": self.check, "status": self.state.value, "says": self.says, "fix": self.fix}


@dataclass(slots=True)
class Known:
    """What earlier checks found and later ones need; None where it is not available."""

    settings: Settings
    now: datetime
    policy: Policy | None = None
    slack: Slack | None = None
    bot_name: str = "tocsin"
    why_no_slack: str = ""
    secrets: tuple[str, ...] = field(default=())
    overrides: Sequence[OverrideRow] | None = None
    shifts: Sequence[ShiftRow] | None = None
    refusals: Mapping[tuple[str, str], Sequence[str]] | None = None
    lists: Mapping[str, ListRow] | None = None  # in Slack, by tracker


Check = Callable[[Known], Iterator[Finding]]
