"""What was promised and kept: action items and reviews on time; reports dismissed; suggestions that helped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch, of_incidents

_DISMISSED = "decision = 'not_incident' and (reason is null or reason not in ('known', 'duplicate'))"


# The action items due in the period whose day is over, or that are done.
ACTIONS_DUE = """
  from (
    select *, (changed_at at time zone :zone)::date as done_on,
      (cast(:until as timestamptz) at time zone :zone)::date as today
    from action_items
  ) items
  where state in ('open', 'done') and due_on >= (cast(:since as timestamptz) at time zone :zone)::date
    and (due_on < today or (state = 'done' and due_on = today))"""


def actions_on_time(session: Session, scope: Scope) -> tuple[int, int]:
    """(due, done in time) of the action items due in the period."""
    (row,) = fetch(
        session,
        scope,
        "select count(*) as due, count(*) filter (where state = 'done' and done_on <= due_on) as met"
        + ACTIONS_DUE
        + of_incidents(scope, "incident_id"),
    )
    return row.due, row.met


def reviews_on_time(session: Session, scope: Scope) -> tuple[int, int]:
    """(due, approved by then) of the reviews that fell due in the period, of incidents that need one."""
    (row,) = fetch(
        session,
        scope,
        f"""
        select count(*) as due, count(*) filter (where exists (
            select from review_steps r where r.incident_id = s.incident_id and r.stage = 'approved' and r.at <= s.due_at
          )) as met
        from review_stages s
          join figure_facts f using (incident_id)
        where s.due_at >= :since and s.due_at < :until and not (f.merged or f.false_alarm or f.open)
          {of_incidents(scope, "s.incident_id")}""",
    )
    return row.due, row.met


@dataclass(frozen=True, slots=True)
class ReporterCount:
    """Of the answers to one person's messages that people decided, how many were dismissed."""

    user_id: str
    decided: int
    dismissed: int


def answers_dismissed(session: Session, scope: Scope) -> dict[str, tuple[int, int]]:
    """(decided, dismissed) by source: `answers` that named a severity, `questions` whether it is an incident."""
    rows = fetch(
        session,
        scope,
        f"""
        select case when asked then 'questions' else 'answers' end as source, count(*) as decided,
          count(*) filter (where {_DISMISSED}) as dismissed
        from reports
        where answered and decision is not null and judged_at >= :since and judged_at < :until
        group by asked""",
    )
    return {row.source: (row.decided, row.dismissed) for row in rows}


def reporters(session: Session, scope: Scope, limit: int) -> list[ReporterCount]:
    """By person or bot, those with the most dismissed first."""
    rows = fetch(
        session,
        scope,
        f"""
        select user_id, count(*) as decided, count(*) filter (where {_DISMISSED}) as dismissed
        from reports
        where answered and decision is not null and user_id is not null and judged_at >= :since and judged_at < :until
        group by user_id order by dismissed desc, decided desc, user_id limit :limit""",
        limit=limit,
    )
    return [ReporterCount(**row._mapping) for row in rows]


@dataclass(frozen=True, slots=True)
class AlarmCount:
    """Of the times that alarms of one name came and people decided, how often it was no incident."""

    name: str
    decided: int
    dismissed: int


def alarms(session: Session, scope: Scope, limit: int) -> list[AlarmCount]:
    """By name, those with the most dismissed first."""
    rows = fetch(
        session,
        scope,
        f"""
        select name, count(*) as decided, count(*) filter (where ({_DISMISSED}) or false_alarm) as dismissed
        from (
          select alarms.name, reports.decision, reports.reason, coalesce(i.false_alarm, false) as false_alarm
          from alarm_threads join alarms using (alarm_id) join reports using (report_id)
            left join incidents i on i.incident_id = reports.incident_id
          where reports.decision is not null and reports.judged_at >= :since and reports.judged_at < :until
        ) came
        group by name order by dismissed desc, decided desc, name limit :limit""",
        limit=limit,
    )
    return [AlarmCount(**row._mapping) for row in rows]


def suggestions_by_month(session: Session, since: datetime, until: datetime, places: int) -> list[tuple[str, int, int]]:
    """(month in UTC, judged, helped): suggestions by the month of their first vote; an even split did not help."""
    rows = fetch(
        session,
        Scope(since, until, "UTC"),
        """
        select to_char(month, 'YYYY-MM') as month, count(*) as judged, count(*) filter (where helped) as helped
        from (
          select min(voted_at) at time zone 'UTC' as month, 2 * count(*) filter (where helped) > count(*) as helped
          from suggestion_votes
          where voted_at >= :since and voted_at < :until and place between 1 and :places
          group by shown_key, ref
        ) judged group by 1 order by 1""",
        places=places,
    )
    return [(row.month, row.judged, row.helped) for row in rows]
