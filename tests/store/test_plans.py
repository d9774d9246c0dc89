"""What people and jobs wait for reads little of big tables: each SELECT of real pages, commands and jobs, explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from bench import seed
from bench.review import browser_of
from bench.timeline import TYPED, add_incident, type_command
from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from bot.lifecycle.jobs.home import home_facts
from bot.lifecycle.messages import channel
from bot.reviews.flows import drafting, reminders
from bot.settings import Settings
from bot.store.engine import Database
from bot.wiring.service import build_context

INCIDENTS = 2_500
ENTRIES_EACH = 3
READ_AT_ONCE = 600  # rows of one of these tables that one step of a plan may read
BIG = frozenset({
    "incidents", "timeline_entries", "pings", "page_calls", "incident_roles", "review_drafts", "review_stages",
    "review_steps", "review_edits", "action_items", "reports", "figure_facts",
})  # fmt: skip
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Company:
    """A company of five years with an open incident, and the SELECTs sent since `queries` was emptied."""

    context: AppContext
    row: IncidentRow
    browser: TestClient
    queries: list[tuple[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def company(database: Database, data_folder: Path) -> Iterator[Company]:
    seed.fill(database, INCIDENTS, NOW - timedelta(days=1), entries=ENTRIES_EACH)
    values = {"DATABASE_URL": database.url, "SLACK_BOT_TOKEN": "xoxb-test", "TOCSIN_DATA": str(data_folder)}
    settings = Settings.model_validate(values)
    context = replace(build_context(settings, database), now=lambda: NOW)
    row = add_incident(database, context.policy, 20)
    made = Company(context, row, browser_of(settings, context))

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().lower().startswith(("select", "with")):
            made.queries.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield made
    event.remove(database.engine, "before_cursor_execute", note)


def pages(company: Company, path: str) -> None:
    answer = company.browser.get(path.format(ref=company.row.ref))
    assert answer.status_code == 200, answer.text[:300]


def in_session(act: Callable[[Any, Company], object]) -> Callable[[Company], None]:
    def run(company: Company) -> None:
        with company.context.database.transaction() as session:
            act(session, company)

    return run


JOBS: dict[str, Callable[[Company], None]] = {
    "App Home": in_session(lambda session, of: home_facts(session, of.context, "U0SEED7", NOW)),
    "a digest": in_session(lambda session, _of: pings.list_digest_for_change(session, "team lead", NOW)),
    "the sweep": in_session(lambda session, of: pings.claim_awake(session, NOW, 10)),
    "reminders of reviews": in_session(lambda session, of: reminders.remind(session, of.context.policy.review, NOW)),
    "facts of a review": in_session(
        lambda session, of: drafting.gather(
            session, session.get_one(IncidentRow, of.row.incident_id), of.context.policy
        )
    ),
}
PATHS = ("/incidents", "/incidents/{ref}", "/reviews", "/actions", "/playbooks", "/knowledge", "/figures")
COMMANDS = (*TYPED, "list closed 2", "list mine", "metrics", "oncall", "similar pods crash loop", "access", "menu")
WAYS_IN: dict[str, Callable[[Company], None]] = {
    **{path: lambda company, path=path: pages(company, path) for path in PATHS},  # type: ignore[misc]
    **{f"/incident {typed}": lambda of, typed=typed: type_command(of.context, of.row, typed) for typed in COMMANDS},  # type: ignore[misc]
    **JOBS,
}


@pytest.mark.parametrize("way_in", WAYS_IN)
def test_what_people_and_jobs_wait_for_reads_little_of_a_big_table(company: Company, way_in: str) -> None:
    company.queries.clear()
    WAYS_IN[way_in](company)
    queries = dict.fromkeys(statement for statement, _ in company.queries)
    parameters = dict(company.queries)
    assert queries or way_in == "/incident update"  # which answers by a form
    found = [trouble for statement in queries for trouble in troubles(company, statement, parameters[statement])]
    assert not found, "\n".join(found)


def test_of_a_long_list_not_all_are_counted(company: Company) -> None:
    with company.context.database.transaction() as session:
        rows, total = visibility.list_page(session, "U0SEED1", offset=10, limit=10, closed=True)
        said = channel.listing([incidents.facts(row) for row in rows], total, 2, "closed", NOW)
    assert "Page 2, more than 510 in all." in str(said.blocks) and "list_next" in str(said.blocks)


def troubles(company: Company, statement: str, parameters: Any) -> list[str]:
    """The steps of PostgreSQL's plan for a query that read a big table whole, or much of it."""
    with company.context.database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        # A row costs as much as ten: as if there were ten times as many.
        cursor.execute("set local cpu_tuple_cost = 0.1")
        cursor.execute(f"explain (analyze, format json) {statement}", parameters)
        answer = cursor.fetchone()
        connection.rollback()
    assert answer is not None
    said = " ".join(statement.split())[:1500]
    return [f"{step}: {said}" for step in _much(answer[0][0]["Plan"])]


def _much(node: dict[str, Any]) -> Iterator[str]:
    if node.get("Relation Name") in BIG:
        passed_over = sum(rows for name, rows in node.items() if name.startswith("Rows Removed by"))
        read = (node["Actual Rows"] + passed_over) * node["Actual Loops"]
        if read > READ_AT_ONCE:
            yield f"{node['Node Type']} of {node['Relation Name']}, {read} rows"
    for inner in node.get("Plans", []):
        yield from _much(inner)
