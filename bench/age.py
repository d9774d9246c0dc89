"""Commands in a company of five years and many incidents, in turn with the same ones in an empty company.

python -m bench age [--closed 10000]
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from bench import seed
from bench.figures import figure, percentile
from bench.timeline import add_incident, times_of_commands
from bot.context import AppContext
from bot.incidents.tables import IncidentRow
from bot.settings import Settings
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database, driver_url
from bot.store.migrations import upgrade
from bot.wiring.service import build_context

CLOSED = 10_000
_NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
_ENTRIES = 100
_SLOWER = 1.2  # at most, than in the empty company
_LEAST = 2.0  # milliseconds: a fifth of less than this is what two runs of one thing differ by


def measure(closed: int = CLOSED) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        with create_engine(driver_url(url), isolation_level="AUTOCOMMIT").connect() as admin:
            admin.execute(text("create database aged"))
        sides = [
            _company(place, Path(folder), number)
            for place, number in ((url.replace("/postgres?", "/aged?"), closed), (url, 0))
        ]
        for typed, (old, young) in times_of_commands([(context, row) for context, row in sides]).items():
            empty = percentile(young, 0.5)
            bound = max(empty * _SLOWER, empty + _LEAST)
            figure(f"/incident {typed}, {closed:,} closed incidents", percentile(old, 0.5), "ms", bound, empty)
        for context, _ in sides:
            context.database.close()


def _company(url: str, folder: Path, closed: int) -> tuple[AppContext, IncidentRow]:
    """A company with so many closed incidents and an open one."""
    database = Database(url, connections=4)
    upgrade(database.engine)
    settings = Settings.model_validate(
        {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench", "TOCSIN_DATA": str(folder)}
    )
    context = replace(build_context(settings, database), now=lambda: _NOW)
    if closed:
        began = time.perf_counter()
        seed.fill(database, closed, _NOW - timedelta(days=1))
        figure(f"{closed:,} incidents with {seed.ENTRIES_EACH} entries each, made", time.perf_counter() - began, "s")
    return context, add_incident(database, context.policy, _ENTRIES)
