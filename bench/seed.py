"""A company of an age: closed incidents of five years with their timelines, roles, pages, reports and reviews.

    DATABASE_URL=postgresql://… python -m bench seed --incidents 100000

Into a database of its own: everything is made up, and there is no taking it out again. `python -m bench age` measures
commands and pages on such a company beside an empty one. Rows are made where they are kept, by statements over two
thousand incidents each: nothing is quicker to send than what is not sent.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from bench.figures import figure
from bot.figures.queries.facts import refresh
from bot.incidents.tables import IncidentRow
from bot.reviews.flows.drafting import gather
from bot.reviews.messages.drafting import draft
from bot.reviews.tables import to_json
from bot.settings import REPOSITORY
from bot.store.engine import Database, driver_url
from bot.store.migrations import upgrade
from bot.wiring.policy import load_policy

ENTRIES_EACH = 100
_YEARS = 5
_AT_ONCE = 2_000  # incidents in one transaction
_OF_STRETCH = (
    "request_key = any(array(select 'seed:' || n from generate_series(cast(:first as int), cast(:last as int)) n))"
)
_REVIEWED = f"severity in ('P0', 'P1') and {_OF_STRETCH}"

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
_ENTRIES = text(f"""
    insert into timeline_entries (incident_id, kind, at, recorded_at, author, text, data, message_ts)
    select incident_id, (array['message_posted', 'message_posted', 'message_posted', 'noted', 'status_changed'])
            [1 + e % 5], declared_at + e * interval '40 seconds', declared_at + e * interval '40 seconds',
        'U0SEED' || e % 9, 'line ' || e || ': the pool of host ' || e % 97 || ' has ' || e || ' connections', '{{}}',
        case when e % 5 < 3 then '17' || incident_id || '.' || lpad(e::text, 6, '0') end
    from incidents, generate_series(1, cast(:each as int)) e
    where {_OF_STRETCH}
""")
# The rungs of an incident as they end: who was on call answered, whom it did not reach any more, and the digests.
_PINGS = text(f"""
    insert into pings (incident_id, key, role, kind, rule, severity, due_at, state, user_ids, sent_at, acknowledged_at,
        acknowledged_by, reason)
    select incident_id, '1/' || kind || '/' || role, role, kind, rule, severity, due_at,
        case when sent then 'sent' else 'cancelled' end,
        case when sent then array['U0SEED' || incident_id % 50] else '{{}}' end, case when sent then due_at end,
        case when kind = 'page' and sent then acknowledged_at end,
        case when kind = 'page' and sent then acknowledged_by end, case when not sent then 'acknowledged before' end
    from incidents, lateral (values
        ('on-call engineer', 'page', 'at once', declared_at, true),
        ('secondary on-call', 'secondary', 'after the breach', declared_at + interval '15 minutes', false),
        ('team lead', 'page', '30 min', declared_at + interval '30 minutes', severity = 'P0'),
        ('engineering manager', 'page', '1 h', declared_at + interval '1 hour', false),
        ('team lead', 'digest', 'weekly review', date_trunc('week', declared_at) + interval '177 hours', true),
        ('VP engineering', 'digest', 'monthly review',
            date_trunc('month', declared_at) + interval '1 month 9 hours', true)
    ) rung (role, kind, rule, due_at, sent)
    where {_OF_STRETCH} and (kind <> 'digest' or severity in ('P2', 'P3'))
""")
_CALLS = text(f"""
    insert into page_calls (key, incident_id, ping_id, role, person, user_id, method, place, waits, due_at, planned_for,
        state, tries, sent_at, outside, made_at)
    select 'seed:' || ping_id, incident_id, ping_id, role, 'person ' || incident_id % 50, user_ids[1], 'pagerduty', 1,
        false, due_at, due_at, 'sent', 1, due_at, 'resolved', due_at
    from pings where kind = 'page' and state = 'sent' and incident_id in (
        select incident_id from incidents where {_OF_STRETCH})
""")
_ROLES = text(f"""
    insert into incident_roles (incident_id, role, user_id, taken_at)
    select incident_id, role, 'U0SEED' || incident_id % 50, acknowledged_at
    from incidents, unnest(array['commander', 'scribe']) role where {_OF_STRETCH}
""")
_DRAFTS = text(f"""
    insert into review_drafts (incident_id, version, drafted_at, due_at, document)
    select incident_id, version, closed_at + version * interval '1 hour', closed_at + interval '2 days',
        cast(:document as jsonb) || jsonb_build_object('ref', ref, 'title', title, 'severity', severity)
    from incidents, generate_series(1, 2) version where {_REVIEWED}
""")
_STEPS = text(f"""
    insert into review_steps (incident_id, stage, at, by, document)
    select incident_id, stage, closed_at + after, 'U0SEED' || incident_id % 50,
        case when stage = 'approved'
            then cast(:document as jsonb) || jsonb_build_object('ref', ref, 'title', title, 'severity', severity) end
    from incidents,
        lateral (values ('in review', interval '1 day'), ('approved', interval '2 days')) step (stage, after)
    where {_REVIEWED}
""")
_EDITS = text(f"""
    insert into review_edits (incident_id, section, version, text, base, author, at)
    select incident_id, 'root_cause', 1, cause || ', as nobody closed them', '{{}}', 'U0SEED' || incident_id % 50,
        closed_at + interval '3 hours'
    from incidents where {_REVIEWED}
""")
_ACTIONS = text(f"""
    insert into action_items (request_key, incident_id, number, text, priority, owner, due_on, state, made_at,
        changed_at)
    select 'seed:' || incident_id || ':' || number, incident_id, number, 'put an alarm on pool ' || number, 'medium',
        'U0SEED' || incident_id % 50, (closed_at + interval '14 days')::date, 'done', closed_at,
        closed_at + interval '9 days'
    from incidents, generate_series(1, 3) number where {_REVIEWED}
""")
_STAGES = text(f"""
    insert into review_stages (incident_id, stage, changed_at, resolved_at, due_at)
    select incident_id, 'approved', closed_at + interval '2 days', resolved_at, closed_at + interval '3 days'
    from incidents where {_REVIEWED}
""")
_REPORTS = text(f"""
    insert into reports (channel_id, ts, user_id, text, judged_at, severity, confidence, "row", evidence, "similar",
        answered, decision, incident_id)
    select 'C0INCIDENTS', '16' || incident_id || '.000100', declared_by, title, declared_at, severity, 0.8,
        'customers cannot pay', '[]', '[]', true, 'declared', incident_id
    from incidents where {_OF_STRETCH}
""")
_CHANGED = text(f"insert into figure_changes (incident_id) select incident_id from incidents where {_OF_STRETCH}")


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


def fill(database: Database, number: int, until: datetime | None = None, entries: int = ENTRIES_EACH) -> None:
    """`number` closed incidents of so many entries each over the five years before `until`. IntegrityError where that
    was done before.
    """
    began = (until or datetime.now(UTC)) - timedelta(days=365 * _YEARS)
    apart = timedelta(days=365 * _YEARS) / max(1, number)
    document = ""
    # Without the limits of the program's own connections: a statement may take minutes here.
    engine = create_engine(driver_url(database.url))
    for first in range(1, number + 1, _AT_ONCE):
        stretch = {"first": first, "last": min(number, first + _AT_ONCE - 1)}
        with Session(engine) as session, session.begin():
            session.execute(text("set local synchronous_commit = off"))
            _fill_stretch(session.connection(), {**stretch, "each": entries}, began, apart)
            document = document or _reviewed(session)
            for statement in (_DRAFTS, _STEPS):
                session.execute(statement, {**stretch, "document": document})
            session.execute(text("truncate figure_changes"))  # one a note; what each incident needs is one of all
            session.execute(_CHANGED, stretch)
            refresh(session)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    engine.dispose()


def _fill_stretch(connection: Connection, stretch: dict[str, int], began: datetime, apart: timedelta) -> None:
    connection.execute(_INCIDENTS, {**stretch, "began": began, "apart": apart})
    for statement in (_ENTRIES, _PINGS, _CALLS, _ROLES, _STAGES, _EDITS, _ACTIONS, _REPORTS):
        connection.execute(statement, stretch)


def _reviewed(session: Session) -> str:
    """A review as Tocsin drafts it, of the first of these incidents: all of them went the same way."""
    policy = load_policy(REPOSITORY / "knowledge" / "policy")
    row = session.query(IncidentRow).filter(IncidentRow.severity == "P1").order_by(IncidentRow.incident_id).first()
    return json.dumps(to_json(draft(gather(session, row, policy), row.closed_at))) if row and row.closed_at else "{}"
