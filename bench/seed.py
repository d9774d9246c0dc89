"""A company of an age: closed incidents of five years with their timelines, pages, reports and approved reviews.

    DATABASE_URL=postgresql://… python -m bench seed --incidents 100000

Into a database of its own: everything is made up, and there is no taking it out again. `python -m bench age` measures
commands and pages on such a company beside an empty one.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from bench.figures import figure
from bot.store.engine import Database
from bot.store.migrations import upgrade

ENTRIES_EACH = 100
PINGS_EACH = 3
_YEARS = 5
_AT_ONCE = 2_000  # incidents in one transaction

_INCIDENTS = text("""
    insert into incidents (ref, request_key, title, severity, status, declared_at, declared_by, commander, channel_name,
        channel_id, channel_archived, acknowledged_at, acknowledged_by, resolved_at, closed_at, impact, cause,
        resolution, false_alarm)
    select 'INC-' || extract(year from at) || '-' || lpad((90000 + n)::text, 6, '0'), 'seed:' || n,
        (array['checkout returns 502', 'search is slow', 'nobody can log in', 'exports fail', 'mails arrive late'])
            [1 + n % 5] || ' in zone ' || n % 997,
        'P' || n % 4, 'closed', at, 'U0SEED' || n % 200, 'U0SEED' || n % 50, 'inc-seed-' || n, 'C0SEED' || n, true,
        at + interval '3 minutes', 'U0SEED' || n % 50, at + interval '1 hour', at + interval '2 hours',
        n % 1000 || ' customers were hit', 'the pool of host ' || n % 97 || ' ran out of connections',
        'rolled back build ' || n, n % 20 = 0
    from (select n, cast(:began as timestamptz) + n * cast(:apart as interval) as at
          from generate_series(cast(:first as int), cast(:last as int)) n) made
""")
_ENTRIES = text("""
    insert into timeline_entries (incident_id, kind, at, recorded_at, author, text, data, message_ts)
    select incident_id, (array['message_posted', 'message_posted', 'message_posted', 'noted', 'status_changed'])
            [1 + e % 5], declared_at + e * interval '40 seconds', declared_at + e * interval '40 seconds',
        'U0SEED' || e % 9, 'line ' || e || ': the pool of host ' || e % 97 || ' has ' || e || ' connections', '{}',
        case when e % 5 < 3 then '17' || incident_id || '.' || lpad(e::text, 6, '0') end
    from incidents, generate_series(1, cast(:each as int)) e
    where request_key = any(array(select 'seed:' || n from generate_series(cast(:first as int), cast(:last as int)) n))
""")
_PINGS = text("""
    insert into pings (incident_id, key, role, kind, rule, severity, due_at, state, user_ids, sent_at, acknowledged_at,
        acknowledged_by)
    select incident_id, 'seed/' || p, (array['primary', 'secondary', 'team_lead'])[p], 'page', 'seed', severity,
        declared_at + p * interval '1 minute', 'sent', array['U0SEED' || p], declared_at + p * interval '1 minute',
        acknowledged_at, acknowledged_by
    from incidents, generate_series(1, cast(:each as int)) p
    where request_key = any(array(select 'seed:' || n from generate_series(cast(:first as int), cast(:last as int)) n))
""")
_STAGES = text("""
    insert into review_stages (incident_id, stage, changed_at, resolved_at, due_at)
    select incident_id, 'approved', closed_at + interval '2 days', resolved_at, closed_at + interval '3 days'
    from incidents where severity in ('P0', 'P1') and request_key = any(
        array(select 'seed:' || n from generate_series(cast(:first as int), cast(:last as int)) n))
""")
_REPORTS = text("""
    insert into reports (channel_id, ts, user_id, text, judged_at, severity, confidence, "row", evidence, "similar",
        answered, decision, incident_id)
    select 'C0INCIDENTS', '16' || incident_id || '.000100', declared_by, title, declared_at, severity, 0.8,
        'customers cannot pay', '[]', '[]', true, 'declared', incident_id
    from incidents where request_key = any(
        array(select 'seed:' || n from generate_series(cast(:first as int), cast(:last as int)) n))
""")


def run(url: str, number: int) -> None:
    """Bring the database to the newest migration and fill it. Prints what it took."""
    database = Database(url, connections=2)
    try:
        upgrade(database.engine)
        began = time.perf_counter()
        fill(database, number)
        figure(f"{number:,} incidents with {ENTRIES_EACH} entries each, made", time.perf_counter() - began, "s")
    finally:
        database.close()


def fill(database: Database, number: int, until: datetime | None = None) -> None:
    """`number` closed incidents over the five years before `until`. IntegrityError where that was done before."""
    began = (until or datetime.now(UTC)) - timedelta(days=365 * _YEARS)
    apart = timedelta(days=365 * _YEARS) / max(1, number)
    for first in range(1, number + 1, _AT_ONCE):
        stretch = {"first": first, "last": min(number, first + _AT_ONCE - 1)}
        with database.engine.begin() as connection:
            connection.execute(text("set local statement_timeout = '10min'"))
            _fill_stretch(connection, stretch, began, apart)
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("set statement_timeout = '10min'"))
        connection.execute(text("vacuum analyze"))
        connection.execute(text("reset statement_timeout"))


def _fill_stretch(connection: Connection, stretch: dict[str, int], began: datetime, apart: timedelta) -> None:
    connection.execute(_INCIDENTS, {**stretch, "began": began, "apart": apart})
    connection.execute(_ENTRIES, {**stretch, "each": ENTRIES_EACH})
    connection.execute(_PINGS, {**stretch, "each": PINGS_EACH})
    connection.execute(_STAGES, stretch)
    connection.execute(_REPORTS, stretch)
