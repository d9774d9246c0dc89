"""The tables of incidents and their timelines. Instants are aware UTC; people are Slack user ids.

The timeline is append-only: a trigger refuses changes and deletions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.memory.rules.similar import SimilarItem
from bot.memory.tables import Similar
from bot.store.base import Base, Said


class IncidentNumber(Base):
    """The last number given to a prefix (INC, SEC) in a year; its row lock makes references gapless."""

    __tablename__ = "incident_numbers"
    prefix: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class IncidentRow(Base):
    __tablename__ = "incidents"
    incident_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    former_ref: Mapped[str | None] = mapped_column(unique=True)  # before it was made private, or opened to everybody
    request_key: Mapped[str] = mapped_column(unique=True)  # what asked for it: the same request declares once
    title: Mapped[str] = mapped_column(Said)
    type: Mapped[str | None]  # its name in fields.yaml, which may have forgotten it
    severity: Mapped[str]
    status: Mapped[str]
    episode: Mapped[int] = mapped_column(server_default=sql("1"))  # one more at each reopening
    declared_at: Mapped[datetime]
    declared_by: Mapped[str]
    commander: Mapped[str | None]
    channel_name: Mapped[str]
    channel_id: Mapped[str | None] = mapped_column(unique=True)
    channel_archived: Mapped[bool] = mapped_column(server_default=sql("false"))
    channel_trouble: Mapped[str | None]  # Slack's name of why there is no channel, or why we cannot speak in it
    channel_trouble_since: Mapped[datetime | None]  # when people were told so
    channel_retry_at: Mapped[datetime | None]  # when that is tried again
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    identified_at: Mapped[datetime | None]
    mitigated_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    impact: Mapped[str | None] = mapped_column(Said)
    cause: Mapped[str | None] = mapped_column(Said)
    resolution: Mapped[str | None] = mapped_column(Said)
    false_alarm: Mapped[bool | None]
    playbook_helped: Mapped[bool | None]
    report_channel_id: Mapped[str | None]
    report_ts: Mapped[str | None]
    similar: Mapped[tuple[SimilarItem, ...]] = mapped_column(Similar, server_default=sql("'[]'::jsonb"))
    wake_at: Mapped[datetime | None]  # when something on the escalation plan happens next
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # of which it was a duplicate
    told_at: Mapped[datetime | None]  # when stakeholders were last told
    reminded_at: Mapped[datetime | None]  # when somebody was last reminded to tell them
    next_update_at: Mapped[datetime | None]  # by when they were promised the next update; None once that was due
    read_back_at: Mapped[datetime | None]  # when its channel was last to be looked through for what was missed
    read_through_at: Mapped[datetime | None]  # until when that was done; None: never
    # How far the present look has come, see `flows.backfill`; None: none is under way.
    read_progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    kind_asked_at: Mapped[datetime | None]  # when it was asked whether this is for security; None: not, or answered
    withdrawn: Mapped[int] = mapped_column(server_default=sql("0"))  # messages deleted when it was made private
    members_read_at: Mapped[datetime | None]  # when Slack was last asked who is in the channel of a security incident
    words_removed_at: Mapped[datetime | None]  # when what people wrote in it was last taken out by policy
    goes_on_in: Mapped[IncidentRow | None] = relationship(remote_side=[incident_id], viewonly=True)  # see merged_into
    __table_args__ = (
        Index("ix_incidents_status_declared_at", "status", "declared_at"),
        Index("ix_incidents_declared_at", "declared_at"),
        Index("ix_incidents_wake_at", "wake_at", postgresql_where=sql("wake_at is not null")),
        Index(
            "ix_incidents_next_update_at",
            "next_update_at",
            postgresql_where=sql("next_update_at is not null"),
        ),
        Index(
            "ix_incidents_channel_retry_at",
            "channel_retry_at",
            postgresql_where=sql("channel_retry_at is not null"),
        ),
        Index("ix_incidents_report", "report_channel_id", "report_ts", postgresql_where=sql("report_ts is not null")),
        Index("ix_incidents_drills", "incident_id", postgresql_where=sql("ref ~ 'DRILL-'")),  # few, to be left out
        Index("ix_incidents_merged_into", "merged_into", postgresql_where=sql("merged_into is not null")),
    )


class TimelineEntry(Base):
    """One recorded fact: `at` is when it happened, `recorded_at` when we learnt it. Corrections are further entries."""

    __tablename__ = "timeline_entries"
    entry_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    author: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))
    message_ts: Mapped[str | None]  # the Slack message that it speaks of
    source_key: Mapped[str | None] = mapped_column(unique=True)  # what caused it: the same cause is recorded once
    __table_args__ = (
        Index("ix_timeline_entries_incident_id_at_entry_id", "incident_id", "at", "entry_id"),
        Index("ix_timeline_entries_incident_id_message_ts", "incident_id", "message_ts"),
        Index("ix_timeline_entries_incident_id_kind_at", "incident_id", "kind", "at"),
        # For the figures: few entries among many.
        Index("ix_timeline_entries_breached", "incident_id", postgresql_where=sql("kind = 'response_breached'")),
        Index("ix_timeline_entries_corrected", "incident_id", postgresql_where=sql("kind = 'entry_corrected'")),
        Index(
            "ix_timeline_entries_labelled",
            "incident_id",
            postgresql_where=sql(r"kind = 'noted' and text ~* '^\s*(services?|detected|began|started)\M'"),
        ),
    )


class RoleRow(Base):
    """Who holds a role in an incident, from when until when."""

    __tablename__ = "incident_roles"
    role_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    role: Mapped[str]
    user_id: Mapped[str]
    taken_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_incident_roles_holder", "incident_id", "role", unique=True, postgresql_where=sql("ended_at is null")),
        Index("ix_incident_roles_incident_id", "incident_id"),
    )


class MemberRow(Base):
    """Whether somebody is in the channel of a security incident, as of when we last learnt it by event or by asking."""

    __tablename__ = "incident_members"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    present: Mapped[bool]
    as_of: Mapped[datetime]
    event_ts: Mapped[str | None]  # Slack's stamp of the last event that said so; an earlier one that comes late is old


class HandoverRow(Base):
    """The command of an incident, offered to somebody. It changes hands when they accept, not before."""

    __tablename__ = "handovers"
    handover_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    from_user: Mapped[str | None]
    to_user: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str]  # offered, accepted, withdrawn
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_handovers_offered", "incident_id", unique=True, postgresql_where=sql("state = 'offered'")),
    )


class ReplayRow(Base):
    """The drill `incident_id` plays a past incident: that one, how fast, and how much of it is put in."""

    __tablename__ = "replays"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    source_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    speed: Mapped[float]
    injects: Mapped[int]


class KeyOffer(Base):
    """A message that reads like a key one; somebody was offered to mark it. Few an hour, so that nobody tires of it."""

    __tablename__ = "key_offers"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    offered_at: Mapped[datetime]


class AccessRow(Base):
    """Somebody saw or did something of a security incident, or was refused. Added to and never changed."""

    __tablename__ = "access_log"
    access_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    at: Mapped[datetime]
    who: Mapped[str]  # a Slack id, or `shell:` with the account that typed a command on the host
    what: Mapped[str]  # completes "They …": `opened the review`
    __table_args__ = (
        Index("ix_access_log_incident_id_access_id", "incident_id", "access_id"),
        Index("ix_access_log_at", "at"),
    )
