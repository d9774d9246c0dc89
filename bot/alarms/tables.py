"""The tables of alarms: what each is, the deliveries it came by, and the threads in which it is spoken about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class AlarmRow(Base):
    """An alarm by what its sender knows it by, as the last delivery described it."""

    __tablename__ = "alarms"
    alarm_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    identity: Mapped[str] = mapped_column(unique=True)  # `Alarm.key`
    source: Mapped[str] = mapped_column(Said)
    name: Mapped[str] = mapped_column(Said)
    account: Mapped[str] = mapped_column(Said)
    region: Mapped[str] = mapped_column(Said)
    state: Mapped[str]  # a `State`
    security: Mapped[bool]
    summary: Mapped[str] = mapped_column(Said)
    reason: Mapped[str] = mapped_column(Said)
    metric: Mapped[str] = mapped_column(Said)
    resources: Mapped[list[dict[str, Any]]]
    link: Mapped[str] = mapped_column(Said)
    service: Mapped[str]  # what alarms.yaml calls that it watches over, "" where it says nothing
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]  # of the last delivery
    changed_at: Mapped[datetime]  # when its state changed, as the sender has it
    firings: Mapped[int]  # deliveries in which it fired


class AlarmDeliveryRow(Base):
    """A delivery that was taken in: the same one changes nothing when it comes again."""

    __tablename__ = "alarm_deliveries"
    delivery: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    __table_args__ = (Index("ix_alarm_deliveries_taken_at", "taken_at"),)


class AlarmStormRow(Base):
    """So many alarms at once that one message lists them, in place of a thread for each."""

    __tablename__ = "alarm_storms"
    storm_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]  # when the last alarm joined it
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.report_id", ondelete="SET NULL"), unique=True)


class AlarmThreadRow(Base):
    """A time of trouble with one alarm: from when it fired until it was quiet for long. It has one thread in Slack."""

    __tablename__ = "alarm_threads"
    thread_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.alarm_id", ondelete="CASCADE"))
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]
    firings: Mapped[int]
    recovered_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]  # in quiet hours: when it is posted, where it still fires
    storm_id: Mapped[int | None] = mapped_column(ForeignKey("alarm_storms.storm_id"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.report_id", ondelete="SET NULL"), unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # that it declared or joined
    declared: Mapped[bool] = mapped_column(server_default=sql("false"))  # this alarm declared the incident by itself
    __table_args__ = (
        Index("ix_alarm_threads_alarm_id_thread_id", "alarm_id", "thread_id"),
        Index("ix_alarm_threads_began_at", "began_at"),
        Index("ix_alarm_threads_storm_id", "storm_id", postgresql_where=sql("storm_id is not null")),
        Index("ix_alarm_threads_incident_id", "incident_id", postgresql_where=sql("incident_id is not null")),
        Index("ix_alarm_threads_held_until", "held_until", postgresql_where=sql("held_until is not null")),
    )
