"""Queries of what people are called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.tables import PersonRow


def looked_up_since(session: Session, user_ids: Iterable[str], since: datetime) -> set[str]:
    """Those of the people whose name was asked of Slack at or after an instant."""
    statement = select(PersonRow.user_id).where(PersonRow.user_id.in_(list(user_ids)), PersonRow.looked_up_at >= since)
    return set(session.scalars(statement))
