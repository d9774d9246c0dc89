"""How many: incidents and what became of them, acknowledgements in time, false alarms, recurrence."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch


@dataclass(frozen=True, slots=True)
class IncidentCounts:
    """What became of the incidents declared in the period. `answered` of `responses` were in time."""

    declared: int  # without duplicates, false alarms included
    counted: int
    security: int
    open: int
    merged: int
    false_alarms: int
    reopened: int
    recurred: int
    playbook_asked: int
    playbook_helped: int


def count_incidents(session: Session, scope: Scope) -> IncidentCounts:
    """All counts of incidents, in one pass."""
    (row,) = fetch(
        session,
        scope,
        """
        select count(*) filter (where merged_into is null) as declared,
          count(*) filter (where counted) as counted,
          count(*) filter (where counted and ref like 'SEC-%') as security,
          count(*) filter (where counted and status not in ('resolved', 'closed')) as open,
          count(*) filter (where merged_into is not null) as merged,
          count(*) filter (where merged_into is null and false_alarm) as false_alarms,
          count(*) filter (where counted and episode > 1) as reopened,
          count(*) filter (where counted and recurred) as recurred,
          count(*) filter (where counted and playbook_helped is not null) as playbook_asked,
          count(*) filter (where counted and playbook_helped) as playbook_helped
        from (
          select s.*, s.merged_into is null and s.false_alarm is not true as counted,
            jsonb_path_exists(i.similar, '$[*] ? (@.same == true)') as recurred
          from scope s join incidents i using (incident_id)
        ) each""",
    )
    return IncidentCounts(**row._mapping)


def count_responses(session: Session, scope: Scope) -> dict[str | None, tuple[int, int]]:
    """(responses, those in time) by severity; None stands for all. Each declaration and reopening is one response.

    A breach is on the timeline from the moment at which it happened, once for each opening.
    """
    rows = fetch(
        session,
        scope,
        """, breached as (
          select incident_id, count(*) as number
          from timeline_entries
          where kind = 'response_breached' and incident_id in (select incident_id from counted)
          group by incident_id
        ), responses as (
          select severity, episode - case
              when status in ('resolved', 'closed') or acknowledged_at is not null or mitigated_at is not null then 0
              when exists (
                select from timeline_entries t
                where t.source_key = 'breach:' || c.incident_id || ':' || c.episode || '/breach'
              ) then 0
              else 1 end as due,
            coalesce(number, 0) as missed
          from counted c left join breached using (incident_id)
        )
        select severity, grouping(severity) as every, coalesce(sum(due), 0)::bigint as due,
          coalesce(sum(due - least(missed, due)), 0)::bigint as met
        from responses group by grouping sets ((), (severity))""",
    )
    return {None if row.every else row.severity: (row.due, row.met) for row in rows}
