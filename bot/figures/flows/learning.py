"""The judge learns from what people decided here: gathered, tested on the later decisions, used where it is better."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.figures.queries import verdicts
from bot.figures.rules.agreement import LABELS, NONE
from bot.figures.rules.learning import (
    LEAST_DECISIONS,
    SETTLED_AFTER,
    STRENGTHS,
    Attempt,
    Decided,
    Score,
    best_of,
    divide,
    is_better,
)
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.incident import Status, is_private
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.severity import queries as fits
from bot.severity.judge.judge import Judge
from bot.severity.judge.models.correction import Correction, fit_correction
from bot.severity.judge.models.weighing import cost_of, said_at_least_cost
from bot.severity.tables import JudgeFit

_MOST = 1_000  # decisions, the latest
_SEVERE = ("P0", "P1")
_CHANGES = (Kind.SEVERITY_RAISED, Kind.SEVERITY_LOWERED)

Shares = list[float]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a night: figures for people, and the correction where it is better than the shipped judge."""

    figures: dict[str, Any]
    correction: Correction | None


def gather(session: Session, security_rows: Collection[str]) -> list[Decided]:
    """What people decided: presses on answers, declarations as they stood an hour later, closed incidents.

    Nothing of a security incident is among it, nor what was judged by a row that stands for one.
    """
    by_id = {row.incident_id: row for row in _incidents(session)}
    begun = {(row.report_channel_id, row.report_ts): row for row in by_id.values() if row.report_ts}
    found: list[Decided] = []
    told: set[int] = set()
    for report, verdict in verdicts.list_reports(session):
        incident = by_id.get(report.incident_id or 0) or begun.get((report.channel_id, report.ts))
        if incident is not None and verdict.decision != "part_of":
            told.add(incident.incident_id)
        if report.row_name in security_rows or (incident is not None and is_private(incident.ref)):
            continue
        said = verdict.people_say
        if incident is not None and said not in (None, NONE):
            said = _settled(session, incident)
        if said is not None:
            found.append(Decided(report.text, said, report.judged_at))
    for incident in by_id.values():
        closed = incident.status == Status.CLOSED and incident.merged_into is None
        if incident.incident_id not in told and closed and not is_private(incident.ref) and incident.title:
            text = f"{incident.title}. {incident.impact}" if incident.impact else incident.title
            found.append(Decided(text, _settled(session, incident), incident.declared_at))
    return sorted(found, key=lambda one: one.at)[-_MOST:]


def _incidents(session: Session) -> Sequence[IncidentRow]:
    return session.scalars(
        select(IncidentRow).where(incidents.real()).order_by(IncidentRow.incident_id.desc()).limit(_MOST)
    ).all()


def _settled(session: Session, incident: IncidentRow) -> str:
    """The severity that it had an hour after it was declared; none where it was a false alarm."""
    if incident.false_alarm:
        return NONE
    changes = timeline.list_rows(session, incident.incident_id, _CHANGES)
    later = [entry for entry in changes if entry.at > incident.declared_at + SETTLED_AFTER]
    return str(later[0].data.get("before", incident.severity)) if later else incident.severity


def try_to_learn(decided: Sequence[Decided], judge: Judge) -> Learnt | None:
    """Learn from the earlier decisions, test on the later; None where there are too few. Takes seconds, no database.

    Where it is better than the shipped judge, the correction is fitted again on all of them with the same strength.
    """
    shipped = judge.as_shipped()
    usable = [(one, shares) for one in decided if (shares := shipped.shares(one.text)) is not None]
    if len(usable) < LEAST_DECISIONS:
        return None
    shares_of = {id(one): shares for one, shares in usable}
    earlier, later = divide([one for one, _ in usable])

    def fitted(on: Sequence[Decided], strength: float) -> Correction:
        return fit_correction([o.text for o in on], [shares_of[id(o)] for o in on], [o.label for o in on], strength)

    def scored(correction: Correction | None) -> Score:
        return _score(
            (one.label, correction.correct(one.text, shares_of[id(one)]) if correction else shares_of[id(one)])
            for one in later
        )

    before = scored(None)
    best = best_of([Attempt(strength, scored(fitted(earlier, strength))) for strength in STRENGTHS])
    better = is_better(before, best.score)
    figures: dict[str, Any] = {
        "decisions": len(usable),
        "tested": len(later),
        "strength": best.strength,
        "better": better,
    }
    figures |= {"shipped": asdict(before), "learnt": asdict(best.score)}
    return Learnt(figures, fitted([one for one, _ in usable], best.strength) if better else None)


def _score(judged: Iterator[tuple[str, Shares]]) -> Score:
    pairs = [(label, said_at_least_cost(shares)) for label, shares in judged]
    return Score(
        right=sum(truth == said for truth, said in pairs),
        cost=round(sum(cost_of(truth, said) for truth, said in pairs), 2),
        too_mild=sum(truth in _SEVERE and LABELS.index(said) - LABELS.index(truth) >= 2 for truth, said in pairs),
    )


def keep(session: Session, learnt: Learnt, now: datetime, *, by_hand: bool) -> JudgeFit:
    """Keep it, and use it where it is better. After somebody undid it, only one who asks for it brings it back."""
    latest = next(iter(fits.list_latest(session, 1)), None)
    undone = latest is not None and latest.state in (fits.UNDONE, fits.HELD_BACK)
    if undone and not by_hand:
        return fits.add(session, now, fits.HELD_BACK, learnt.figures, None)
    if learnt.correction is None:
        return fits.add(session, now, fits.NOT_BETTER, learnt.figures, None)
    return fits.add(session, now, fits.IN_FORCE, learnt.figures, learnt.correction.to_bytes())
