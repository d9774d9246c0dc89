"""Queries of what was learnt from people's decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.severity.tables import JudgeFit

IN_FORCE, REPLACED, NOT_BETTER, HELD_BACK, UNDONE = "in_force", "replaced", "not_better", "held_back", "undone"
_KEPT = 400  # fits whose figures are kept: a year of nights


def id_in_force(session: Session) -> int | None:
    """One row, read whenever something is judged."""
    return session.scalar(select(JudgeFit.fit_id).where(JudgeFit.state == IN_FORCE))


def find_in_force(session: Session) -> JudgeFit | None:
    return session.scalar(select(JudgeFit).where(JudgeFit.state == IN_FORCE))


def list_latest(session: Session, most: int) -> Sequence[JudgeFit]:
    """The latest fits, the newest first."""
    return session.scalars(select(JudgeFit).order_by(JudgeFit.fit_id.desc()).limit(most)).all()


def add(session: Session, now: datetime, state: str, figures: dict[str, Any], model: bytes | None) -> JudgeFit:
    """Keep a fit; what was in force before is replaced by one that is, and by one that found nothing better."""
    if state in (IN_FORCE, NOT_BETTER):
        take_out(session, REPLACED)
    row = JudgeFit(fitted_at=now, state=state, figures=figures, model=model if state == IN_FORCE else None)
    session.add(row)
    session.flush()
    session.execute(delete(JudgeFit).where(JudgeFit.fit_id <= row.fit_id - _KEPT, JudgeFit.state != IN_FORCE))
    return row


def take_out(session: Session, state: str, by: str | None = None, now: datetime | None = None) -> int:
    """Take what is in force out of force, and forget what it had learnt. How many there were: 0 or 1."""
    values = {"state": state, "model": None, "changed_by": by, "changed_at": now}
    changed = update(JudgeFit).where(JudgeFit.state == IN_FORCE).values(values).returning(JudgeFit.fit_id)
    return len(session.scalars(changed).all())
