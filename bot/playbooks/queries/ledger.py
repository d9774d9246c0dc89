"""The ledger: how playbooks and their steps did, as aggregates of SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Double, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from bot.incidents.queries.incidents import real
from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to
from bot.memory.tables import KnowledgeVersion
from bot.playbooks.rules.records import StepRecord, TrackRecord
from bot.playbooks.rules.steps import Outcome
from bot.playbooks.tables import PlaybookRun, PlaybookStep


def _minutes(until: Any, since: Any) -> ColumnElement[float]:
    return cast(func.extract("epoch", until - since) / 60, Double)


def records(session: Session, refs: Collection[str] | None = None) -> dict[str, TrackRecord]:
    """How each of these did, or every one that was used: runs, how many ended it, median minutes from start to end.

    Drills are not counted, here and below.
    """
    ended = PlaybookRun.ended_it.is_(True)
    took = _minutes(IncidentRow.resolved_at, PlaybookRun.started_at)
    statement = (
        select(
            PlaybookRun.ref,
            func.count(),
            func.count().filter(ended),
            func.percentile_cont(0.5).within_group(took.asc()).filter(ended),
            func.max(PlaybookRun.started_at),
        )
        .join(IncidentRow, IncidentRow.incident_id == PlaybookRun.incident_id)
        .where(real())
        .group_by(PlaybookRun.ref)
    )
    if refs is not None:
        statement = statement.where(PlaybookRun.ref.in_(refs))
    rows = session.execute(statement).all()
    return {ref: TrackRecord(used, ended_it, median, last) for ref, used, ended_it, median, last in rows}


def step_records(session: Session, ref: str | None = None) -> dict[str, list[StepRecord]]:
    """The steps of every playbook that was used, or of one, by ref: in order, each wording on a line of its own."""
    outcome, decided = PlaybookStep.outcome, PlaybookStep.decided_at
    timed = PlaybookStep.over_at.is_not(None)
    in_window = timed & (decided <= PlaybookStep.over_at)
    ended = PlaybookRun.ended_it.is_(True) & (PlaybookRun.ended_step == PlaybookStep.number)
    statement = (
        select(
            PlaybookRun.ref,
            PlaybookStep.number,
            PlaybookStep.title,
            func.count(),
            *(func.count().filter(outcome == kind.value) for kind in Outcome),
            func.count().filter(ended),
            func.percentile_cont(0.5).within_group(_minutes(decided, PlaybookStep.began_at).asc()),
            func.count().filter(timed),
            func.count().filter(in_window),
        )
        .join(PlaybookRun, PlaybookRun.run_id == PlaybookStep.run_id)
        .join(IncidentRow, IncidentRow.incident_id == PlaybookRun.incident_id)
        .where(outcome.is_not(None), real())
        .group_by(PlaybookRun.ref, PlaybookStep.number, PlaybookStep.title)
        .order_by(PlaybookRun.ref, PlaybookStep.number, PlaybookStep.title)
    )
    if ref is not None:
        statement = statement.where(PlaybookRun.ref == ref)
    found: dict[str, list[StepRecord]] = defaultdict(list)
    for name, *figures in session.execute(statement).all():
        found[name].append(StepRecord(*figures))
    return found


def list_incidents(session: Session, ref: str, viewer: str, limit: int) -> Sequence[tuple[PlaybookRun, IncidentRow]]:
    """The runs of a playbook in incidents that this person may see, the newest first."""
    statement = (
        select(PlaybookRun, IncidentRow)
        .join(IncidentRow, IncidentRow.incident_id == PlaybookRun.incident_id)
        .where(PlaybookRun.ref == ref, visible_to(viewer))
        .order_by(PlaybookRun.started_at.desc(), PlaybookRun.run_id.desc())
        .limit(limit)
    )
    return [(run, row) for run, row in session.execute(statement)]


def titles(session: Session) -> dict[str, tuple[str, str]]:
    """Kind and title of everything that was used, as the last run has it: entries may be gone since."""
    newest = (
        select(PlaybookRun.ref, PlaybookRun.kind, PlaybookRun.document["title"].astext)
        .ext(distinct_on(PlaybookRun.ref))
        .order_by(PlaybookRun.ref, PlaybookRun.started_at.desc())
    )
    return {ref: (kind, title) for ref, kind, title in session.execute(newest).all()}


def known_since(session: Session) -> tuple[datetime | None, dict[str, datetime]]:
    """Since when incidents have been recorded here, and since when each imported entry has been known."""
    first = session.scalar(select(func.min(IncidentRow.declared_at)))
    statement = select(KnowledgeVersion.ref, func.min(KnowledgeVersion.added_at)).group_by(KnowledgeVersion.ref)
    return first, {row[0]: row[1] for row in session.execute(statement)}
