"""The tables of what was published. Instants are aware UTC; people are Slack user ids, and never shown on the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class StatusPost(Base):
    """An incident, or a scheduled maintenance, as the public knows it."""

    __tablename__ = "status_posts"
    post_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    title: Mapped[str] = mapped_column(Said)
    began_at: Mapped[datetime]  # of a maintenance: when it is to begin
    ends_at: Mapped[datetime | None]  # of a maintenance alone: when it is to end
    published_at: Mapped[datetime]
    published_by: Mapped[str]
    over_at: Mapped[datetime | None]  # when somebody published that it is resolved or completed
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    __table_args__ = (
        Index("ix_status_posts_shown", "published_at", postgresql_where=sql("withdrawn_at is null")),
        Index(
            "uq_status_posts_open",
            "incident_id",
            unique=True,
            postgresql_where=sql("withdrawn_at is null and over_at is null and ends_at is null"),
        ),
    )


class StatusUpdate(Base):
    """One update of it. A correction replaces its words; what stood there before is on the incident's timeline."""

    __tablename__ = "status_updates"
    update_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the form that it came from: sent twice, it counts once
    post_id: Mapped[int] = mapped_column(ForeignKey("status_posts.post_id"), index=True)
    state: Mapped[str]
    text: Mapped[str] = mapped_column(Said)
    components: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # our name → condition
    at: Mapped[datetime]
    by: Mapped[str]
    corrected_at: Mapped[datetime | None]
    corrected_by: Mapped[str | None]
