"""Queries of user groups: who was in them when Slack was last asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.escalation.tables import GroupRow


def members_of(session: Session, group_ids: Iterable[str]) -> dict[str, list[str]]:
    """User ids by group id, of those groups that were looked up."""
    wanted = list(group_ids)
    if not wanted:
        return {}
    statement = select(GroupRow.group_id, GroupRow.members).where(GroupRow.group_id.in_(wanted))
    return {row.group_id: row.members for row in session.execute(statement)}


def record_members(session: Session, group_id: str, members: Sequence[str], now: datetime) -> None:
    values = {"members": list(members), "looked_up_at": now}
    statement = insert(GroupRow).values(group_id=group_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["group_id"], set_=values))
