"""What an edited matrix would judge differently: recorded reports and past incidents, judged again.

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.figures.rules.agreement import LABELS, Verdict
from bot.memory.entries.entries import Entry
from bot.memory.entries.plain import opening
from bot.reports.tables import ReportRow
from bot.severity.judge.judge import Judge
from bot.severity.rules import Judgement
from bot.text.markup import plain_text

_SHOWN = 160  # characters of a text


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

    def lines(self) -> Iterator[str]:
        """For people."""
        said = f"people said {self.case.people_say}" if self.case.people_say else "nobody said"
        yield f"{self.before:>4} → {self.after:4}  {self.case.source}  ({said})"
        yield f"             {self.case.text[:_SHOWN]!r}"
        yield f"             {self.before_row} → {self.after_row}: {', '.join(self.words) or 'no words'}"


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

    def lines(self) -> Iterator[str]:
        """For people: what changes, the worst changes first, then the sums."""
        if not self.cases:
            yield "No reports yet. With --policy, the past incidents are judged too."
            return
        for change in self.changes:
            yield from change.lines()
        yield f"{len(self.changes)} of {self.cases} would be judged differently. Nothing was changed."
        if self.labelled:
            yield (
                f"Agreement with people: {self.right_before} of {self.labelled} before,"
                f" {self.right_after} of {self.labelled} after."
            )


def cases_of(reports: Iterable[tuple[ReportRow, Verdict]], entries: Iterable[Entry]) -> list[Case]:
    """Reports as they were written, and known incidents that have a severity by title and symptom."""
    found = [Case(f"report {row.report_id}", row.text, verdict.people_say, verdict.label) for row, verdict in reports]
    for entry in entries:
        if entry.kind == "incident" and entry.severity is not None:
            symptom = opening(entry.section("Symptoms")) or opening(entry.section("Symptom"))
            text = f"{entry.title}. {symptom}" if symptom else entry.title
            found.append(Case(entry.ref, plain_text(text), entry.severity.value))
    return found


def backtest(cases: Iterable[Case], before: Judge | None, after: Judge) -> Backtest:
    """Judge each case by both. Without `before`, what was recorded is compared; known incidents were never judged, so
    they are left out then.
    """
    held = [case for case in cases if before is not None or case.recorded is not None]
    changes, right_before, right_after = [], 0, 0
    for case in held:
        now = after.judge(case.text)
        old = before.judge(case.text) if before else None
        was = _label(old) if old else str(case.recorded)
        right_before += was == case.people_say
        right_after += _label(now) == case.people_say
        if was != _label(now):
            row = old.row if old else "as recorded"
            words = tuple(item.text for item in now.evidence)
            changes.append(Change(case, was, _label(now), row, now.row, words))
    changes.sort(key=lambda change: -abs(LABELS.index(change.before) - LABELS.index(change.after)))
    labelled = sum(case.people_say is not None for case in held)
    return Backtest(len(held), labelled, right_before, right_after, tuple(changes))


def _label(judged: Judgement) -> str:
    return judged.severity.value if judged.severity else LABELS[-1]
