"""The tables of pings, of the roster and of what goes beside a page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class PingRow(Base):
    """One rung of the ladder for one incident: due, sent, acknowledged, how late, why not sent."""

    __tablename__ = "pings"
    ping_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    key: Mapped[str]
    role: Mapped[str]
    kind: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[str]  # planned, sending, sent, cancelled, failed
    user_ids: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    reason: Mapped[str | None]  # why it was cancelled or failed
    asked_by: Mapped[str | None]  # who escalated by hand
    note: Mapped[str | None] = mapped_column(Said)  # what they said, or who stood in for whom and why
    __table_args__ = (
        UniqueConstraint("incident_id", "key"),
        Index("ix_pings_due_at_planned", "due_at", postgresql_where=sql("state = 'planned'")),
        Index("ix_pings_sent_at", "sent_at", postgresql_where=sql("state = 'sent' and kind <> 'digest'")),
        Index("ix_pings_digests", "role", "due_at", postgresql_where=sql("kind = 'digest'")),
    )


class GroupRow(Base):
    """A Slack user group that holds a role, with those who were in it when Slack was last asked."""

    __tablename__ = "user_groups"
    group_id: Mapped[str] = mapped_column(primary_key=True)
    members: Mapped[list[str]]
    looked_up_at: Mapped[datetime]


class OverrideRow(Base):
    """Somebody who holds a role for a while instead of whoever would, as arranged in Slack."""

    __tablename__ = "roster_overrides"
    override_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the command that asked for it: sent twice, it counts once
    role: Mapped[str]
    user_id: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    __table_args__ = (Index("ix_roster_overrides_until_at", "until_at", postgresql_where=sql("removed_at is null")),)


class ShiftRow(Base):
    """One shift of an imported schedule. `person` is a name of contacts.yaml; a new import replaces its role's."""

    __tablename__ = "roster_shifts"
    shift_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    role: Mapped[str]
    person: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    source: Mapped[str]
    imported_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("role", "from_at"), Index("ix_roster_shifts_until_at", "until_at"))


class NoticeRow(Base):
    """A mail or text message beside a ping. The key says which; sent ones are not sent again."""

    __tablename__ = "notices"
    notice_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    way: Mapped[str]  # mail, text
    address: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    state: Mapped[str]  # planned, sent, failed
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it failed
