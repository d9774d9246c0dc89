"""What is counted: the facts of the incidents of a period.

Every statement of the figures begins with HEAD, which names these sets of rows of `figure_facts`:

- `scope`: the incidents declared in the period, of the severity, service and type asked for;
- `counted`: those of them that are incidents of their own: no false alarm, not merged into another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from bot.figures.queries.facts import refresh


@dataclass(frozen=True, slots=True)
class Scope:
    """From `since` up to `until` (aware), of one severity, service or type where that is named; "" is no type.

    `zone` is an IANA name.
    """

    since: datetime
    until: datetime
    zone: str
    severity: str | None = None
    service: str | None = None
    type: str | None = None
    public: bool = False  # without security incidents

    def between(self, since: datetime, until: datetime) -> Scope:
        """The same in another time."""
        return replace(self, since=since, until=until)

    @property
    def values(self) -> dict[str, Any]:
        return {
            "since": self.since,
            "until": self.until,
            "zone": self.zone,
            "severity": self.severity,
            "service": self.service,
            "type": self.type,
            "public": self.public,
        }


HEAD = """
with scope as (
  select * from figure_facts
  where declared_at >= :since and declared_at < :until
    and (cast(:severity as text) is null or severity = :severity)
    and (cast(:service as text) is null or lower(:service) = any(service_keys))
    and (cast(:type as text) is null or coalesce(type, '') = :type)
    and not (cast(:public as boolean) and security)
), counted as (
  select * from scope where not merged and not false_alarm
)
"""
# Reading much at once: sorts in memory, and no compiling of statements that take less time than that would.
_PREPARE = text("select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")


def fetch(session: Session, scope: Scope, select: str, **more: object) -> Sequence[Row[Any]]:
    """The rows of a select over the sets of HEAD."""
    prepare(session)
    return session.execute(text(HEAD + select), scope.values | more).all()


def prepare(session: Session) -> None:
    """To be called before facts are read: they are brought up to date."""
    refresh(session)
    session.execute(_PREPARE)


def of_incidents(scope: Scope, column: str) -> str:
    """The condition that what belongs to an incident belongs to one of these, whenever declared; never to a drill."""
    conditions = []
    if scope.severity:
        conditions.append("severity = :severity")
    if scope.service:
        conditions.append("lower(:service) = any(service_keys)")
    if scope.type is not None:
        conditions.append("coalesce(type, '') = :type")
    if scope.public:
        conditions.append("not security")
    if not conditions:
        return f" and {column} not in (select incident_id from incidents where ref ~ 'DRILL-')"
    return f" and {column} in (select incident_id from figure_facts where {' and '.join(conditions)})"
