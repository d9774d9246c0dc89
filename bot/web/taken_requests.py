"""Requests that Slack signed are taken in once: who caught one on its way cannot send it again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from bot.store.engine import Database
from bot.web.tables import RequestRow

_KEPT = timedelta(minutes=15)  # a signature counts for five minutes; our clock and Slack's may differ
_AT_ONCE = 50


class TakenRequests:
    """Remembers signatures in the database, so that another replica refuses a replay too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, signature: str) -> bool:
        """False where that request was taken in before."""
        with self._database.transaction() as session:
            old = select(RequestRow.signature).where(RequestRow.taken_at < func.now() - _KEPT)
            some = old.limit(_AT_ONCE).with_for_update(skip_locked=True)
            session.execute(delete(RequestRow).where(RequestRow.signature.in_(some)))
            taken = insert(RequestRow).values(signature=signature, taken_at=func.now()).on_conflict_do_nothing()
            return session.scalar(taken.returning(RequestRow.signature)) is not None

    def give_back(self, signature: str) -> None:
        """It could not be worked on: Slack may send it again."""
        with self._database.transaction() as session:
            session.execute(delete(RequestRow).where(RequestRow.signature == signature))
