"""The table of personal links that were used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base


class LinkRow(Base):
    """A personal link that was used: it works in that browser, and in no other."""

    __tablename__ = "used_links"
    mark: Mapped[str] = mapped_column(primary_key=True)  # a hash of what was signed
    browser: Mapped[str]  # a hash of the browser's cookie
    used_at: Mapped[datetime] = mapped_column(index=True)
