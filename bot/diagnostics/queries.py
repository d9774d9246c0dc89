"""What diagnoses left on an incident's timeline."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.diagnostics.rules.evidence import Evidence, evidence_of
from bot.diagnostics.rules.picture import Picture
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry

DIAGNOSIS = "diagnosis:"  # begins the source of each entry; the diagnosis and a number follow
_LATEST = 200  # entries that are read: those of the last ten diagnoses or more
_MOST = 3  # pictures of one incident; each takes a second to draw


def list_pictures(session: Session, row: IncidentRow) -> dict[int, Picture]:
    """What was measured, by the entry that keeps it and in order: of each resource the last, with the declaration."""
    kept = [one for one in timeline.list_rows(session, row.incident_id, (Kind.DIAGNOSED,)) if one.data.get("picture")]
    last = {one.data.get("resource"): one for one in kept}
    entries = sorted(last.values(), key=lambda one: (one.at, one.entry_id))[-_MOST:]
    return {
        one.entry_id: replace(Picture.from_document(one.data["picture"]), declared_at=row.declared_at)
        for one in entries
    }


def find_evidence(session: Session, incident_id: int) -> Evidence | None:
    """What the last diagnosis of each resource found; None where there was none. One query."""
    statement = (
        select(TimelineEntry.source_key, TimelineEntry.at, TimelineEntry.data.op("-", is_comparison=False)("picture"))
        .where(TimelineEntry.incident_id == incident_id, TimelineEntry.kind == Kind.DIAGNOSED.value)
        .where(TimelineEntry.source_key.startswith(DIAGNOSIS))  # not what a step of a playbook showed
        .order_by(TimelineEntry.at.desc(), TimelineEntry.entry_id.desc())
        .limit(_LATEST)
    )
    return evidence_of((str(key).rpartition(":")[0], at, data) for key, at, data in session.execute(statement))
