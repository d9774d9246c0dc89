"""Queries of retention: whose words have been kept long enough, and taking them out. The facts stay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot.incidents.queries import replays
from bot.incidents.rules.incident import Status
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.tables import SeveritySuggestion
from bot.reports.tables import ReportRow
from bot.reviews.queries.reviews import APPROVED
from bot.reviews.rules.merging import lines_of
from bot.reviews.tables import ReviewEdit, ReviewRow, ReviewStageRow

_WORDS = (Kind.MESSAGE_POSTED.value, Kind.MESSAGE_EDITED.value)
_AT_ONCE = 1000  # rows an update
_UNSAID = "…"  # in place of the words of a removed message that decided


def claim_due(session: Session, before: datetime) -> IncidentRow | None:
    """One incident that was closed before an instant and that has words which were not removed yet, locked.

    Not one that waits for its review. A duplicate goes with the incident that it was merged into, so that incident is
    found again for what was said in a duplicate since, or in one that was merged into it since.
    """
    over = select(IncidentRow.incident_id, IncidentRow.incident_id.label("member"))
    family = over.where(_over(before), IncidentRow.merged_into.is_(None)).cte("family", recursive=True)
    duplicates = select(family.c.incident_id, IncidentRow.incident_id).join(
        IncidentRow, IncidentRow.merged_into == family.c.member
    )
    family = family.union(duplicates)
    member, spoken = aliased(IncidentRow), aliased(TimelineEntry)
    spoken_since = exists().where(
        spoken.incident_id == member.incident_id,
        spoken.kind.in_(_WORDS),
        spoken.recorded_at > member.words_removed_at,
    )
    due = (
        select(family.c.incident_id)
        .join(member, member.incident_id == family.c.member)
        .where(or_(member.words_removed_at.is_(None), spoken_since))
    )
    statement = (
        select(IncidentRow)
        .where(_over(before), IncidentRow.merged_into.is_(None), IncidentRow.incident_id.in_(due))
        .order_by(IncidentRow.incident_id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return session.scalar(statement)


def mark_removed(session: Session, incident_ids: Collection[int], now: datetime) -> None:
    """Note of each of these incidents that everything that was said in it is removed."""
    # Another replica's clock may be ahead: what it recorded would be found again and again until ours is there too.
    last = (
        select(func.max(TimelineEntry.recorded_at))
        .where(TimelineEntry.incident_id == IncidentRow.incident_id, TimelineEntry.kind.in_(_WORDS))
        .scalar_subquery()
    )
    marked = update(IncidentRow).where(IncidentRow.incident_id.in_(incident_ids))
    session.execute(marked.values(words_removed_at=func.greatest(now, last)))


def _over(before: datetime) -> ColumnElement[bool]:
    """Closed before an instant, and nobody waits for its review."""
    in_review = exists().where(ReviewStageRow.incident_id == IncidentRow.incident_id, ReviewStageRow.stage != APPROVED)
    return and_(
        IncidentRow.status == Status.CLOSED,
        IncidentRow.closed_at <= before,
        or_(~in_review, IncidentRow.false_alarm.is_(True), IncidentRow.merged_into.is_not(None)),
    )


def remove_messages(session: Session, incident_ids: Collection[int], kept: Collection[int], fact: str) -> int:
    """Have the fact stand for the words of these incidents' messages and edits but the `kept` entries. How many."""
    session.execute(select(func.set_config("tocsin.retention", "on", True)))
    words = TimelineEntry.incident_id.in_(incident_ids) & TimelineEntry.kind.in_(_WORDS)
    entry_ids = session.scalars(
        select(TimelineEntry.entry_id).where(
            or_(words, _put_into_drills(session, incident_ids)),
            TimelineEntry.text != fact,
            TimelineEntry.entry_id.not_in(kept),
        )
    ).all()
    for first in range(0, len(entry_ids), _AT_ONCE):
        part = entry_ids[first : first + _AT_ONCE]
        session.execute(update(TimelineEntry).where(TimelineEntry.entry_id.in_(part)).values(text=fact))
    session.execute(select(func.set_config("tocsin.retention", "off", True)))
    return len(entry_ids)


def _put_into_drills(session: Session, incident_ids: Collection[int]) -> ColumnElement[bool]:
    """What closed drills that replay these incidents repeat of them, and what these repeat as drills."""
    closed = select(IncidentRow.incident_id).where(
        IncidentRow.incident_id.in_(replays.list_drills_of(session, list(incident_ids))),
        IncidentRow.status == Status.CLOSED,
    )
    of_these = or_(TimelineEntry.incident_id.in_(incident_ids), TimelineEntry.incident_id.in_(closed))
    return and_(of_these, TimelineEntry.kind == Kind.INJECTED.value)


def remove_suggested(session: Session, incident_ids: Collection[int]) -> None:
    """The words of messages that a severity was suggested for."""
    statement = select(SeveritySuggestion).where(
        SeveritySuggestion.incident_id.in_(incident_ids), SeveritySuggestion.text != ""
    )
    for row in session.scalars(statement):
        row.text, row.evidence = "", without_words(row.evidence)


def remove_superseded(session: Session, incident_ids: Collection[int]) -> None:
    """All drafts of reviews but the last of each incident."""
    later = aliased(ReviewRow)
    superseded = exists().where(later.incident_id == ReviewRow.incident_id, later.version > ReviewRow.version)
    session.execute(delete(ReviewRow).where(ReviewRow.incident_id.in_(incident_ids), superseded))


def remove_drafted(session: Session, incident_id: int) -> None:
    """Of the sections that people edited: the drafted lines that they left as they were. What they wrote stays."""
    rows = session.scalars(select(ReviewEdit).where(ReviewEdit.incident_id == incident_id)).all()
    drafted = {(row.section, line) for row in rows for line in row.base}
    for row in rows:
        row.text = "\n".join(line for line in lines_of(row.text) if (row.section, line) not in drafted)
        row.base = []


def remove_reports(session: Session, before: datetime, fact: str, limit: int) -> int:
    """The words of judged reports whose incident is over since, or that were judged before and belong to none.

    The verdict stays, and what people decided.
    """
    statement = (
        select(ReportRow)
        .outerjoin(IncidentRow, IncidentRow.incident_id == ReportRow.incident_id)
        .where(ReportRow.text != "")
        .where(or_(_over(before), and_(ReportRow.incident_id.is_(None), ReportRow.judged_at <= before)))
        .order_by(ReportRow.report_id)
        .limit(limit)
        .with_for_update(of=ReportRow, skip_locked=True)
    )
    rows = session.scalars(statement).all()
    for row in rows:
        row.text, row.evidence = "", without_words(row.evidence)
        row.reason_text = row.reason_text and fact
        row.history = [
            {key: value for key, value in before.items() if key not in ("text", "reason_text")}
            for before in row.history
        ]
    return len(rows)


def without_words(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item | {"text": _UNSAID} for item in evidence]
