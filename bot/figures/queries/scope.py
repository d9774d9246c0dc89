"""What is counted: the incidents of a period as SQL reads them, and what notes say of their services and times.

Every statement of the figures begins with `head(scope)`, which names these sets:

- `scope`: the incidents declared in the period, of the severity and service asked for;
- `counted`: those of them that are incidents of their own: no false alarm, not merged into another;
- `services`: incident and service, as notes name them (`services: checkout, search`), corrections followed;
- `labelled`: the notes that name services or times, as `bot.reviews.rules.notes` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

# The predicate of an index (see incidents/tables.py): the same words here and there, or PostgreSQL does not use it.
LABELLED = r"text ~* '^\s*(services?|detected|began|started)\M'"


@dataclass(frozen=True, slots=True)
class Scope:
    """From `since` up to `until` (aware), of one severity or service where that is named. `zone` is an IANA name."""

    since: datetime
    until: datetime
    zone: str
    severity: str | None = None
    service: str | None = None

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
        }


_HEAD = rf"""
with corrected as (
  select distinct on (1) (data ->> 'entry_id')::bigint as entry_id, data ->> 'text' as text
  from timeline_entries
  where kind = 'entry_corrected' and data ->> 'text' is not null
  order by 1, timeline_entries.entry_id desc
), labelled as (
  select e.incident_id, e.entry_id, e.at, coalesce(c.text, e.text) as said
  from (select * from timeline_entries where kind = 'noted' and {LABELLED}) e left join corrected c using (entry_id)
  where <SAID>
  union all
  select e.incident_id, e.entry_id, e.at, c.text
  from corrected c join timeline_entries e using (entry_id)
  where e.kind = 'noted' and not e.{LABELLED} and c.{LABELLED} and <SAID>
), services as (
  select distinct on (incident_id, lower(service) collate "C") incident_id, service
  from labelled,
    unnest(string_to_array(substr(said, strpos(said, ':') + 1), ',')) as part,
    lateral (select btrim(part, E' \t\r\n') as service) as parts
  where said ~* '^\s*services?(\s+affected)?\s*:' and service <> ''
  order by incident_id, lower(service) collate "C", entry_id
), scope as (
  select i.incident_id, i.ref, i.severity, i.status, i.episode, i.declared_at, i.acknowledged_at, i.mitigated_at,
    i.resolved_at, i.false_alarm, i.merged_into, i.playbook_helped, i.report_ts
  from incidents i
  where i.declared_at >= :since and i.declared_at < :until
    and (cast(:severity as text) is null or i.severity = :severity) <SERVICE>
), counted as (
  select * from scope where merged_into is null and false_alarm is not true
)
"""
_OF_SERVICE = "and i.incident_id in (select incident_id from services where lower(service) = lower(:service))"
# Without a service nobody asks what notes say of incidents of other times.
_IN_PERIOD = "e.incident_id in (select incident_id from incidents where declared_at >= :since and declared_at < :until)"
# Reading much at once: sorts in memory, and no compiling of statements that take less time than that would.
_PREPARE = text("select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")


def head(scope: Scope) -> str:
    """The sets that a statement about this scope begins with."""
    said = "true" if scope.service else _IN_PERIOD
    return _HEAD.replace("<SAID>", said).replace("<SERVICE>", _OF_SERVICE if scope.service else "")


def fetch(session: Session, scope: Scope, select: str, **more: object) -> Sequence[Row[Any]]:
    """The rows of a select over the sets of `head`."""
    values: Mapping[str, object] = scope.values | more
    session.execute(_PREPARE)
    return session.execute(text(head(scope) + select), values).all()


def of_incidents(scope: Scope, column: str) -> str:
    """The condition that what belongs to an incident belongs to one of this severity and service, whenever declared."""
    conditions = []
    if scope.severity:
        conditions.append(f"{column} in (select incident_id from incidents where severity = :severity)")
    if scope.service:
        conditions.append(f"{column} in (select incident_id from services where lower(service) = lower(:service))")
    return "".join(f" and {condition}" for condition in conditions)
