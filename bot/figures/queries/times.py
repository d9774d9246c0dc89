"""How long things took: from beginning to detection, declaration, acknowledgement, mitigation and resolution."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.figures.queries.scope import Scope, fetch
from bot.figures.rules.figure import EACH, Spread, spread
from bot.figures.rules.report import Bucket

_STAMPED = ("time_to_acknowledge", "time_to_mitigate", "time_to_resolve")
_NOTED = ("time_to_detect", "time_to_declare")
MEASURES = (*_NOTED, *_STAMPED)
_OF_BUCKETS = ("time_to_acknowledge", "time_to_resolve")


def _spread_columns(measure: str, name: str) -> str:
    """Select a column's spread, as `spread_of` reads it under that name. Without incidents that have none."""
    return f"""
      count({measure}) as {name}_number, avg({measure}) as {name}_mean,
      percentile_cont(array[0.5, 0.9]) within group (order by {measure}) as {name}_quantiles,
      percentile_disc(array{list(EACH)}) within group (order by {measure}) as {name}_each"""


def spread_of(row: Row[Any], name: str, met: int | None = None) -> Spread:
    """The spread that the columns of `_spread_columns` describe."""
    columns = row._mapping
    number, mean, quantiles, each = (columns[f"{name}_{part}"] for part in ("number", "mean", "quantiles", "each"))
    return spread(number, mean, quantiles or (), each or (), met)


def spreads(session: Session, scope: Scope, targets: Mapping[str, float]) -> dict[tuple[str, str | None], Spread]:
    """How long each of MEASURES took, by (measure, severity); severity None stands for all.

    `targets` are seconds by severity, for the time to resolve: `met` says how many stayed under theirs.
    """
    rows = fetch(
        session,
        scope,
        f"""
        select severity, grouping(severity) as every, {", ".join(_spread_columns(each, each) for each in MEASURES)},
          count(*) filter (where time_to_resolve < (cast(:targets as jsonb) ->> severity)::float8) as met
        from counted group by grouping sets ((), (severity))""",
        targets=json.dumps(dict(targets)),
    )
    return {
        (measure, None if row.every else row.severity): spread_of(
            row, measure, row.met if measure == "time_to_resolve" else None
        )
        for row in rows
        for measure in MEASURES
    }


# (what makes a bucket, its name, what is joined, whether the most frequent come first)
_BUCKETS = {
    "month": ("to_char(declared_at at time zone :zone, 'YYYY-MM')", None, "", False),
    "quarter": ("to_char(declared_at at time zone :zone, 'YYYY-\"Q\"Q')", None, "", False),
    "severity": ("severity", None, "", False),
    "kind": ("coalesce(kind, 'none fits')", None, "", True),
    "type": ("coalesce(type, 'no type')", None, "", True),
    "service": ("s.key", "s.service", "cross join unnest(services, service_keys) s (service, key)", True),
}
BY = tuple(_BUCKETS)


def buckets(session: Session, scope: Scope, by: str, limit: int = 200) -> list[Bucket]:
    """The incidents by one of BY; kinds, types and services with the most frequent first."""
    key, name, join, frequent = _BUCKETS[by]
    order = "total desc, bucket" if frequent else "bucket"
    rows = fetch(
        session,
        scope,
        f""", keyed as (
          select ({key}) collate "C" as bucket, {name or "null"} as name, time_to_acknowledge, time_to_resolve
          from counted {join}
        )
        select bucket, coalesce(min(name), bucket) as name, count(*) as total,
          {", ".join(_spread_columns(each, each) for each in _OF_BUCKETS)}
        from keyed group by bucket order by {order} limit :limit""",
        limit=limit,
    )
    return [Bucket(row.name, row.total, *(spread_of(row, measure) for measure in _OF_BUCKETS)) for row in rows]


def between(session: Session, scope: Scope, limit: int) -> dict[tuple[str, str], Spread]:
    """How long it was from one declaration to the next: of all ("all", ""), and of the most frequent kinds and services
    as ("kind", ref) and ("service", name).
    """
    rows = fetch(
        session,
        scope,
        f""", held as materialized (
          select declared_at, unnest(services) as service, unnest(service_keys) as key from counted
        ), named as (
          (select 'kind' as what, kind as key, kind as name, row_number() over (order by count(*) desc, kind) as place
          from counted where kind is not null group by kind order by place limit :limit)
          union all
          (select 'service', key, min(service),
            :limit + row_number() over (order by count(*) desc, min(service)) as place
          from held group by key order by place limit :limit)
        ), placed as (
          select 0 as place, declared_at from counted
          union all
          select place, declared_at from counted join named on what = 'kind' and key = kind
          union all
          select place, declared_at from held join named using (key) where what = 'service'
        ), gaps as (
          select place, extract(epoch from declared_at - lag(declared_at) over (
            partition by place order by declared_at))::float8 as seconds
          from placed
        ), spreads as (select place, {_spread_columns("seconds", "gap")} from gaps group by place)
        select coalesce(what, 'all') as what, coalesce(name, '') as name, spreads.*
        from spreads left join named using (place) order by place""",
        limit=limit,
    )
    return {(row.what, row.name): spread_of(row, "gap") for row in rows}
