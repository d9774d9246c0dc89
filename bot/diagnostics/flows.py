"""Asking for a diagnosis, and keeping what it found on the incident's timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.diagnostics import messages
from bot.diagnostics.rules.finding import Diagnosis, Finding, Weight
from bot.diagnostics.rules.request import Asked
from bot.incidents.flows.record import record
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.store.outbox import enqueue

_KEPT = 20  # findings of one diagnosis on the timeline


def request(
    session: Session, row: IncidentRow, asked: Asked, service: str, at: datetime | None, user_id: str, key: str
) -> None:
    """Have the worker diagnose; `key` names this asking, so that one that came twice is answered once."""
    enqueue(
        session,
        "aws.diagnose",
        lock=f"diagnose-{row.incident_id}-{service}-{asked.name}",
        incident_id=row.incident_id,
        key=key,
        user_id=user_id,
        service=service,
        name=asked.name,
        qualifier=asked.qualifier,
        account=asked.account,
        account_id=asked.account_id,
        region=asked.region,
        at=at.isoformat() if at else None,
    )


def keep(session: Session, row: IncidentRow, found: Diagnosis, user_id: str, key: str, now: datetime) -> int:
    """What was found, one entry for each finding; how many are new. Keeping the same diagnosis again adds nothing."""
    texts = _texts([one for one in found.findings if one.weight is not Weight.NOTICE], found)
    kept = 0
    for number, (text, finding) in enumerate(texts):
        data = {"finding": finding.as_document() if finding else None, "resource": found.resource}
        source = f"diagnosis:{key}:{number}"
        kept += (
            record(session, row, Kind.DIAGNOSED, text, now, author=user_id, data=data, source_key=source) is not None
        )
    return kept


def _texts(findings: Sequence[Finding], found: Diagnosis) -> list[tuple[str, Finding | None]]:
    if not findings:
        return [(messages.entry_of_nothing(found), None)]
    return [(messages.entry(one, found.resource), one) for one in findings[:_KEPT]]
