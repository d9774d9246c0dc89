"""How far the judge and the people agree: what they pressed on its answers, by row of the matrix and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.severity.rules import Severity

NONE = "none"  # no incident, as a label beside the severities
LABELS = (*(severity.value for severity in Severity), NONE)

_REAL = frozenset(("known", "duplicate"))  # dismissed, and yet the judge was right to take it for trouble


@dataclass(frozen=True, slots=True)
class Verdict:
    """One report: what the judge said and what people then did. `decision` None: nobody pressed anything."""

    row: str  # the row's id
    judged: Severity | None
    answered: bool
    decision: str | None  # declared, not_incident, part_of
    chosen: Severity | None
    reason: str | None
    asked: bool = False  # whether it is an incident; then it was not answered

    @property
    def people_say(self) -> str | None:
        """The label that people gave; None where they gave none, which "part of" and "known already" do not."""
        if self.decision == "declared" and self.chosen:
            return self.chosen.value
        if self.decision == "not_incident" and self.reason not in _REAL:
            return NONE
        return None

    @property
    def label(self) -> str:
        """The judge's label."""
        return self.judged.value if self.judged else NONE

    @property
    def false_alarm(self) -> bool:
        """Answered as an incident where people saw none."""
        return self.judged is not None and self.people_say == NONE


@dataclass(frozen=True, slots=True)
class RowFigures:
    """One row of the matrix: how often it judged, how often people had their say, and how often they said otherwise."""

    row: str
    judged: int
    decided: int
    overridden: int

    @property
    def override_rate(self) -> float | None:
        return self.overridden / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The figures of a period. Rates are None where nothing was decided."""

    reports: int
    answered: int  # with a severity
    asked: int  # whether it is an incident
    decided: int  # with a label by people
    same: int  # the judge's label was theirs
    near: int  # one step off at most; `none` is a step beyond P3
    answers_decided: int  # of those answered, with any decision
    false_alarms: int
    missed: int  # declared, though nothing was said
    reasons: Mapping[str, int]
    rows: tuple[RowFigures, ...]  # those most often overridden first
    table: Mapping[tuple[str, str], int]  # (judged, people say) → reports

    @property
    def same_rate(self) -> float | None:
        return self.same / self.decided if self.decided else None

    @property
    def near_rate(self) -> float | None:
        return self.near / self.decided if self.decided else None

    @property
    def false_alarm_rate(self) -> float | None:
        return self.false_alarms / self.answers_decided if self.answers_decided else None

    def document(self) -> dict[str, object]:
        """For machines: plain numbers, rates from 0 to 1 or null."""
        return {
            "reports": self.reports,
            "answered": self.answered,
            "asked": self.asked,
            "decided": self.decided,
            "same_severity": self.same_rate,
            "within_one_level": self.near_rate,
            "false_positive_rate": self.false_alarm_rate,
            "missed": self.missed,
            "reasons": dict(self.reasons),
            "rows": [
                {"row": r.row, "judged": r.judged, "decided": r.decided, "overridden": r.overridden} for r in self.rows
            ],
            "confusion": {judged: {said: self.table.get((judged, said), 0) for said in LABELS} for judged in LABELS},
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        yield (
            f"{self.reports} reports judged, {self.answered} answered, {self.asked} asked about, "
            f"{self.decided} decided by people."
        )
        yield f"Same severity: {_rate(self.same, self.decided)}. Within one level: {_rate(self.near, self.decided)}."
        yield f"False positives: {_rate(self.false_alarms, self.answers_decided)} of the decided answers."
        yield f"Declared without an answer from Tocsin: {self.missed}."
        if self.reasons:
            yield (
                "Reasons for overrides: "
                + ", ".join(f"{reason} {count}" for reason, count in self.reasons.items())
                + "."
            )
        decided = [row for row in self.rows if row.decided]
        if decided:
            yield ""
            yield f"{'matrix row':24} {'judged':>7} {'decided':>8} {'overridden':>11}"
            for row in decided:
                yield f"{row.row:24} {row.judged:7} {row.decided:8} {row.overridden:11}  {row.override_rate:.0%}"
        if self.decided:
            yield ""
            yield f"{'judged ↓  people say →':22}" + "".join(f"{label:>6}" for label in LABELS)
            for judged in LABELS:
                yield f"{judged:22}" + "".join(f"{self.table.get((judged, said), 0):6}" for said in LABELS)


def agree(verdicts: Iterable[Verdict]) -> Agreement:
    """The figures of these reports."""
    held = list(verdicts)
    given = [(verdict, said) for verdict in held if (said := verdict.people_say) is not None]
    steps = [abs(LABELS.index(verdict.label) - LABELS.index(said)) for verdict, said in given]
    reasons = Counter(verdict.reason for verdict in held if verdict.reason)
    return Agreement(
        reports=len(held),
        answered=sum(verdict.answered for verdict in held),
        asked=sum(verdict.asked for verdict in held),
        decided=len(given),
        same=steps.count(0),
        near=steps.count(0) + steps.count(1),
        answers_decided=sum(verdict.answered and verdict.decision is not None for verdict in held),
        false_alarms=sum(verdict.answered and verdict.false_alarm for verdict in held),
        missed=sum(verdict.judged is None and not verdict.asked and said != NONE for verdict, said in given),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        rows=_rows(held),
        table=Counter((verdict.label, said) for verdict, said in given),
    )


def _rows(held: list[Verdict]) -> tuple[RowFigures, ...]:
    names = sorted({verdict.row for verdict in held})
    rows = []
    for name in names:
        mine = [verdict for verdict in held if verdict.row == name]
        given = [(verdict.label, said) for verdict in mine if (said := verdict.people_say) is not None]
        rows.append(RowFigures(name, len(mine), len(given), sum(label != said for label, said in given)))
    return tuple(sorted(rows, key=lambda row: (-row.overridden, -row.decided, row.row)))


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "no decisions yet"
