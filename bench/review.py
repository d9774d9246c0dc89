"""An incident of 10,000 entries: its draft, its pages, its PDF, and a full list of action items.

python -m bench review
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert
from starlette.testclient import TestClient

from bench.figures import figure, percentile
from bench.process import fitted_data
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reviews.flows import drafting
from bot.reviews.pages.pdf import render_pdf
from bot.reviews.queries import action_items
from bot.reviews.tables import ActionRow
from bot.settings import Settings
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from bot.web.app import create_web
from bot.web.auth import WebContext
from bot.web.sessions import sign_personal_link
from bot.wiring.pages import build_pages
from bot.wiring.service import build_context

ENTRIES = 10_000
_BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_TIMES = 15


def measure() -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=8)
        upgrade(database.engine)
        settings = Settings.model_validate(
            {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench", "TOCSIN_DATA": str(fitted_data(Path(folder)))}
        )
        context = replace(build_context(settings, database), now=lambda: _BEGAN + timedelta(hours=3))
        for every, what in ((10, "mostly messages"), (1, "all of them notes")):
            with database.transaction() as session:
                row = _incident(session, context.policy, f"bench:{every}")
            _fill(database, row, every)
            _measure(settings, context, row, what)
        database.close()


def _incident(session: Any, policy: Any, key: str) -> IncidentRow:
    row, _ = declare(session, Declaration(key, "checkout returns 502", Severity.P1, "U0RESPONDER"), policy, _BEGAN)
    row.channel_id = f"C{row.incident_id}"
    messages.record_workspace(session, "T0", "https://example.com/", "U0TOCSIN", "C0INCIDENTS")
    messages.record_name(session, "U0RESPONDER", "responder", _BEGAN)
    change.acknowledge(session, row, "U0RESPONDER", policy, _BEGAN + timedelta(minutes=2))
    change.resolve(session, row, "U0RESPONDER", policy, _BEGAN + timedelta(hours=2), "rolled back", "the pool")
    change.close(
        session, row, "U0RESPONDER", Closing(impact="a third of checkouts"), policy, _BEGAN + timedelta(hours=2)
    )
    return row


def _fill(database: Database, row: IncidentRow, every: int) -> None:
    """10,000 entries over two hours; every `every`-th is a note, the others are messages."""
    values = [
        {
            "incident_id": row.incident_id,
            "kind": "noted" if number % every == 0 else "message_posted",
            "at": _BEGAN + timedelta(seconds=0.7 * number),
            "recorded_at": _BEGAN + timedelta(seconds=0.7 * number),
            "author": "U0RESPONDER",
            "text": f"line {number}: orders-db is at {number} of 10000 connections,"
            f" see <https://example.com/{number}|the board>",
            "message_ts": f"17951760{number:05d}.000100",
        }
        for number in range(ENTRIES)
    ]
    items = [
        {
            "request_key": f"bench:{row.incident_id}:{number}",
            "incident_id": row.incident_id,
            "number": number + 1,
            "text": f"item {number}",
            "priority": "low",
            "state": action_items.OPEN,
            "made_at": _BEGAN,
        }
        for number in range(500)
    ]
    with database.transaction() as session:
        session.execute(insert(TimelineEntry), values)
        session.execute(insert(ActionRow), items)


def _measure(settings: Settings, context: Any, row: IncidentRow, what: str) -> None:
    def draft() -> None:
        with context.database.transaction() as session:
            drafting.draft_review(session, session.get_one(IncidentRow, row.incident_id), context.policy, context.now())

    figure(f"draft of {ENTRIES:,} entries, {what}", _median(draft, 5), "ms", 1000)
    browser = browser_of(settings, context)
    pages = (
        f"/incidents/{row.ref}",
        f"/incidents/{row.ref}?page=77",
        f"/reviews/{row.ref}",
        "/incidents",
        "/reviews",
        "/actions",
    )
    for path in pages:
        shown = path.replace(row.ref, "REF")
        figure(f"page {shown}, {what}", _median(lambda path=path: _get(browser, path), _TIMES), "ms", 300)  # type: ignore[misc]
    pdf = _median(lambda: _get(browser, f"/reviews/{row.ref}/document.pdf"), 2)
    figure(f"PDF, {what}", pdf, "ms")


def browser_of(settings: Settings, context: Any) -> TestClient:
    """A browser in which somebody is signed in."""
    assert settings.link_key is not None
    web = WebContext(context, settings.link_key, secure=False, print_pdf=render_pdf)
    app = create_web(ready=list, routes=build_pages(web))
    browser = TestClient(app, base_url="http://testserver")
    link = urlsplit(sign_personal_link("http://testserver", web.key, "/incidents", "U0MANAGER", "manager"))
    door = browser.get(f"{link.path}?{link.query}").text
    browser.post("/enter", data=dict(re.findall(r'name="(t|token)" value="([^"]*)"', door)))
    return browser


def _get(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def _median(run: Callable[[], object], times: int) -> float:
    """Milliseconds."""
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return percentile(taken, 0.5)
