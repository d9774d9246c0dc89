"""Queries of what becomes of a review: its stage and the steps to it, what people wrote in it and said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.incidents.visibility import visible_to
from bot.reviews.rules.document import Review
from bot.reviews.tables import ReviewComment, ReviewEdit, ReviewStageRow, ReviewStep

APPROVED = "approved"


def find_stage(session: Session, incident_id: int) -> ReviewStageRow | None:
    return session.get(ReviewStageRow, incident_id)


def leave_canvas(session: Session, incident_id: int) -> str | None:
    """Have the review shown anew, in another channel; the canvas that showed it, if any."""
    stage = session.get(ReviewStageRow, incident_id, with_for_update=True, populate_existing=True)
    if stage is None:
        return None
    canvas_id, stage.canvas_id, stage.shown = stage.canvas_id, None, None
    return canvas_id


def get_stage_for_change(session: Session, incident_id: int) -> ReviewStageRow:
    """The row, locked, so that of two who approve at once one is first and the other hears it."""
    return session.get_one(ReviewStageRow, incident_id, with_for_update=True, populate_existing=True)


def add_stage(session: Session, **values: Any) -> ReviewStageRow:
    row = ReviewStageRow(**values)
    session.add(row)
    session.flush()
    return row


def add_step(
    session: Session,
    incident_id: int,
    stage: str,
    *,
    at: datetime,
    by: str | None,
    note: str = "",
    document: Review | None = None,
) -> None:
    session.add(ReviewStep(incident_id=incident_id, stage=stage, at=at, by=by, note=note or None, document=document))
    session.flush()


def list_steps(session: Session, incident_id: int) -> Sequence[ReviewStep]:
    """The oldest first."""
    statement = select(ReviewStep).where(ReviewStep.incident_id == incident_id).order_by(ReviewStep.step_id)
    return session.scalars(statement).all()


def list_edits(session: Session, incident_id: int) -> Sequence[ReviewEdit]:
    """All versions of all sections, the oldest first."""
    statement = select(ReviewEdit).where(ReviewEdit.incident_id == incident_id).order_by(ReviewEdit.edit_id)
    return session.scalars(statement).all()


def add_edit(session: Session, **values: Any) -> ReviewEdit:
    row = ReviewEdit(**values)
    session.add(row)
    session.flush()
    return row


def add_comment(session: Session, **values: Any) -> bool:
    """False when the same form came before."""
    statement = insert(ReviewComment).values(**values).on_conflict_do_nothing(index_elements=["request_key"])
    return session.execute(statement.returning(ReviewComment.comment_id)).scalar_one_or_none() is not None


def list_comments(session: Session, incident_id: int) -> Sequence[ReviewComment]:
    """The oldest first."""
    statement = select(ReviewComment).where(ReviewComment.incident_id == incident_id)
    return session.scalars(statement.order_by(ReviewComment.comment_id)).all()


def get_comment_for_change(session: Session, incident_id: int, comment_id: int) -> ReviewComment | None:
    """The comment, locked; None where that incident's review has none of that id."""
    found = session.get(ReviewComment, comment_id, with_for_update=True, populate_existing=True)
    return found if found is not None and found.incident_id == incident_id else None


def list_unfinished(
    session: Session, viewer: str | None, limit: int = 200
) -> Sequence[tuple[ReviewStageRow, IncidentRow]]:
    """Reviews that are waited for and that this person may see, the one due first before the others.

    Those of incidents that are resolved and not closed have no draft yet.
    """
    statement = (
        select(ReviewStageRow, IncidentRow)
        .join(IncidentRow)
        .where(ReviewStageRow.stage != APPROVED, _waited_for(), visible_to(viewer))
        .order_by(ReviewStageRow.due_at, ReviewStageRow.incident_id)
    )
    return [(stage, row) for stage, row in session.execute(statement.limit(limit))]


def _waited_for() -> ColumnElement[bool]:
    """Not of what is open again, was a false alarm, or is covered by another incident."""
    over = IncidentRow.resolved_at.is_not(None)
    return over & IncidentRow.false_alarm.is_not(True) & IncidentRow.merged_into.is_(None)


def list_approved(
    session: Session, viewer: str | None, limit: int = 20
) -> Sequence[tuple[ReviewStageRow, IncidentRow]]:
    """The reviews approved last, of those that this person may see."""
    statement = (
        select(ReviewStageRow, IncidentRow)
        .join(IncidentRow)
        .where(ReviewStageRow.stage == APPROVED, visible_to(viewer))
        .order_by(ReviewStageRow.changed_at.desc())
    )
    return [(stage, row) for stage, row in session.execute(statement.limit(limit))]


def claim_to_remind(session: Session, now: datetime, limit: int) -> Sequence[ReviewStageRow]:
    """Reviews of which a reminder has fallen due, locked; those that another replica holds are passed over."""
    statement = (
        select(ReviewStageRow)
        .where(ReviewStageRow.remind_at <= now)
        .order_by(ReviewStageRow.remind_at, ReviewStageRow.incident_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()
