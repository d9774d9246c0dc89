"""How long things took: from beginning to detection, declaration, acknowledgement, mitigation and resolution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch
from bot.figures.rules.figure import EACH, NONE, Spread, spread
from bot.figures.rules.report import Bucket

# Times that notes say (UTC), by `bot.reviews.rules.notes`: without a date the latest such time up to the declaration.
# Taken apart by plain functions, step by step: one pattern with groups takes ten times as long on each note, and
# `offset 0` keeps a step from being computed again wherever the next ones speak of it.
NOTED = r"""
, noted_times as (
  select distinct on (incident_id, what) incident_id, what, at
  from (
    select l.incident_id, l.entry_id, l.at as said_at, what,
      case when not dated and stamp > i.declared_at then stamp - interval '1 day' else stamp end as at
    from labelled l
      join counted i using (incident_id),
      lateral (select ltrim(l.said, E' \t\r\n\f\v') as words offset 0) as words,
      lateral (select
        case when words ~* '^detected' then 'detected' when words ~* '^(began|started)' then 'began' end as what,
        ltrim(substr(words, case when words ~* '^detected' then 9 when words ~* '^began' then 6 else 8 end),
          E' \t\r\n\f\v') as after
        offset 0) as labels,
      lateral (select ltrim(
        case when after ~* '^at' then substr(after, 3) when left(after, 1) = ':' then substr(after, 2) else after end,
        E' \t\r\n\f\v') as rest offset 0) as rests,
      lateral (select rest ~* '^\d{4}-\d\d-\d\d[T ]' as dated offset 0) as dates,
      lateral (select case when dated then substr(rest, 12) else rest end as clock offset 0) as clocks,
      lateral (select case when clock ~ '^\d{1,2}:\d\d\M' then split_part(clock, ':', 1)::int end as hour,
        case when clock ~ '^\d{1,2}:\d\d\M' then left(split_part(clock, ':', 2), 2)::int end as minute
        offset 0) as parts,
      lateral (select case
        when not dated then (i.declared_at at time zone 'UTC')::date
        when left(rest, 4)::int > 0 and substr(rest, 6, 2)::int between 1 and 12 then
          case when substr(rest, 9, 2)::int between 1 and
              extract(day from make_date(left(rest, 4)::int, substr(rest, 6, 2)::int, 1) + interval '1 month - 1 day')
            then make_date(left(rest, 4)::int, substr(rest, 6, 2)::int, substr(rest, 9, 2)::int) end
        end as day offset 0) as days,
      lateral (select case when hour < 24 and minute < 60
        then (day + make_time(hour, minute, 0)) at time zone 'UTC' end as stamp offset 0) as stamps
    where what is not null and stamp is not null
  ) said
  order by incident_id, what, said_at desc, entry_id desc
)"""
# Reopening clears the acknowledgement: the first one is on the timeline.
_STAMPED = """
, stamped as (
  select i.incident_id, i.severity, m.measure, greatest(m.took, interval '0') as took
  from counted i, lateral (values
    ('time_to_acknowledge', case when i.episode = 1 then i.acknowledged_at else (
      select min(t.at) from timeline_entries t where t.incident_id = i.incident_id and t.kind = 'acknowledged'
    ) end - i.declared_at),
    ('time_to_mitigate', i.mitigated_at - i.declared_at),
    ('time_to_resolve', i.resolved_at - i.declared_at)
  ) m (measure, took)
  where m.took is not null
)"""
_DETECTIONS = (
    NOTED
    + r"""
, detections as (
  select i.incident_id, i.severity, i.declared_at, detected.at as detected_at, began.at as began_at,
    coalesce(detected.at,
      case when i.report_ts ~ '^\d+(\.\d+)?$' then to_timestamp(i.report_ts::float8) end) as known_at
  from counted i
    left join (select * from noted_times where what = 'detected') detected using (incident_id)
    left join (select * from noted_times where what = 'began') began using (incident_id)
), before as (
  select incident_id, severity, 'time_to_detect' as measure, detected_at - began_at as took
  from detections where detected_at >= began_at
  union all
  select incident_id, severity, 'time_to_declare', declared_at - known_at from detections where known_at <= declared_at
)"""
)
FACTS = f"{_DETECTIONS} {_STAMPED}, facts as (select * from stamped union all select * from before)"
_SPREAD = f"""
  count(seconds) as number, avg(seconds) as mean,
  percentile_cont(array[0.5, 0.9]) within group (order by seconds) as quantiles,
  percentile_disc(array{list(EACH)}) within group (order by seconds) as each"""
# The playbook that fits best, of the incident `o`.
KIND = """jsonb_path_query_first(o.similar, '$[*] ? (@.kind == "playbook").ref') #>> '{}'"""


def spread_of(row: Row[Any]) -> Spread:
    """The spread that the columns of _SPREAD describe; `met` where the row has it."""
    met = row._mapping.get("met")
    return spread(row.number, row.mean, row.quantiles or (), row.each or (), met)


def spreads(session: Session, scope: Scope, targets: Mapping[str, float]) -> dict[tuple[str, str | None], Spread]:
    """How long each measure took from the declaration on, by (measure, severity); severity None stands for all.

    `targets` are seconds by severity, for the time to resolve: `met` says how many stayed under theirs.
    """
    statement = f"""{_STAMPED}
    select measure, severity, grouping(severity) as every, {_SPREAD},
      count(*) filter (where seconds < (cast(:targets as jsonb) ->> severity)::float8) as met
    from (select measure, severity, extract(epoch from took)::float8 as seconds from stamped) timed
    group by grouping sets ((measure), (measure, severity))"""
    rows = fetch(session, scope, statement, targets=json.dumps(dict(targets)))
    return {(row.measure, None if row.every else row.severity): spread_of(row) for row in rows}


def noted_spreads(session: Session, scope: Scope) -> dict[str, Spread]:
    """How long it took until the declaration, by measure: what notes and reports say."""
    statement = f"""{_DETECTIONS}
    select measure, {_SPREAD}
    from (select measure, extract(epoch from took)::float8 as seconds from before) timed
    group by measure"""
    return {row.measure: spread_of(row) for row in fetch(session, scope, statement)}


# (what makes a bucket, its name, what is joined, whether the most frequent come first)
_BUCKETS = {
    "month": ("to_char(declared_at at time zone :zone, 'YYYY-MM')", None, "", False),
    "quarter": ("to_char(declared_at at time zone :zone, 'YYYY-\"Q\"Q')", None, "", False),
    "severity": ("severity", None, "", False),
    "kind": (f"coalesce({KIND}, 'none fits')", None, "join incidents o using (incident_id)", True),
    "service": ("lower(s.service)", "s.service", "join services s using (incident_id)", True),
}
BY = tuple(_BUCKETS)


def buckets(session: Session, scope: Scope, by: str, limit: int = 200) -> list[Bucket]:
    """The incidents by month, quarter, severity, kind or service (BY); the last two with the most frequent first."""
    key, name, join, frequent = _BUCKETS[by]
    rows = fetch(
        session,
        scope,
        f"""{_STAMPED}, keyed as (
          select ({key}) collate "C" as bucket, {name or key} as name, incident_id from counted {join}
        ), totals as (
          select bucket, min(name) as name, count(*) as total from keyed group by bucket
          order by {"total desc, bucket" if frequent else "bucket"} limit :limit
        ), timed as (
          select bucket, measure, extract(epoch from took)::float8 as seconds
          from stamped join keyed using (incident_id)
          where measure in ('time_to_acknowledge', 'time_to_resolve')
        ), spreads as (select bucket, measure, {_SPREAD} from timed group by bucket, measure)
        select t.bucket, t.name, t.total, s.measure, coalesce(s.number, 0) as number, s.mean, s.quantiles, s.each
        from totals t left join spreads s using (bucket)
        order by {"t.total desc, t.bucket" if frequent else "t.bucket"}""",
        limit=limit,
    )
    found: dict[str, tuple[str, int, dict[str, Spread]]] = {}
    for row in rows:
        found.setdefault(row.bucket, (row.name, row.total, {}))[2][row.measure] = spread_of(row)
    return [
        Bucket(shown, total, times.get("time_to_acknowledge", NONE), times.get("time_to_resolve", NONE))
        for shown, total, times in found.values()
    ]


def between(session: Session, scope: Scope, limit: int) -> dict[tuple[str, str], Spread]:
    """How long it was from one declaration to the next: of all ("all", ""), and of the most frequent kinds and services
    as ("kind", ref) and ("service", name).
    """
    rows = fetch(
        session,
        scope,
        f""", keyed as (
          select 'all' as what, '' as bucket, '' as name, incident_id, declared_at from counted
          union all
          select 'kind', kind collate "C", kind, incident_id, declared_at
          from (
            select incident_id, counted.declared_at, {KIND} as kind from counted join incidents o using (incident_id)
          ) kinds where kind is not null
          union all
          select 'service', lower(service) collate "C", service, incident_id, declared_at
          from counted join services using (incident_id)
        ), gaps as (
          select what, bucket, name, extract(epoch from declared_at - lag(declared_at) over (
            partition by what, bucket order by declared_at, incident_id))::float8 as seconds
          from keyed
        ), ranked as (
          select what, min(name) as name, {_SPREAD},
            row_number() over (partition by what order by count(*) desc, min(name)) as place
          from gaps group by what, bucket
        )
        select * from ranked where place <= :limit order by what, place""",
        limit=limit,
    )
    return {(row.what, row.name): spread_of(row) for row in rows}
