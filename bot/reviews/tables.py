"""The tables of reviews, of what people wrote in them, and of action items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ForeignKey, Identity, Index, TypeDecorator, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.reviews.rules.document import Review
from bot.store.base import Base, Said

JSON_FORMAT = 1  # raised when a key changes its meaning or goes
_REVIEW = TypeAdapter(Review)


def to_json(review: Review) -> dict[str, Any]:
    """The review as JSON-ready values; keys are stable, scripts depend on them. Instants as ISO 8601 with offset."""
    # Not pydantic's own JSON: that ends instants in Z, where all stored and exported reviews have +00:00.
    values: dict[str, Any] = json.loads(json.dumps(_REVIEW.dump_python(review), default=datetime.isoformat))
    return {"format": JSON_FORMAT, **values}


def from_json(document: Mapping[str, Any]) -> Review:
    """The review that `to_json` made `document` from. Raises ValueError if it is something else."""
    if document.get("format") != JSON_FORMAT:
        raise ValueError(f"review format {document.get('format')!r} is not known; expected {JSON_FORMAT}")
    return _REVIEW.validate_python(document)


class ReviewDocument(TypeDecorator[Review]):
    """A whole review: JSON in the row, dataclasses in Python. Older rows lack keys."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Review | None, dialect: Any) -> dict[str, Any] | None:
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Any) -> Review | None:
        return None if value is None else from_json(value)


class ReviewRow(Base):
    """A drafted review, whole, as it was at that moment; drafting again adds a version. Only retention removes any."""

    __tablename__ = "review_drafts"
    review_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    version: Mapped[int]
    drafted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    document: Mapped[Review] = mapped_column(ReviewDocument)
    __table_args__ = (UniqueConstraint("incident_id", "version"),)


class ReviewStageRow(Base):
    """The stage of an incident's review, its due date, and the reminders sent so far."""

    __tablename__ = "review_stages"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    stage: Mapped[str]  # draft, in review, changes asked, approved
    changed_at: Mapped[datetime]
    changed_by: Mapped[str | None]  # None: Tocsin drafted it
    resolved_at: Mapped[datetime]  # reminders count from here
    due_at: Mapped[datetime]
    reminded: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))  # the reminders that are done with
    remind_at: Mapped[datetime | None]  # when the next one falls due
    canvas_id: Mapped[str | None]
    shown: Mapped[str | None]  # names what the canvas or the last file says
    __table_args__ = (
        Index("ix_review_stages_remind_at", "remind_at", postgresql_where=sql("remind_at is not null")),
        Index("ix_review_stages_due_at", "due_at", postgresql_where=sql("stage <> 'approved'")),
        Index("ix_review_stages_all_due_at", "due_at"),  # for the figures
        Index("ix_review_stages_stage_changed_at", "stage", "changed_at"),
    )


class ReviewStep(Base):
    """Who moved a review to which stage, and why. An approval keeps the document as it was approved."""

    __tablename__ = "review_steps"
    step_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    stage: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Said)
    document: Mapped[Review | None] = mapped_column(ReviewDocument(none_as_null=True))


class ReviewEdit(Base):
    """One section as somebody wrote it, and the drafted lines that they had before them. Only retention alters any."""

    __tablename__ = "review_edits"
    edit_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    section: Mapped[str]
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Said)
    base: Mapped[list[str]]
    author: Mapped[str]
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("incident_id", "section", "version"),)


class ReviewComment(Base):
    """What somebody said of a review, or of one section of it."""

    __tablename__ = "review_comments"
    comment_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the form that it came with: sent twice, it counts once
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), index=True)
    section: Mapped[str | None]
    text: Mapped[str] = mapped_column(Said)
    author: Mapped[str]
    at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]  # None while it waits for an answer
    resolved_by: Mapped[str | None]


class ActionRow(Base):
    """Something to be done after an incident. `number` is what people call it by within the incident."""

    __tablename__ = "action_items"
    action_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    request_key: Mapped[str] = mapped_column(unique=True)  # the command, message or proposal that it came from
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Said)
    priority: Mapped[str]  # high, medium, low
    owner: Mapped[str | None]  # a Slack user id, or a name
    due_on: Mapped[date | None]
    state: Mapped[str]  # proposed, open, done, dropped
    source_ref: Mapped[str | None]  # the past incident whose prevention proposes it
    made_by: Mapped[str | None]
    made_at: Mapped[datetime]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]  # when its owner is reminded that it is overdue; once
    issue_key: Mapped[str | None]  # what its issue in a tracker is called: SHOP-12, shop/web#12
    issue_url: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        Index("ix_action_items_remind_at", "remind_at", postgresql_where=sql("remind_at is not null")),
        Index("ix_action_items_state_due_on", "state", "due_on"),
    )
