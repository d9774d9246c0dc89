"""The tables of suggested severities and of reminders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class SeveritySuggestion(Base):
    """A new fact in an incident's channel that speaks for another severity: said once, decided by people."""

    __tablename__ = "severity_suggestions"
    suggestion_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    message_ts: Mapped[str]
    user_id: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)  # the message
    before: Mapped[str]  # the severity when it was suggested
    suggested: Mapped[str]
    row_name: Mapped[str]
    row: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]
    made_at: Mapped[datetime]
    state: Mapped[str]  # open, taken, kept, overtaken
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("incident_id", "message_ts"),
        Index("uq_severity_suggestions_open", "incident_id", unique=True, postgresql_where=sql("state = 'open'")),
    )


class ReminderRow(Base):
    """What somebody wants to be reminded of where an incident is worked on; gone once it was said."""

    __tablename__ = "reminders"
    reminder_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    user_id: Mapped[str]
    text: Mapped[str] = mapped_column(Said)  # plain words
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    state: Mapped[str]  # waiting, due
    __table_args__ = (
        Index("ix_reminders_due_at_waiting", "due_at", postgresql_where=sql("state = 'waiting'")),
        Index("ix_reminders_incident_id", "incident_id"),
    )
