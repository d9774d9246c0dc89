"""What an edited matrix would judge differently: recorded reports and past incidents, judged again.

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.figures.rules.agreement import LABELS, Verdict
from bot.figures.rules.backtest import Backtest, Case, Change
from bot.memory.entries.entries import Entry
from bot.memory.entries.plain import opening
from bot.reports.tables import ReportRow
from bot.severity.judge.judge import Judge
from bot.severity.rules import Judgement
from bot.text.markup import plain_text


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
