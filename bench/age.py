"""Commands and pages in a company of five years and many incidents, in turn with the same ones in an empty company.

python -m bench age [--closed 100000]
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from bench import seed
from bench.figures import figure, percentile
from bench.process import fitted_data
from bench.review import browser_of
from bench.timeline import TYPED, add_incident, times_of_commands
from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.lifecycle.flows.change import Closing
from bot.lifecycle.jobs.home import home_facts
from bot.reviews.flows import drafting
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
_TIMES = 15
_MORE_TYPED = (
    "list closed 2", "metrics", "oncall", "similar pods crash loop", "playbook lambda", "access", "menu", "help",
    "cause the pool was exhausted", "rename checkout returns 502", "remind 15 min check the replica",
    "declare exports fail",
)  # fmt: skip
_PAGES = (
    "/incidents", "/incidents/{ref}", "/reviews", "/reviews/{reviewed}", "/actions", "/playbooks", "/knowledge",
    "/figures", "/figures?period=year",
)  # fmt: skip
# Figures of a period count what there is in it: their bound is the time alone, in milliseconds.
_COUNTING = {"/figures": 1_000.0, "/figures?period=year": 1_000.0, "metrics": 1_000.0}


def measure(closed: int = CLOSED) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        with create_engine(driver_url(url), isolation_level="AUTOCOMMIT").connect() as admin:
            admin.execute(text("create database aged"))
        sides = [
            _Company(place, Path(folder), number)
            for place, number in ((url.replace("/postgres?", "/aged?"), closed), (url, 0))
        ]
        for path in _PAGES:
            old, young = _in_turn([side.page(path) for side in sides])
            _compare(f"page {path}", closed, old, young, _COUNTING.get(path))
        for what in sides[0].jobs():
            old, young = _in_turn([side.jobs()[what] for side in sides])
            _compare(what, closed, old, young)
        typed = times_of_commands([(side.context, side.row) for side in sides], (*TYPED, *_MORE_TYPED))
        for command, (old, young) in typed.items():
            _compare(f"/incident {command}", closed, old, young, _COUNTING.get(command))
        for side in sides:
            side.context.database.close()


def _compare(name: str, closed: int, old: list[float], young: list[float], most: float | None = None) -> None:
    """The median of each; the bound is the empty company's and a fifth, or `most`."""
    empty = percentile(young, 0.5)
    bound = most or max(empty * _SLOWER, empty + _LEAST)
    figure(f"{name}, {closed:,} closed incidents", percentile(old, 0.5), "ms", bound, empty)


def _in_turn(acts: list[Callable[[], object]]) -> tuple[list[float], list[float]]:
    """Milliseconds of both, done in turn; the first time, when plans and pages are read, does not count."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(_TIMES + 1):
        for times, act in zip(took, acts, strict=True):
            began = time.perf_counter()
            act()
            if turn:
                times.append((time.perf_counter() - began) * 1e3)
    return took


class _Company:
    """A company with so many closed incidents, an open one and one whose review is being written."""

    def __init__(self, url: str, folder: Path, closed: int) -> None:
        database = Database(url, connections=4)
        upgrade(database.engine)
        settings = Settings.model_validate(
            {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-bench", "TOCSIN_DATA": str(fitted_data(folder))}
        )
        self.context: AppContext = replace(build_context(settings, database), now=lambda: _NOW)
        if closed:
            began = time.perf_counter()
            seed.fill(database, closed, _NOW - timedelta(days=1))
            figure(
                f"{closed:,} incidents with {seed.ENTRIES_EACH} entries each, made", time.perf_counter() - began, "s"
            )
        self._reviewed = self._review(_ENTRIES + 1)
        self.row = add_incident(database, self.context.policy, _ENTRIES)
        self._browser: TestClient = browser_of(settings, self.context)

    def _review(self, entries: int) -> str:
        row = add_incident(self.context.database, self.context.policy, entries)
        with self.context.database.transaction() as session:
            kept, policy = session.get_one(IncidentRow, row.incident_id), self.context.policy
            change.resolve(session, kept, "U0RESPONDER", policy, _NOW, "rolled back", "the pool")
            change.close(session, kept, "U0RESPONDER", Closing(impact="a third of checkouts"), policy, _NOW)
            drafting.draft_review(session, kept, policy, _NOW)
        return row.ref

    def page(self, path: str) -> Callable[[], object]:
        asked = path.format(ref=self.row.ref, reviewed=self._reviewed)

        def get() -> None:
            answer = self._browser.get(asked)
            assert answer.status_code == 200, (asked, answer.status_code)

        return get

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """What Tocsin does by itself or draws where nobody asked by a command."""
        context, database = self.context, self.context.database

        def home() -> None:
            with database.transaction() as session:
                home_facts(session, context, "U0RESPONDER", _NOW)

        def digest() -> None:
            with database.transaction() as session:
                pings.list_digest_for_change(session, "team lead", _NOW)

        def sweep() -> None:
            with database.transaction() as session:
                pings.claim_awake(session, _NOW, 100)

        def draft() -> None:
            with database.transaction() as session:
                drafting.gather(session, session.get_one(IncidentRow, self.row.incident_id), context.policy)

        return {"App Home": home, "a digest": digest, "a sweep of what is due": sweep, "facts of a review": draft}
