"""The tables of knowledge that was brought in, and of votes on suggestions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ForeignKey, Identity, TypeDecorator, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.memory.rules.similar import SimilarItem
from bot.store.base import Base

_SIMILAR = TypeAdapter(tuple[SimilarItem, ...])


class Similar(TypeDecorator[tuple[SimilarItem, ...]]):
    """What looks like a text: JSON in the row, dataclasses in Python. Older rows lack keys, or have more."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: tuple[SimilarItem, ...] | None, dialect: Any) -> Any:
        return _SIMILAR.dump_python(value or (), mode="json")

    def process_result_value(self, value: Any, dialect: Any) -> tuple[SimilarItem, ...]:
        return _SIMILAR.validate_python(value or ())


class KnowledgeVersion(Base):
    """An entry of knowledge as it was from one change to the next. Rows are added, never altered; the newest counts."""

    __tablename__ = "knowledge_versions"
    version_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    ref: Mapped[str]
    version: Mapped[int]
    change: Mapped[int | None] = mapped_column(index=True)  # null only until its transaction has its number
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # null: taken out
    content_hash: Mapped[str]
    origin: Mapped[str]  # the file that it was read from, or "closed incident"
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.incident_id"))  # of our own, closed
    added_at: Mapped[datetime]
    added_by: Mapped[str]
    __table_args__ = (UniqueConstraint("ref", "version"),)


class KnowledgeState(Base):
    """One row: the number of the last change, and the change through which every replica's index is fitted."""

    __tablename__ = "knowledge_state"
    only: Mapped[bool] = mapped_column(primary_key=True, autoincrement=False)
    changes: Mapped[int]
    fitted: Mapped[int]


class SuggestionVote(Base):
    """What one person said of one suggestion; said anew, it replaces what was said before."""

    __tablename__ = "suggestion_votes"
    shown_key: Mapped[str] = mapped_column(primary_key=True)  # what it was shown for: report:12, command:…, similar:…
    ref: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]  # 1 is the first
    helped: Mapped[bool]
    voted_at: Mapped[datetime] = mapped_column(index=True)
