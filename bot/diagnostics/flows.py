"""Asking for a diagnosis, and keeping what it found on the incident's timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from bot.diagnostics import messages
from bot.diagnostics.policy import DiagnosticsPolicy
from bot.diagnostics.rules.finding import Diagnosis, Finding, Weight
from bot.diagnostics.rules.request import Asked
from bot.incidents.flows.record import record
from bot.incidents.queries.incidents import described
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.store.outbox import enqueue

_OFFERED = 5  # resources to press
_KEPT = 20  # findings of one diagnosis on the timeline


def request(
    session: Session, row: IncidentRow, targets: Sequence[Asked], at: datetime | None, user_id: str, key: str
) -> None:
    """Have the worker diagnose each; `key` names this asking, so that one that came twice is answered once."""
    for number, asked in enumerate(targets):
        enqueue(
            session,
            "aws.diagnose",
            lock=f"diagnose-{row.incident_id}-{asked.service}-{asked.name}",
            incident_id=row.incident_id,
            key=f"{key}:{number}",
            user_id=user_id,
            service=asked.service,
            name=asked.name,
            qualifier=asked.qualifier,
            account=asked.account,
            account_id=asked.account_id,
            region=asked.region,
            at=at.isoformat() if at else None,
        )


def offers(row: IncidentRow, policy: DiagnosticsPolicy) -> tuple[Asked, ...]:
    """The resources of our services that the incident speaks of, in the order of the policy, each once."""
    words = described(row)
    spoken = [
        service
        for service in policy.services.values()
        if re.search(rf"(?<!\w){re.escape(service.name)}(?!\w)", words, re.IGNORECASE)
    ]
    named = [asked for service in policy.services.values() for asked in service.resources if asked.name in words]
    return tuple(dict.fromkeys([*named, *(asked for service in spoken for asked in service.resources)]))[:_OFFERED]


def find_offer(policy: DiagnosticsPolicy, service: str, name: str) -> Asked | None:
    """The resource of the policy that a button stands for; None where the policy no longer names it."""
    resources = (asked for known in policy.services.values() for asked in known.resources)
    return next((asked for asked in resources if (asked.service, asked.name) == (service, name)), None)


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
