"""Queries of personal links that were used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.web.tables import LinkRow


def claim_link(session: Session, mark: str, browser: str, now: datetime) -> LinkRow:
    """The link with the browser that used it first, which is this one where none did before."""
    session.execute(insert(LinkRow).values(mark=mark, browser=browser, used_at=now).on_conflict_do_nothing())
    return session.get_one(LinkRow, mark)


def forget_links(session: Session, before: datetime) -> None:
    """Forget the uses before an instant; the links themselves must have expired by then."""
    session.execute(delete(LinkRow).where(LinkRow.used_at < before))
