"""The facts of incidents: derived in SQL from their rows and timelines, kept in `figure_facts`, and never out of date.

Triggers note each incident that changed (migration 0036), in the transaction of the change. Whoever reads facts has
those derived anew first. So figures need neither the wide rows of incidents nor their notes, and are exact.
Drills have none.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.figures.tables import FigureFacts
from bot.incidents.rules.incident import SECURITY

# The predicate of an index (see incidents/tables.py): the same words here and there, or PostgreSQL does not use it.
LABELLED = r"text ~* '^\s*(services?|detected|began|started)\M'"
_AT_ONCE = 2_000  # incidents that one statement derives facts for
_LOCK = 7331003  # the advisory lock of those who derive: what is older must not be written over what is newer

# `counted` are the incidents in question, `labelled` their notes that name services or times, corrections followed, as
# `bot.reviews.rules.notes` reads them.
_LABELLED = rf"""
with counted as (
  select * from incidents where incident_id = any(:ids) and ref !~ 'DRILL-'
), corrected as (
  select distinct on (1) (data ->> 'entry_id')::bigint as entry_id, data ->> 'text' as text
  from timeline_entries
  where kind = 'entry_corrected' and incident_id = any(:ids) and data ->> 'text' is not null
  order by 1, timeline_entries.entry_id desc
), labelled as (
  select e.incident_id, e.entry_id, e.at, coalesce(c.text, e.text) as said
  from (select * from timeline_entries where incident_id = any(:ids) and kind = 'noted' and {LABELLED}) e
    left join corrected c using (entry_id)
  union all
  select e.incident_id, e.entry_id, e.at, c.text
  from corrected c join timeline_entries e using (entry_id)
  where e.kind = 'noted' and not e.{LABELLED} and c.{LABELLED}
)"""
_SERVICES = r"""
, services as (
  select incident_id, array_agg(service order by key) as names, array_agg(key order by key) as keys
  from (
    select distinct on (incident_id, key) incident_id, key, service
    from labelled,
      unnest(string_to_array(substr(said, strpos(said, ':') + 1), ',')) as part,
      lateral (select btrim(part, E' \t\r\n') as service) as parts,
      lateral (select lower(service) collate "C" as key) as keys
    where said ~* '^\s*services?(\s+affected)?\s*:' and service <> ''
    order by incident_id, key, entry_id
  ) named
  group by incident_id
)"""
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
# The first acknowledgement is on the timeline, as reopening clears it. A breach is there from the moment at which it
# happened, once for each opening. Each declaration and reopening is one response.
_FACTS = r"""
, told as (
  select incident_id, min(at) filter (where kind = 'acknowledged') as acknowledged_at,
    count(*) filter (where kind = 'response_breached') as missed
  from timeline_entries
  where incident_id = any(:ids) and kind in ('acknowledged', 'response_breached') group by incident_id
), detections as (
  select i.incident_id, detected.at as detected_at, began.at as began_at,
    coalesce(detected.at,
      case when i.report_ts ~ '^\d+(\.\d+)?$' then to_timestamp(i.report_ts::float8) end) as known_at
  from counted i
    left join (select * from noted_times where what = 'detected') detected using (incident_id)
    left join (select * from noted_times where what = 'began') began using (incident_id)
)
insert into figure_facts (incident_id, declared_at, severity, security, merged, false_alarm, open, episode, recurred,
  playbook_helped, kind, type, services, service_keys, due, missed, time_to_detect, time_to_declare,
  time_to_acknowledge, time_to_mitigate, time_to_resolve)
select i.incident_id, i.declared_at, i.severity, starts_with(i.ref, :security), i.merged_into is not null,
  i.false_alarm is true, i.status not in ('resolved', 'closed'), i.episode,
  jsonb_path_exists(i."similar", '$[*] ? (@.same == true)'), i.playbook_helped,
  jsonb_path_query_first(i."similar", '$[*] ? (@.kind == "playbook").ref') #>> '{}', i.type,
  coalesce(s.names, '{}'), coalesce(s.keys, '{}'),
  i.episode - case
    when i.status in ('resolved', 'closed') or i.acknowledged_at is not null or i.mitigated_at is not null then 0
    when exists (
      select from timeline_entries t
      where t.source_key = 'breach:' || i.incident_id || ':' || i.episode || '/breach'
    ) then 0
    else 1 end,
  coalesce(t.missed, 0),
  case when d.detected_at >= d.began_at then extract(epoch from d.detected_at - d.began_at) end,
  case when d.known_at <= i.declared_at then extract(epoch from i.declared_at - d.known_at) end,
  case when acknowledged >= 0 then acknowledged when acknowledged < 0 then 0 end,
  case when mitigated >= 0 then mitigated when mitigated < 0 then 0 end,
  case when resolved >= 0 then resolved when resolved < 0 then 0 end
from counted i
  join detections d using (incident_id)
  left join told t using (incident_id)
  left join services s using (incident_id),
  lateral (select
    extract(epoch from
      case when i.episode = 1 then i.acknowledged_at else t.acknowledged_at end - i.declared_at) as acknowledged,
    extract(epoch from i.mitigated_at - i.declared_at) as mitigated,
    extract(epoch from i.resolved_at - i.declared_at) as resolved) as lengths
on conflict (incident_id) do update set
"""
_OVERWRITE = ", ".join(
    f"{column.name} = excluded.{column.name}" for column in FigureFacts.__table__.columns if not column.primary_key
)
_DERIVE = text(_LABELLED + _SERVICES + NOTED + _FACTS + _OVERWRITE)
_CHANGED = text("select exists (select from figure_changes)")
_TAKE = text("""
with taken as (
  delete from figure_changes
  where change_id in (select change_id from figure_changes order by change_id limit :limit) returning incident_id
)
select distinct incident_id from taken""")


def refresh(session: Session, batches: int | None = None) -> bool:
    """Derive the facts of the incidents that changed: all of them, or so many `batches`. Whether that was all."""
    session.flush()
    done = 0
    while session.scalar(_CHANGED):
        if batches is not None and done == batches:
            return False
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if ids := list(session.scalars(_TAKE, {"limit": _AT_ONCE})):
            session.execute(_DERIVE, {"ids": ids, "security": f"{SECURITY}-"})
        done += 1
    return True
