"""The table of what is put into drills that replay a past incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class InjectRow(Base):
    """One thing that is said in a drill at its instant. Its words stay where they are until then, on the old timeline:
    what is corrected, deleted or made private meanwhile is followed.
    """

    __tablename__ = "injects"
    inject_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))  # the drill
    number: Mapped[int]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("timeline_entries.entry_id"))  # None: the report's words
    origin: Mapped[str]
    after_seconds: Mapped[float]  # from the declaration, as it was then
    due_at: Mapped[datetime]
    state: Mapped[str]  # waiting, said, dropped
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        Index("ix_injects_due_at_waiting", "due_at", postgresql_where=sql("state = 'waiting'")),
    )
