"""The table of judged reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.memory.rules.similar import SimilarItem
from bot.memory.tables import Similar
from bot.store.base import Base, Said


class ReportRow(Base):
    """A message of the announcement channel that was judged, with the verdict and what people then pressed."""

    __tablename__ = "reports"
    report_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[str]
    ts: Mapped[str]
    user_id: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    judged_at: Mapped[datetime]
    severity: Mapped[str | None]
    confidence: Mapped[float]
    row: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]
    similar: Mapped[tuple[SimilarItem, ...]] = mapped_column(Similar)
    answered: Mapped[bool]  # something is said in its thread: a severity, or the question whether it is an incident
    asked: Mapped[bool] = mapped_column(server_default=sql("false"))  # what is said is that question
    decision: Mapped[str | None]  # declared, not_incident, part_of
    chosen_severity: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))
    row_name: Mapped[str] = mapped_column(server_default=sql("''"))  # the row's id in severity.yaml; "" in old reports
    reason: Mapped[str | None]  # why people decided otherwise: a word of domain.agreement
    reason_text: Mapped[str | None] = mapped_column(Said)  # the same in their own words
    # Decisions that were changed and wordings that were edited: what stood before, the oldest first.
    history: Mapped[list[dict[str, Any]]] = mapped_column(server_default=sql("'[]'"))
    recovered_at: Mapped[datetime | None]  # an alarm or alert: since when it is OK again
    __table_args__ = (UniqueConstraint("channel_id", "ts"), Index("ix_reports_judged_at", "judged_at"))


class AlertRow(Base):
    """An alert that another bot posted, with its repeats: the report of the first one stands for all of them."""

    __tablename__ = "alerts"
    alert_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[str]
    key: Mapped[str]  # the bot, and a digest of what the alert says without numbers and states
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.report_id", ondelete="CASCADE"), unique=True)
    times: Mapped[int]
    last_ts: Mapped[str]
    last_at: Mapped[datetime]
    recovered_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_alerts_channel_id_key_last_at", "channel_id", "key", "last_at"),)
