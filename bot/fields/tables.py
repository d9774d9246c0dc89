"""The values of custom fields. The type of an incident stands in its row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.base import Base, Said


class FieldRow(Base):
    """What an incident has in a field. `title` is what that was called when it was set, as policy may forget it."""

    __tablename__ = "incident_fields"
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.incident_id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    value: Mapped[str] = mapped_column(Said)
    written_by: Mapped[str | None]  # whose words it is; None for what was chosen or counted
    set_at: Mapped[datetime]
