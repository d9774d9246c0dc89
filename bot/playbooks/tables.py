"""The tables of playbook runs. Instants are aware UTC; people are Slack user ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class PlaybookRun(Base):
    """A playbook or guide that is worked through in an incident, with the text as it was when it began."""

    __tablename__ = "playbook_runs"
    run_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    episode: Mapped[int]  # of the incident, when it began
    ref: Mapped[str]
    kind: Mapped[str]  # playbook or guide
    document: Mapped[dict[str, Any]]  # rules.steps.RunText
    state: Mapped[str]  # running, finished, stopped
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]  # None: with its incident
    current: Mapped[int]  # the step where one is, from 1; one more than there are once all are decided
    answers: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # by placeholder
    due_at: Mapped[datetime | None]  # when its message has to be looked at again
    # Whether it ended the incident, and by which step; None while nobody has said.
    ended_it: Mapped[bool | None]
    ended_step: Mapped[int | None]
    __table_args__ = (
        Index("uq_playbook_runs_running", "incident_id", "ref", unique=True, postgresql_where=sql("state = 'running'")),
        Index("ix_playbook_runs_incident_id", "incident_id"),
        Index("ix_playbook_runs_ref_started_at", "ref", "started_at"),
        Index("ix_playbook_runs_due_at", "due_at", postgresql_where=sql("due_at is not null")),
    )


class PlaybookStep(Base):
    """One step of a run: who has it, what became of it and when. A step is decided once."""

    __tablename__ = "playbook_steps"
    run_id: Mapped[int] = mapped_column(ForeignKey("playbook_runs.run_id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    began_at: Mapped[datetime | None]  # when it became the current one
    over_at: Mapped[datetime | None]  # when it is over its window; None where there is none
    late_at: Mapped[datetime | None]  # when people were told that it is over its window
    assignee: Mapped[str | None]
    outcome: Mapped[str | None]  # done, not_helped, skipped
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    line: Mapped[str | None] = mapped_column(Said)
    seen: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))  # what AWS showed last


class PlaybookNotice(Base):
    """What an owner was told of a playbook, by key, so that it is said once."""

    __tablename__ = "playbook_notices"
    key: Mapped[str] = mapped_column(primary_key=True)
    said_at: Mapped[datetime]


class UpkeepRequest(Base):
    """Something that an owner is asked: to review a playbook, to look at its commands, to archive it, to take in what
    an incident taught. Asked once by its key, on whichever replica; asked again until somebody answers.
    """

    __tablename__ = "upkeep_requests"
    request_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # rules.upkeep.RequestKind
    ref: Mapped[str] = mapped_column(index=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # that taught something
    data: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"))  # what is asked about
    created_at: Mapped[datetime]
    ask_at: Mapped[datetime | None]  # when it is asked next; None once it is answered, or was asked often enough
    asks: Mapped[int] = mapped_column(server_default=sql("0"))
    asked: Mapped[str | None]  # whom it was handed to; None: the owner
    told: Mapped[list[str]] = mapped_column(server_default=sql("'{}'::text[]"))  # keys of the messages that ask
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    answer: Mapped[str | None] = mapped_column(Said)
    __table_args__ = (Index("ix_upkeep_requests_ask_at", "ask_at", postgresql_where=sql("ask_at is not null")),)
