"""A recorded text that another matrix judges otherwise, and how often each matrix agrees with people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """Something judged before: its text, and the label that people gave it, if any."""

    source: str  # "report 12" or an entry's ref
    text: str
    people_say: str | None
    recorded: str | None = None  # the label that was recorded when it was judged


@dataclass(frozen=True, slots=True)
class Change:
    """A case that the edited matrix judges otherwise."""

    case: Case
    before: str
    after: str
    before_row: str
    after_row: str
    words: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The line for machines."""
        return {
            "source": self.case.source,
            "text": self.case.text,
            "from": self.before,
            "to": self.after,
            "from_row": self.before_row,
            "to_row": self.after_row,
            "words": list(self.words),
            "people_say": self.case.people_say,
        }


@dataclass(frozen=True, slots=True)
class Backtest:
    """All changes, and how often each matrix agrees with what people said."""

    cases: int
    labelled: int
    right_before: int
    right_after: int
    changes: tuple[Change, ...]

    def document(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "labelled": self.labelled,
            "right_before": self.right_before,
            "right_after": self.right_after,
            "changed": len(self.changes),
            "changes": [change.document() for change in self.changes],
        }
