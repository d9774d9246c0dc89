"""Queries of issues in trackers, and of lists in Slack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.reviews.queries.action_items import OPEN
from bot.reviews.tables import ActionRow
from bot.trackers.tables import IssueRow, ListRow


def find(session: Session, action_id: int) -> IssueRow | None:
    return session.get(IssueRow, action_id)


def find_for_change(session: Session, action_id: int) -> IssueRow | None:
    statement = select(IssueRow).where(IssueRow.action_id == action_id).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def find_by_number(session: Session, tracker: str, number: str) -> IssueRow | None:
    """What follows that issue of a tracker; the earliest, should there be two."""
    statement = select(IssueRow).where(IssueRow.tracker == tracker, IssueRow.number == number)
    return session.scalars(statement.order_by(IssueRow.action_id).limit(1)).first()


def list_to_read(session: Session, before: datetime, changed_after: datetime, limit: int) -> Sequence[IssueRow]:
    """Issues last read before an instant, of items that are open or were changed since another; locked."""
    statement = (
        select(IssueRow)
        .join(ActionRow, ActionRow.action_id == IssueRow.action_id)
        .where(
            IssueRow.number.is_not(None),
            or_(IssueRow.read_at.is_(None), IssueRow.read_at < before),
            or_(ActionRow.state == OPEN, ActionRow.changed_at > changed_after),
        )
        .order_by(IssueRow.read_at.nulls_first(), IssueRow.action_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=IssueRow)
    )
    return session.scalars(statement).all()


def find_list(session: Session, tracker: str) -> ListRow | None:
    return session.get(ListRow, tracker)


def list_for_change(session: Session, tracker: str) -> ListRow:
    """The list of a tracker, locked; a new row where there is none."""
    session.execute(insert(ListRow).values(tracker=tracker).on_conflict_do_nothing())
    statement = select(ListRow).where(ListRow.tracker == tracker).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def list_lists(session: Session) -> Sequence[ListRow]:
    return session.scalars(select(ListRow).order_by(ListRow.tracker)).all()
