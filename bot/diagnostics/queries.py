"""What diagnoses left on an incident's timeline."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from bot.diagnostics.rules.picture import Picture
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow

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
