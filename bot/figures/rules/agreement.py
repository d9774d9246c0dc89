"""How far the judge and the people agree: what they pressed on its answers, by row of the matrix and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
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


def agree(verdicts: Iterable[Verdict] | Mapping[Verdict, int]) -> Agreement:
    """The figures of these reports: each verdict, or verdicts with how many reports had them."""
    held = Counter(verdicts)
    given = [(verdict, said, count) for verdict, count in held.items() if (said := verdict.people_say) is not None]
    steps: Counter[int] = Counter()
    table: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for verdict, said, count in given:
        steps[abs(LABELS.index(verdict.label) - LABELS.index(said))] += count
        table[verdict.label, said] += count
    for verdict, count in held.items():
        if verdict.reason:
            reasons[verdict.reason] += count
    return Agreement(
        reports=held.total(),
        answered=_total(held, lambda verdict: verdict.answered),
        asked=_total(held, lambda verdict: verdict.asked),
        decided=steps.total(),
        same=steps[0],
        near=steps[0] + steps[1],
        answers_decided=_total(held, lambda verdict: verdict.answered and verdict.decision is not None),
        false_alarms=_total(held, lambda verdict: verdict.answered and verdict.false_alarm),
        missed=_total(held, _missed),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        rows=_rows(held),
        table=table,
    )


def _total(held: Counter[Verdict], wanted: Callable[[Verdict], bool]) -> int:
    return sum(count for verdict, count in held.items() if wanted(verdict))


def _missed(verdict: Verdict) -> bool:
    """Declared by people, though nothing was said of it."""
    return verdict.judged is None and not verdict.asked and verdict.people_say not in (None, NONE)


def _rows(held: Counter[Verdict]) -> tuple[RowFigures, ...]:
    rows = []
    for name in sorted({verdict.row for verdict in held}):
        mine = Counter({verdict: count for verdict, count in held.items() if verdict.row == name})
        decided = _total(mine, lambda verdict: verdict.people_say is not None)
        overridden = _total(mine, lambda verdict: verdict.people_say not in (None, verdict.label))
        rows.append(RowFigures(name, mine.total(), decided, overridden))
    return tuple(sorted(rows, key=lambda row: (-row.overridden, -row.decided, row.row)))


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "no decisions yet"
