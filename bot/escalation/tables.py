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
        Index("ix_pings_sending", "claimed_at", postgresql_where=sql("state = 'sending'")),
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


class PageCallRow(Base):
    """A page by one method outside Slack. Sent again with the same key, it is the same page at the service.

    `todo` is what is to be done there next and `due_at` when; `claimed_at` is set while a job is about it.
    """

    __tablename__ = "page_calls"
    call_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # None for a test
    ping_id: Mapped[int | None] = mapped_column(ForeignKey("pings.ping_id"))
    episode: Mapped[int] = mapped_column(server_default=sql("1"))
    role: Mapped[str]
    person: Mapped[str]  # a name of contacts.yaml
    user_id: Mapped[str | None]  # their Slack id
    method: Mapped[str]  # see `Method.name`
    place: Mapped[int]  # among the person's methods
    waits: Mapped[bool]  # its method has a delay
    todo: Mapped[str | None]  # page, acknowledge, resolve; None: nothing
    due_at: Mapped[datetime]
    planned_for: Mapped[datetime]  # when that was due at first
    claimed_at: Mapped[datetime | None]
    state: Mapped[str]  # planned, sent, failed, cancelled
    tries: Mapped[int] = mapped_column(server_default=sql("0"))  # without success, of what is to be done
    sent_at: Mapped[datetime | None]
    outside: Mapped[str | None]  # how it stands at the service: open, acknowledged, resolved; None: it has none
    receipt: Mapped[str | None]  # by which the service knows it
    reason: Mapped[str | None]  # why it failed or was not sent
    answered_by: Mapped[str | None]  # who answered at the service, as they are called there
    link_used_at: Mapped[datetime | None]  # when its link was used, which works once
    asked_by: Mapped[str | None]  # who asked for the test
    made_at: Mapped[datetime]
    __table_args__ = (
        Index("ix_page_calls_due_at", "due_at", postgresql_where=sql("todo is not null")),
        Index("ix_page_calls_incident_id", "incident_id", postgresql_where=sql("incident_id is not null")),
        Index("ix_page_calls_tests", "made_at", postgresql_where=sql("incident_id is null")),
    )
