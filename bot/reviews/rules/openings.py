"""The openings of an incident: from the declaration, or a reopening, to the resolution that ended it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.rules.timeline import Kind
from bot.reviews.rules.document import ReviewFacts, SeverityChange
from bot.reviews.rules.record import Record
from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch in which somebody had to work on it. Instants are aware UTC; `until` None while it is open."""

    number: int  # 0 is the declaration, 1 the first reopening
    since: datetime
    until: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    severity: Severity  # in force when it was acknowledged, or else at the end
    respond_within: timedelta
    breached: bool  # nobody acknowledged within the response time, as the record says


def openings(facts: ReviewFacts, record: Record) -> tuple[Opening, ...]:
    """All openings, the oldest first; there is always one."""
    incident = facts.incident
    starts = [incident.declared_at, *(entry.at for entry in record.of_kind(Kind.REOPENED))]
    bounds = itertools.pairwise([*starts, None])
    return tuple(
        _opening(number, since, after, facts, record)
        for number, (since, after) in enumerate(bounds)
        if since is not None
    )


def _opening(number: int, since: datetime, after: datetime | None, facts: ReviewFacts, record: Record) -> Opening:
    """`after`: when the next one began; None for the last one."""
    at, by = _acknowledged(since, after, facts, record)
    until = _end(since, after, facts, record)
    severity = severity_at(facts, at or until)
    breaches = record.of_kind(Kind.RESPONSE_BREACHED)
    return Opening(
        number,
        since,
        until,
        at,
        by,
        severity,
        facts.response_times.get(severity, facts.respond_within),
        any(entry.at >= since and (after is None or entry.at < after) for entry in breaches),
    )


def _acknowledged(
    since: datetime, after: datetime | None, facts: ReviewFacts, record: Record
) -> tuple[datetime | None, str | None]:
    """When and by whom it was first acknowledged in this opening."""
    incident = facts.incident
    found = (
        entry
        for entry in record.of_kind(Kind.ACKNOWLEDGED)
        if entry.at >= since and (after is None or entry.at < after)
    )
    entry = next(found, None)
    if after is None and (entry is None or (incident.acknowledged_at and incident.acknowledged_at < entry.at)):
        return incident.acknowledged_at, incident.acknowledged_by
    return (entry.at, entry.author) if entry else (None, None)


def _end(since: datetime, after: datetime | None, facts: ReviewFacts, record: Record) -> datetime | None:
    if after is None:
        return facts.incident.resolved_at
    ends = [entry.at for entry in record.of_kind(Kind.RESOLVED) if since <= entry.at <= after]
    return min(ends, default=after)


def severity_at(facts: ReviewFacts, at: datetime | None) -> Severity:
    """The severity in force at an instant; the present one for None."""
    changes: Sequence[SeverityChange] = sorted(facts.severity_changes, key=lambda change: change.at)
    if at is None or not changes:
        return facts.incident.severity
    passed = [change for change in changes if change.at <= at]
    return passed[-1].after if passed else changes[0].before
