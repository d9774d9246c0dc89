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
        select count(*) filter (where not merged) as declared,
          count(*) filter (where counted) as counted,
          count(*) filter (where counted and security) as security,
          count(*) filter (where counted and open) as open,
          count(*) filter (where merged) as merged,
          count(*) filter (where not merged and false_alarm) as false_alarms,
          count(*) filter (where counted and episode > 1) as reopened,
          count(*) filter (where counted and recurred) as recurred,
          count(*) filter (where counted and playbook_helped is not null) as playbook_asked,
          count(*) filter (where counted and playbook_helped) as playbook_helped
        from (select *, not merged and not false_alarm as counted from scope) each""",
    )
    return IncidentCounts(**row._mapping)


def count_responses(session: Session, scope: Scope) -> dict[str | None, tuple[int, int]]:
    """(responses, those in time) by severity; None stands for all. Each declaration and reopening is one response.

    A breach is on the timeline from the moment at which it happened, once for each opening. What was over before
    anybody acknowledged or mitigated, and before the time ran out, was not answered in time: it is left out.
    """
    rows = fetch(
        session,
        scope,
        """
        select severity, grouping(severity) as every, coalesce(sum(due), 0)::bigint as due,
          coalesce(sum(due - least(missed, due)), 0)::bigint as met
        from counted
        where open or missed > 0 or time_to_acknowledge is not null or time_to_mitigate is not null
        group by grouping sets ((), (severity))""",
    )
    return {None if row.every else row.severity: (row.due, row.met) for row in rows}
