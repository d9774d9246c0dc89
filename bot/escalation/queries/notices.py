"""Queries of notices: the mails and text messages that go beside pings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.escalation.tables import NoticeRow

PLANNED, SENT, FAILED = "planned", "sent", "failed"
MAIL, TEXT = "mail", "text"


def add_notice(
    session: Session, key: str, way: str, address: str, subject: str, body: str, now: datetime
) -> int | None:
    """The new notice's id, or None when one of that key was there."""
    values = {"key": key, "way": way, "address": address, "subject": subject, "body": body}
    statement = insert(NoticeRow).values(**values, state=PLANNED, made_at=now).on_conflict_do_nothing()
    return session.execute(statement.returning(NoticeRow.notice_id)).scalar_one_or_none()


def get(session: Session, notice_id: int, for_change: bool = False) -> NoticeRow:
    return session.get_one(NoticeRow, notice_id, with_for_update=for_change, populate_existing=for_change)
