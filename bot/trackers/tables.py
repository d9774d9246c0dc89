"""The tables of issues and of lists in Slack. Instants are aware UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class IssueRow(Base):
    """The issue of one action item in a tracker; asked for, and made once `number` says what it is called there."""

    __tablename__ = "tracker_issues"
    action_id: Mapped[int] = mapped_column(ForeignKey("action_items.action_id"), primary_key=True, autoincrement=False)
    tracker: Mapped[str]  # as trackers.yaml calls it
    number: Mapped[str | None]
    agreed: Mapped[str | None]  # open or closed: what item and issue last agreed on
    asked_by: Mapped[str]  # a Slack user id
    asked_at: Mapped[datetime]  # the first time
    again_at: Mapped[datetime]  # the last time
    tries: Mapped[int] = mapped_column(server_default=sql("0"))  # since it was last asked for
    failed: Mapped[str | None]  # why the last try failed for good
    read_at: Mapped[datetime | None]  # when it was last planned to be read there
    __table_args__ = (
        Index("ix_tracker_issues_number", "tracker", "number", postgresql_where=sql("number is not null")),
        Index("ix_tracker_issues_read_at", "read_at", postgresql_where=sql("number is not null")),
    )


class ListRow(Base):
    """The list in Slack that a tracker's items go to, or why Slack makes none."""

    __tablename__ = "slack_lists"
    tracker: Mapped[str] = mapped_column(primary_key=True)  # as trackers.yaml calls it
    list_id: Mapped[str | None]
    columns: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))  # their ids by key
    shared_with: Mapped[str | None]  # the channel whose people may see it
    trouble: Mapped[str | None]  # Slack's name of why there is none
    trouble_at: Mapped[datetime | None]
