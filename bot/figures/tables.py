"""What the figures are counted from: one narrow row per incident, and the incidents whose row is out of date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from bot.store.base import Base


class FigureFacts(Base):
    """What figures need to know of an incident, derived from its row and its timeline by `queries.facts`.

    Times are seconds, None where there are none. Rows are written there only, and anew after each change.
    """

    __tablename__ = "figure_facts"
    incident_id: Mapped[int] = mapped_column(
        ForeignKey("incidents.incident_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    declared_at: Mapped[datetime] = mapped_column(index=True)
    severity: Mapped[str] = mapped_column(Text(collation="C"))  # sorted much, and by no language
    security: Mapped[bool]
    merged: Mapped[bool]
    false_alarm: Mapped[bool]
    open: Mapped[bool]
    episode: Mapped[int]
    recurred: Mapped[bool]
    playbook_helped: Mapped[bool | None]
    kind: Mapped[str | None] = mapped_column(Text(collation="C"))  # the playbook that fits best
    type: Mapped[str | None] = mapped_column(Text(collation="C"))  # as people chose it, see fields.yaml
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))  # as notes name them, each once
    service_keys: Mapped[list[str]] = mapped_column(ARRAY(Text))  # the same in lower case
    due: Mapped[int]  # responses whose time is over, or that came
    missed: Mapped[int]  # response times that ran out
    time_to_detect: Mapped[float | None]
    time_to_declare: Mapped[float | None]
    time_to_acknowledge: Mapped[float | None]
    time_to_mitigate: Mapped[float | None]
    time_to_resolve: Mapped[float | None]


class FigureChange(Base):
    """An incident that changed: triggers add a row, whoever changes it, and `queries.facts.refresh` takes it out."""

    __tablename__ = "figure_changes"
    change_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    incident_id: Mapped[int] = mapped_column(BigInteger)
