"""Whom pages woke and when: by person, hour and weekday; nights and weekends. In the time zone of the policy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch, of_incidents

# Pages of one hour to the same people are one cell. Persons are told apart last, of what is few by then. An hour is
# counted from 1970 on the clocks of the zone, a Thursday: whole numbers are quicker than dates. A night begins at its
# evening, six hours before the day; `unnest` beside columns is quicker than one that is joined.
_PAGES = """
, cells as materialized (
  select user_ids, hours, count(*) as pages, count(*) filter (where late) as late
  from (
    select user_ids, floor(date_part('epoch', sent_at at time zone :zone) / 3600)::int as hours,
      sent_at - due_at > make_interval(secs => :late_after) as late
    from pings
    where state = 'sent' and kind <> 'digest' and sent_at >= :since and sent_at < :until {only}
  ) sent
  group by user_ids, hours
), placed as materialized (
  select user_ids, pages, late, hours % 24 as hour, (hours / 24 + 3) % 7 as weekday, (hours - 6) / 24 as evening,
    (hours / 24 + 3) / 7 as week
  from cells
), totals as (
  select person, sum(pages)::bigint as pages, sum(late)::bigint as late
  from (select user_ids, sum(pages) as pages, sum(late) as late from placed group by user_ids) each,
    unnest(user_ids) as person
  group by person
), nights as (
  select person, count(*) as nights
  from (
    select distinct unnest(user_ids) as person, evening from placed where hour >= 22 or hour < 6
  ) each
  group by person
), weekends as (
  select person, count(*) as weekends
  from (
    select distinct unnest(user_ids) as person, week from placed where not weekday = any(:working)
  ) each
  group by person
)
select person as user_id, pages, late, coalesce(nights, 0) as nights, coalesce(weekends, 0) as weekends,
  null::int as weekday, null::int as hour
from totals left join nights using (person) left join weekends using (person)
union all
select null, sum(pages * cardinality(user_ids))::bigint, null, null, null, weekday, hour
from placed group by weekday, hour
order by 2 desc, 1"""


@dataclass(frozen=True, slots=True)
class PersonLoad:
    """The pages of one person. A night is named by its evening, so that two pages of one night count once."""

    user_id: str
    pages: int
    late: int
    nights: int
    weekends: int


@dataclass(frozen=True, slots=True)
class Load:
    """By person, the most pages first; and by (weekday, hour), 0 being Monday: where there were none, no entry."""

    people: list[PersonLoad]
    hours: dict[tuple[int, int], int]


def load(session: Session, scope: Scope, late_after: float, working: Collection[int]) -> Load:
    """The pages of the period. `late_after` in seconds; `working` are weekdays, 0 being Monday."""
    rows = fetch(
        session,
        scope,
        _PAGES.replace("{only}", of_incidents(scope, "incident_id")),
        late_after=late_after,
        working=list(working),
    )
    people = [
        PersonLoad(row.user_id, row.pages, row.late, row.nights, row.weekends)
        for row in rows
        if row.user_id is not None
    ]
    return Load(people, {(row.weekday, row.hour): row.pages for row in rows if row.user_id is None})
