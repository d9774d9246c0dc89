"""The ledger: how playbooks and their steps did, as aggregates."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.incidents.tables import IncidentRow
from bot.playbooks.rules.records import TrackRecord
from bot.playbooks.tables import PlaybookRun


def records(session: Session, refs: Sequence[str]) -> dict[str, TrackRecord]:
    """How each of these did: runs, how many ended their incident, the median minutes from start to resolution."""
    ended = PlaybookRun.ended_it.is_(True)
    minutes = func.extract("epoch", IncidentRow.resolved_at - PlaybookRun.started_at) / 60
    statement = (
        select(
            PlaybookRun.ref,
            func.count(),
            func.count().filter(ended),
            func.percentile_cont(0.5).within_group(minutes.asc()).filter(ended),
        )
        .join(IncidentRow, IncidentRow.incident_id == PlaybookRun.incident_id)
        .where(PlaybookRun.ref.in_(refs))
        .group_by(PlaybookRun.ref)
    )
    return {ref: TrackRecord(used, ended, median) for ref, used, ended, median in session.execute(statement)}
