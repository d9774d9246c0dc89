"""Having App Home redrawn."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.store.outbox import enqueue


def draw_home(session: Session, user_id: str) -> None:
    """Have App Home drawn; opened several times at once, it is drawn once."""
    enqueue(session, "slack.home", lock=f"home-{user_id}", once=f"home-{user_id}", priority=1, user_id=user_id)
