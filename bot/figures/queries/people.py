"""Whom pages woke and when: by person, hour and weekday; nights and weekends. In the time zone of the policy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch, of_incidents

_SENT = """
, sent as (
  select person, incident_id, sent_at at time zone :zone as local,
    sent_at - due_at > make_interval(secs => :late_after) as late
  from pings, unnest(user_ids) as person
  where state = 'sent' and kind <> 'digest' and sent_at >= :since and sent_at < :until {only}
), placed as (
  select *, extract(hour from local)::int as hour, extract(isodow from local)::int as weekday,
    (local - interval '6 hours')::date as evening, date_trunc('week', local) as week
  from sent
), cells as (
  select person, evening, week, hour, weekday, count(*) as pages, count(*) filter (where late) as late
  from placed group by person, evening, week, hour, weekday
)"""


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """The pages of one person. A night is named by its evening, so that two pages of one night count once."""

    user_id: str
    pages: int
    late: int
    nights: int
    weekends: int


def loads(session: Session, scope: Scope, late_after: float, working: Collection[int]) -> list[PersonLoad]:
    """By person, the most pages first. `late_after` in seconds; `working` are weekdays, 0 being Monday."""
    rows = fetch(
        session,
        scope,
        _SENT.replace("{only}", of_incidents(scope, "incident_id"))
        + """
        select person as user_id, sum(pages)::bigint as pages, sum(late)::bigint as late,
          count(distinct evening) filter (where hour >= 22 or hour < 6) as nights,
          count(distinct week) filter (where not weekday = any(:working)) as weekends
        from cells group by person order by pages desc, person""",
        late_after=late_after,
        working=[day + 1 for day in working],
    )
    return [PersonLoad(**row._mapping) for row in rows]


def hours(session: Session, scope: Scope) -> dict[tuple[int, int], int]:
    """Pages by (weekday, hour) of the policy's zone, 0 being Monday; where there were none, there is no entry."""
    rows = fetch(
        session,
        scope,
        _SENT.replace("{only}", of_incidents(scope, "incident_id"))
        + " select weekday - 1 as weekday, hour, sum(pages)::bigint as pages from cells group by weekday, hour",
        late_after=0,
    )
    return {(row.weekday, row.hour): row.pages for row in rows}
