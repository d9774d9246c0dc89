"""Escalation at size: how long a sweep takes, and how late pings are at a steady rate of them falling due.

    python -m bench escalation [--incidents 10000] [--due 100] [--due-seconds 20]

An embedded PostgreSQL holds the open incidents with all their planned pings (five each, P2 declared at night). First
the sweep alone is measured. Then a real worker runs against the playground while `due` pages a second fall due, of
further incidents; lateness is from the instant at which a page is due to that at which the playground took the message.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, text, update

from bench.figures import figure, percentile
from bench.process import fitted_data
from bot.context import Policy
from bot.demo.seed import seed_workspace
from bot.escalation.flows import plan
from bot.escalation.tables import PingRow
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow, TimelineEntry
from bot.settings import REPOSITORY
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from bot.wiring.policy import load_policy
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest

_NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday: everything waits for Monday 09:00
_OPENING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_TO_TEAM_LEAD = timedelta(minutes=30)  # when a P0 pages the team lead
_WARM_UP = 20.0  # seconds for writing the incidents and starting the worker, and a hundredth of one for each page


def measure(incidents: int, due: float, seconds: float) -> None:
    """Run and print."""
    policy = load_policy(REPOSITORY / "knowledge" / "policy")
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=4)
        upgrade(database.engine)
        _open_incidents(database, incidents, "night", lambda _: _NIGHT, "P2")
        began = time.perf_counter()
        swept, _ = _sweep_all(database, policy, _NIGHT)
        figure(f"planning {swept} new incidents", time.perf_counter() - began, "s")
        _measure_sweeps(database, policy)
        _measure_lateness(database, policy, due, seconds, Path(folder))
        database.close()


def _measure_sweeps(database: Database, policy: Policy) -> None:
    with database.transaction() as session:
        open_count = session.scalar(select(func.count()).select_from(IncidentRow))
        planned = session.scalar(select(func.count()).where(PingRow.state == "planned"))
        session.execute(text("analyze"))
    print(f"{open_count} open incidents, {planned} planned pings")
    began = time.perf_counter()
    _sweep_all(database, policy, _NIGHT)
    figure("sweep with nothing due", (time.perf_counter() - began) * 1000, "ms", 1000)
    with database.transaction() as session:
        hundred = select(IncidentRow.incident_id).order_by(IncidentRow.incident_id).limit(100)
        session.execute(update(IncidentRow).where(IncidentRow.incident_id.in_(hundred)).values(wake_at=_NIGHT))
    began = time.perf_counter()
    _sweep_all(database, policy, _OPENING - timedelta(hours=1))
    figure("sweep that wakes 100 incidents", (time.perf_counter() - began) * 1000, "ms", 1000)
    began = time.perf_counter()
    swept, slowest = _sweep_all(database, policy, _OPENING)
    whole = time.perf_counter() - began
    figure("slowest transaction of a sweep with everything due", slowest * 1000, "ms", 1000)
    figure(f"whole sweep with all {swept} due at once", whole, "s")
    with database.transaction() as session:
        session.execute(text("delete from procrastinate_jobs"))
        session.execute(text("update incidents set wake_at = :at"), {"at": datetime(2099, 1, 1, tzinfo=UTC)})


def _sweep_all(database: Database, policy: Policy, now: datetime, limit: int = 200) -> tuple[int, float]:
    """As the worker does: until a batch is not full.

    How many incidents there were, and the slowest batch in seconds.
    """
    total, slowest = 0, 0.0
    while True:
        began = time.perf_counter()
        with database.transaction() as session:
            count = plan.sweep(session, policy.escalation, now, limit)
        slowest = max(slowest, time.perf_counter() - began)
        total += count
        if count < limit:
            return total, slowest


def _open_incidents(
    database: Database, count: int, mark: str, declared_at: Callable[[int], datetime], severity: str
) -> None:
    """Incidents that a sweep at their declaration will plan; written in bulk, as declaring each would take minutes."""
    at = [declared_at(number) for number in range(count)]
    rows = [
        {
            "ref": f"INC-{mark}-{number}",
            "request_key": f"bench:{mark}:{number}",
            "title": f"shop {number} is slow",
            "severity": severity,
            "status": "investigating",
            "declared_at": at[number],
            "declared_by": "U0RESPONDER",
            "channel_name": f"{mark}-{number}",
            "wake_at": at[number],
        }
        for number in range(count)
    ]
    with database.transaction() as session:
        ids = list(session.scalars(insert(IncidentRow).returning(IncidentRow.incident_id), rows))
        entries = [
            _entry(incident_id, Kind.DECLARED, at[n], {"severity": severity}) for n, incident_id in enumerate(ids)
        ]
        if severity == "P0":  # acknowledged, so that only the higher rungs are left
            entries += [_entry(incident_id, Kind.ACKNOWLEDGED, at[n], {}) for n, incident_id in enumerate(ids)]
        session.execute(insert(TimelineEntry), entries)


def _entry(incident_id: int, kind: Kind, at: datetime, data: dict[str, str]) -> dict[str, object]:
    return {"incident_id": incident_id, "kind": kind.value, "at": at, "recorded_at": at, "text": "", "data": data}


def _measure_lateness(database: Database, policy: Policy, due: float, seconds: float, folder: Path) -> None:
    count = round(due * seconds)
    fitted_data(folder / "data")
    workspace = seed_workspace(manifest=read_manifest(REPOSITORY / "slack-manifest.yaml"))
    first = datetime.now(UTC) + timedelta(seconds=_WARM_UP + count / 100)

    def declared_at(number: int) -> datetime:
        return first + timedelta(seconds=number / due) - _TO_TEAM_LEAD

    plan_ahead(database, policy, count, declared_at)
    pages = due_pages(database, count)
    with Playground(workspace) as playground, worker(database.url, playground, folder):
        if datetime.now(UTC) > first:
            raise RuntimeError("preparing took too long: the first pages were due before the worker was ready")
        taken = _watch(playground, pages, first + timedelta(seconds=seconds + 60))
    late = [taken[ping_id] - at.timestamp() for ping_id, at in pages.items() if ping_id in taken]
    print(f"{count} pages at {due:g} a second, {len(late)} sent")
    figure("lateness, median", percentile(late, 0.5) * 1000, "ms")
    figure("lateness, p99", percentile(late, 0.99) * 1000, "ms", 2000)
    figure("lateness, longest", max(late) * 1000, "ms")


def plan_ahead(database: Database, policy: Policy, count: int, declared_at: Callable[[int], datetime]) -> None:
    """Incidents whose pings are planned, and of which everything due by the declaration was sent long ago."""
    _open_incidents(database, count, "due", declared_at, "P0")
    _sweep_all(database, policy, declared_at(count - 1))
    with database.transaction() as session:
        session.execute(text("delete from procrastinate_jobs"))
        session.execute(update(PingRow).where(PingRow.state == "sending").values(state="sent", sent_at=PingRow.due_at))
        ours = update(IncidentRow).where(IncidentRow.ref.startswith("INC-due-"))
        session.execute(ours.values(acknowledged_at=IncidentRow.declared_at))


def due_pages(database: Database, count: int) -> dict[int, datetime]:
    """When each page to the team lead is due, by ping."""
    statement = (
        select(PingRow.ping_id, PingRow.due_at)
        .join(IncidentRow)
        .where(IncidentRow.ref.startswith("INC-due-"), PingRow.role == "team lead", PingRow.kind == "page")
    )
    with database.transaction() as session:
        pages: dict[int, datetime] = dict(session.execute(statement).all())
    if len(pages) != count:
        raise RuntimeError(f"{len(pages)} pages are planned instead of {count}")
    return pages


def _watch(playground: Playground, pages: dict[int, datetime], until: datetime) -> dict[int, float]:
    """When the playground took the message of each page, in seconds since the epoch."""
    taken: dict[int, float] = {}
    since = 0
    while len(taken) < len(pages) and datetime.now(UTC) < until:
        time.sleep(0.2)
        for entry in playground.on_loop(lambda: playground.workspace.journal.since(since)):  # noqa: B023  # run at once
            since = entry["n"]
            if entry["method"] != "chat.postMessage" or not entry["ok"]:
                continue
            key = str(entry["args"]["metadata"]["event_payload"]["key"]).split(":")
            if key[0] == "ping" and int(key[1]) in pages:
                taken.setdefault(int(key[1]), entry["at"])
    return taken


@contextmanager
def worker(url: str, playground: Playground, folder: Path, **more: str) -> Iterator[None]:
    """`tocsin worker` in a process of its own, ready, with `more` in its environment."""
    clean = {n: value for n, value in os.environ.items() if not n.startswith(("SLACK_", "TOCSIN_", "DATABASE"))}
    environment = {
        **clean,
        "DATABASE_URL": url,
        "SLACK_BASE_URL": playground.api_url,
        "SLACK_BOT_TOKEN": "xoxb-playground",
        "TOCSIN_DATA": str(folder / "data"),
        "TOCSIN_LOG_LEVEL": "WARNING",
        **more,
    }
    command = [sys.executable, "-m", "bot", "worker"]
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        for line in child.stderr:
            if line.startswith("Tocsin is"):
                break
            print("  bot:", line.rstrip()[:200], file=sys.stderr)
        threading.Thread(target=child.stderr.read, daemon=True).start()
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
