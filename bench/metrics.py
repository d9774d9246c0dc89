"""Figures at size: 100,000 incidents of ten years, made by SQL; each figure and the page over all of them.

    python -m bench figures [--history 100000]

An embedded PostgreSQL holds the incidents with their timelines, pages, action items, reviews, reports and votes. Bounds
are a second for any figure and for the page, of the last 90 days and of all ten years alike.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from bench.figures import figure
from bench.process import fitted_data
from bench.review import browser_of
from bot.context import Policy
from bot.figures.flows.metrics import judgement, suggestions
from bot.figures.flows.report import scope_of
from bot.figures.queries import commitments, counts, people, times
from bot.figures.queries.facts import refresh
from bot.figures.rules.periods import Period, parse_period
from bot.settings import REPOSITORY, Settings
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database, driver_url
from bot.store.migrations import upgrade
from bot.wiring.policy import load_policy
from bot.wiring.service import build_context

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_TIMES = 3
_BOUND = 1_000.0  # milliseconds

# One incident an hour or so, from `:count` of them backwards; every number below is derived from the incident's own.
_INCIDENTS = """
insert into incidents (ref, request_key, title, severity, status, episode, declared_at, declared_by, channel_name,
  acknowledged_at, acknowledged_by, mitigated_at, resolved_at, closed_at, false_alarm, playbook_helped, "similar",
  report_channel_id, report_ts)
select (case when n % 97 = 0 then 'SEC-' else 'INC-' end) || to_char(at, 'YYYY') || '-' || n, 'bench:' || n,
  'checkout returns 502', 'P' || (array[0, 1, 1, 2, 2, 2, 3])[n % 7 + 1],
  case when n <= 20 then 'investigating' else 'closed' end,
  case when n % 31 = 0 then 2 else 1 end, at, 'U0RESPONDER', 'bench-' || n,
  at + n % 50 * interval '17 seconds', 'U0' || n % 40,
  case when n > 20 and n % 3 = 0 then at + n % 60 * interval '1 minute' end,
  case when n > 20 then at + (n * 7919 % 300 + 5) * interval '1 minute' end,
  case when n > 20 then at + (n * 7919 % 300 + 90) * interval '1 minute' end,
  n > 20 and n % 19 = 0, case when n > 20 then n % 3 = 0 end,
  jsonb_build_array(jsonb_build_object('ref', 'PB-' || n % 8, 'kind', 'playbook', 'title', repeat('x', 80)),
    jsonb_build_object('ref', 'INC-' || n, 'kind', 'incident', 'same', n % 11 = 0, 'cause', repeat('y', 200))),
  case when n % 2 = 0 then 'C0REPORTS' end,
  case when n % 2 = 0 then extract(epoch from at - interval '3 minutes')::text end
from (
  select n, cast(:now as timestamptz) - n * (interval '3652 days' / :count) as at from generate_series(1, :count) n
) made
"""
_ENTRIES = r"""
insert into timeline_entries (incident_id, kind, at, recorded_at, author, text, source_key)
select i.incident_id, kind, i.declared_at + after * interval '1 minute', i.declared_at + after * interval '1 minute',
  'U0A', said,
  case when kind = 'response_breached' then 'breach:' || i.incident_id || '\:1/breach' end
from incidents i, lateral (values
  ('declared', 0, 'declared', true), ('acknowledged', 1, 'acknowledged', true), ('noted', 2, 'looking at it', true),
  ('message_posted', 3, 'the pool is exhausted', true), ('message_posted', 4, 'rolling back', true),
  ('message_posted', 5, 'done', true), ('resolved', 60, 'resolved', true), ('closed', 90, 'closed', true),
  ('reopened', 61, 'reopened', i.episode > 1), ('acknowledged', 62, 'acknowledged', i.episode > 1),
  ('response_breached', 15, 'breached', i.incident_id % 13 = 0),
  ('noted', 6, 'services: service-' || i.incident_id % 60 || ', service-' || i.incident_id % 7, i.incident_id % 2 = 0),
  ('noted', 7, 'detected at ' || to_char(i.declared_at at time zone 'UTC' - interval '4 min', 'YYYY-MM-DD HH24\:MI'),
    i.incident_id % 3 = 0),
  ('noted', 8, 'began at ' || to_char(i.declared_at at time zone 'UTC' - interval '9 min', 'YYYY-MM-DD HH24\:MI'),
    i.incident_id % 6 = 0)
) e (kind, after, said, wanted) where wanted
"""
_REST = (
    """insert into pings (incident_id, key, role, kind, rule, severity, due_at, state, user_ids, sent_at)
    select incident_id, '1/page/' || n, 'on-call engineer', 'page', 'at once', severity, declared_at, 'sent',
      array['U0' || incident_id % 40, 'U1' || incident_id % 40],
      declared_at + incident_id % 400 * interval '1 second' from incidents, generate_series(1, 3) n""",
    """insert into action_items (request_key, incident_id, number, text, priority, due_on, state, made_at, changed_at)
    select 'bench:' || incident_id, incident_id, 1, 'watch it', 'high', (declared_at + interval '14 days')::date,
      case when incident_id % 4 = 0 then 'open' else 'done' end, declared_at,
      declared_at + incident_id % 20 * interval '1 day' from incidents""",
    """insert into review_stages (incident_id, stage, changed_at, resolved_at, due_at)
    select incident_id, 'approved', resolved_at, resolved_at, resolved_at + interval '48 hours'
    from incidents where resolved_at is not null""",
    """insert into review_steps (incident_id, stage, at) select incident_id, 'approved',
      resolved_at + incident_id % 60 * interval '1 hour' from incidents where resolved_at is not null""",
    """insert into reports (channel_id, ts, user_id, text, judged_at, severity, confidence, row, row_name,
      evidence, "similar",
      answered, decision, chosen_severity)
    select 'C0REPORTS', coalesce(report_ts, 'n' || incident_id), 'U0' || incident_id % 200, 'checkout returns 502',
      declared_at,
      severity, 0.9, 'A row', 'row-' || incident_id % 50, '[]', '[]', true,
      (array['declared', 'not_incident', null])[incident_id % 3 + 1], case when incident_id % 3 = 0 then severity end
    from incidents""",
    """insert into suggestion_votes (shown_key, ref, user_id, place, helped, voted_at)
    select 'bench:' || incident_id, 'INC-1', 'U0A', 1, incident_id % 2 = 0, declared_at from incidents""",
)


def fill(session: Session, count: int) -> None:
    """Insert `count` incidents of the ten years before NOW, with what belongs to each."""
    session.execute(text(_INCIDENTS), {"count": count, "now": NOW})
    for statement in (_ENTRIES, *_REST):
        session.execute(text(statement))


def measure(count: int) -> None:
    """Fill, then print each figure's time and the page's."""
    policy = load_policy(REPOSITORY / "knowledge" / "policy")
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=4)
        upgrade(database.engine)
        # Without the limits of the program's own connections: filling may take minutes.
        engine = create_engine(driver_url(url))
        with Session(engine) as session, session.begin():
            fill(session, count)
        began = time.perf_counter()
        while not _derived(database):
            pass
        figure(f"facts of {count:,} incidents, derived once", time.perf_counter() - began, "s")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        engine.dispose()
        settings = Settings.model_validate(
            {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench", "TOCSIN_DATA": str(fitted_data(Path(folder)))}
        )
        browser = browser_of(settings, replace(build_context(settings, database), now=lambda: NOW))
        for word in ("last 90 days", "year", "all"):
            period = parse_period(word, NOW, policy.calendar.zone)
            for name, run in _parts(period, policy).items():
                figure(f"{name}, {word}", _took(database, run), "ms", _BOUND)
            figure(f"the page, {word}", _page(browser, f"/figures?{urlencode({'period': word})}"), "ms", _BOUND)
            path = f"/figures/incidents?{urlencode({'period': word, 'figure': 'time_to_resolve'})}"
            figure(f"the incidents behind a figure, {word}", _page(browser, path), "ms", _BOUND)
        database.close()


def _derived(database: Database) -> bool:
    with database.transaction() as session:
        return refresh(session, batches=1)


def _parts(period: Period, policy: Policy) -> dict[str, Callable[[Session], object]]:
    scope = scope_of(period, policy)
    return {
        "counts": lambda session: counts.count_incidents(session, scope),
        "acknowledged in time": lambda session: counts.count_responses(session, scope),
        "times, by severity": lambda session: times.spreads(session, scope, {"P1": 1800.0}),
        "time between incidents": lambda session: times.between(session, scope, 10),
        "pages by person and hour": lambda session: people.load(session, scope, 300.0, policy.calendar.weekdays),
        "action items": lambda session: commitments.actions_on_time(session, scope),
        "reviews": lambda session: commitments.reviews_on_time(session, scope),
        "false positives": lambda session: commitments.answers_dismissed(session, scope),
        "reporters": lambda session: commitments.reporters(session, scope, 10),
        "judgement": lambda session: judgement(session, period.since, period.until),
        "suggestions": lambda session: suggestions(session, period.since, period.until),
        **{f"by {by}": _bucketed(period, policy, by) for by in times.BY},
    }


def _bucketed(period: Period, policy: Policy, by: str) -> Callable[[Session], object]:
    return lambda session: times.buckets(session, scope_of(period, policy), by)


def _page(browser: TestClient, path: str) -> float:
    """Milliseconds of the fastest of a few answers."""
    best = float("inf")
    for _ in range(_TIMES):
        began = time.perf_counter()
        answer = browser.get(path)
        best = min(best, time.perf_counter() - began)
        assert answer.status_code == 200, answer.text[:500]
    return best * 1000


def _took(database: Database, run: Callable[[Session], object]) -> float:
    """Milliseconds of the fastest of a few runs: what other programs do on the machine is not measured."""
    best = float("inf")
    for _ in range(_TIMES):
        with database.transaction() as session:
            began = time.perf_counter()
            run(session)
            best = min(best, time.perf_counter() - began)
    return best * 1000
