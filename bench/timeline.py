"""An incident of 100,000 entries: every command in its channel to the acknowledgement, and its page.

python -m bench timeline

Beside each figure stands the same on an incident of a hundred entries, asked in turn in the same run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from starlette.testclient import TestClient

from bench.figures import figure, percentile
from bench.process import fitted_data
from bench.review import browser_of
from bot.context import AppContext
from bot.errors import TocsinError
from bot.incidents.commands import CommandContext
from bot.incidents.queries import incidents
from bot.incidents.rules.typed_command import parse_command
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.lifecycle.flows import change, privacy
from bot.lifecycle.flows.declare import Declaration, declare
from bot.settings import Settings
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from bot.wiring.listeners import REGISTRY
from bot.wiring.service import build_context

ENTRIES = 100_000
_FEW = 100
_BEGAN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_TIMES = 15
_AT_ONCE = 5_000
# What is typed in the channel; each as often as another, so that what they change is changed alike.
TYPED = (
    "status", "timeline", "catchup", "escalation", "list", "role", "note looking at the pool",
    "impact 40 orders failed", "severity P1", "severity P2", "handover", "update", "review",
    "action raise the pool", "resolve rolled back", "reopen errors are back",
)  # fmt: skip
_numbers = count(1)


def measure(entries: int = ENTRIES) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=8)
        upgrade(database.engine)
        settings = Settings.model_validate(
            {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench", "TOCSIN_DATA": str(fitted_data(Path(folder)))}
        )
        context = replace(build_context(settings, database), now=lambda: _BEGAN + timedelta(hours=30))
        rows = [add_incident(database, context.policy, size) for size in (entries, _FEW)]
        # No `analyze`: an incident that grows within an hour is asked about before PostgreSQL has counted it.
        for typed, (long, short) in times_of_commands([(context, row) for row in rows]).items():
            name = f"/incident {typed}, {entries:,} entries, to the acknowledgement"
            figure(name, percentile(long, 0.5), "ms", 150, percentile(short, 0.5))
        _page(settings, context, rows, entries)
        _made_private(context, rows, entries)
        database.close()


def add_incident(database: Database, policy: Any, size: int) -> IncidentRow:
    with database.transaction() as session:
        wanted = Declaration(f"bench:{size}", "checkout returns 502", Severity.P1, "U0RESPONDER")
        row, _ = declare(session, wanted, policy, _BEGAN)
        row.channel_id = f"C0BENCH{size}"
        messages.record_workspace(session, "T0", "https://example.com/", "U0TOCSIN", "C0INCIDENTS")
        messages.record_name(session, "U0RESPONDER", "responder", _BEGAN)
        change.acknowledge(session, row, "U0RESPONDER", policy, _BEGAN + timedelta(minutes=2))
    for start in range(0, size, _AT_ONCE):
        with database.transaction() as session:
            facts = [_fact(row, number, size) for number in range(start, min(start + _AT_ONCE, size))]
            session.execute(insert(TimelineEntry), facts)
    return row


def _fact(row: IncidentRow, number: int, size: int) -> dict[str, Any]:
    """Over a day: messages, of a hundred one edited, one deleted and one marked, and a note."""
    kind = {17: "message_edited", 31: "message_deleted", 53: "pinned", 71: "noted"}.get(number % 100, "message_posted")
    about = number - 1 if kind in ("message_edited", "message_deleted", "pinned") else number
    at = _BEGAN + timedelta(seconds=86_400 / size * number)
    return {
        "incident_id": row.incident_id,
        "kind": kind,
        "at": at,
        "recorded_at": at,
        "author": "U0RESPONDER",
        "text": f"line {number}: orders-db is at {number} connections, see <https://example.com/{number}|the board>",
        "message_ts": None if kind == "noted" else f"1795176000.{about:06d}",
    }


def times_of_commands(
    sides: Sequence[tuple[AppContext, IncidentRow]], commands: Sequence[str] = TYPED
) -> dict[str, list[list[float]]]:
    """Milliseconds of each command in these incidents' channels, typed in turn: by command, a list for each side."""
    took: dict[str, list[list[float]]] = {typed: [[] for _ in sides] for typed in commands}
    for _ in range(_TIMES):
        for typed in commands:
            for times, (context, row) in zip(took[typed], sides, strict=True):
                times.append(_spent(lambda typed=typed, context=context, row=row: type_command(context, row, typed)))  # type: ignore[misc]
    return took


def type_command(context: AppContext, row: IncidentRow, typed: str) -> None:
    parsed = parse_command(typed)
    command = CommandContext(
        context=context,
        now=context.now(),
        word=parsed.word,
        ref=parsed.ref,
        rest=parsed.rest,
        user_id="U0RESPONDER",
        user_name="responder",
        channel_id=row.channel_id or "",
        trigger_id=f"bench:{next(_numbers)}",
        registry=REGISTRY,
    )
    with suppress(TocsinError):  # a refusal is an answer as well, such as resolving what is resolved
        REGISTRY.find(command.word).run(command)


def _page(settings: Settings, context: AppContext, rows: list[IncidentRow], entries: int) -> None:
    browser = browser_of(settings, context)
    for number in (1, entries // 200, entries // 100):
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(_TIMES):
            for times, row in zip(took, rows, strict=True):
                page = number if row is rows[0] else 1
                times.append(_spent(lambda page=page, row=row: _get(browser, f"/incidents/{row.ref}?page={page}")))  # type: ignore[misc]
        long, short = took
        name = f"page {number:,} of an incident, {entries:,} entries"
        figure(name, percentile(long, 0.5), "ms", 300, percentile(short, 0.5))


def _made_private(context: AppContext, rows: list[IncidentRow], entries: int) -> None:
    """Once, as it can be done once only; what Tocsin said outside is set aside in the same transaction."""

    def make(row: IncidentRow) -> None:
        with context.database.transaction() as session:
            kept = incidents.get_for_change(session, row.incident_id)
            privacy.make_private(session, kept, "U0RESPONDER", context.policy, context.now())

    long, short = (_spent(lambda row=row: make(row)) for row in rows)  # type: ignore[misc]
    figure(f"making it private, {entries:,} entries", long, "ms", 150, short)
    with context.database.transaction() as session:
        assert all(session.get_one(IncidentRow, row.incident_id).ref.startswith("SEC-") for row in rows)


def _get(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text[:300]


def _spent(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
