"""Texts within JSON columns are masked, however deep."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from tests.support.rows import NOON, add_incident

SECRET = "Xk3vQ9tR" + "z7LmB2wY"


def test_what_people_wrote_is_masked_in_json_and_found_by_its_fields(session: Session) -> None:
    row = add_incident(session)
    data = {"said": f"DB_PASSWORD={SECRET}", "deep": [{"line": f"token={SECRET}"}], "count": 3}
    timeline.append(session, row.incident_id, Kind.NOTED, "x", at=NOON, now=NOON, data=data)
    found = select(TimelineEntry.data).where(
        TimelineEntry.incident_id == row.incident_id, TimelineEntry.data["count"].astext == "3"
    )
    kept = session.scalar(found)
    assert kept is not None and SECRET not in str(kept) and str(kept).count("[secret masked]") == 2
