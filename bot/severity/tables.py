"""The table of what was learnt from people's decisions, fit by fit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class JudgeFit(Base):
    """One try to learn from people's decisions, and whether it is in force. At most one is."""

    __tablename__ = "judge_fits"
    fit_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    fitted_at: Mapped[datetime]
    state: Mapped[str]  # in_force, replaced, not_better, held_back, undone
    figures: Mapped[dict[str, Any]]  # how it did on the later decisions, see flows.learning
    model: Mapped[bytes | None] = mapped_column(LargeBinary)  # None once it is not in force: it holds what was learnt
    changed_by: Mapped[str | None]  # who undid it
    changed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_judge_fits_in_force", "state", unique=True, postgresql_where=sql("state = 'in_force'")),
    )
