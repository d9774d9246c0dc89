"""Asking for a diagnosis, and keeping what it found on the incident's timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.diagnostics import messages
from bot.diagnostics.policy import DiagnosticsPolicy
from bot.diagnostics.queries import DIAGNOSIS
from bot.diagnostics.rules.dimensions import named
from bot.diagnostics.rules.finding import Diagnosis, Finding, Weight
from bot.diagnostics.rules.request import DiagnosisRequest
from bot.incidents.flows.record import record, refresh_own_card
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.store.outbox import enqueue

_OFFERED = 5  # resources to press
_KEPT = 20  # findings of one diagnosis on the timeline


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a diagnosis is shown: where an incident is spoken about, which also keeps it, or in a thread."""

    incident_id: int | None = None
    channel_id: str | None = None
    thread_ts: str | None = None


def request(
    session: Session,
    where: Destination,
    targets: Sequence[DiagnosisRequest],
    at: datetime | None,
    user_id: str,
    key: str,
) -> None:
    """Have the worker diagnose each; `key` names this asking, so that one that came twice is answered once."""
    for number, asked in enumerate(targets):
        enqueue(
            session,
            "aws.diagnose",
            lock=f"diagnose-{where.incident_id or where.thread_ts}-{asked.service}-{asked.name}",
            **asdict(where),
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


def offers(words: str, policy: DiagnosticsPolicy) -> tuple[DiagnosisRequest, ...]:
    """The resources of our services of which these words speak, those that are named first, each once; and those that
    they name as CloudWatch's dimensions do.
    """
    ours = [asked for service in policy.services.values() for asked in service.resources if _says(words, asked.name)]
    spoken = [service for service in policy.services.values() if _says(words, service.name)]
    ours += [asked for service in spoken for asked in service.resources]
    known = {(asked.service, asked.name) for asked in ours}
    more = [asked for asked in named(words) if (asked.service, asked.name) not in known]
    return tuple(dict.fromkeys([*ours, *more]))[:_OFFERED]


def _says(words: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words, re.IGNORECASE) is not None


def find_offer(policy: DiagnosticsPolicy, service: str, name: str, words: str = "") -> DiagnosisRequest | None:
    """The resource that a button stands for; None where neither the policy nor these words name it."""
    resources = [asked for known in policy.services.values() for asked in known.resources] + [*named(words)]
    return next((asked for asked in resources if (asked.service, asked.name) == (service, name)), None)


def keep(session: Session, row: IncidentRow, found: Diagnosis, user_id: str, key: str, now: datetime) -> int:
    """What was found, one entry for each finding; how many are new. Keeping the same diagnosis again adds nothing.

    The first of them has what was measured, which the review draws. The card follows.
    """
    drawn = messages.picture(found, None)
    texts = _texts([one for one in found.findings if one.weight is not Weight.NOTICE], found)
    kept = 0
    for number, (text, finding) in enumerate(texts):
        data: dict[str, Any] = {"finding": finding.as_document() if finding else None}
        data |= {"resource": found.resource, "where": found.where, "unread": len(found.unread), "read": found.has_read}
        if number == 0 and drawn.panels:
            data["picture"] = drawn.as_document()
        source = f"{DIAGNOSIS}{key}:{number}"
        kept += (
            record(session, row, Kind.DIAGNOSED, text, now, author=user_id, data=data, source_key=source) is not None
        )
    if kept and row.closed_at is None:
        refresh_own_card(session, row)  # which shows what holds now
    return kept


def _texts(findings: Sequence[Finding], found: Diagnosis) -> list[tuple[str, Finding | None]]:
    if not findings:
        return [(messages.entry_of_nothing(found), None)]
    return [(messages.entry(one, found.resource), one) for one in findings[:_KEPT]]
