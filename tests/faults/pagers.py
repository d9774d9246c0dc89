"""Workers as real processes, incidents declared straight into the database, and what must be true of every ping."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from bot.context import Policy
from bot.demo.seed import seed_workspace
from bot.escalation.flows import plan
from bot.escalation.rules.matrix import Role
from bot.escalation.tables import PingRow
from bot.incidents.queries import incidents
from bot.lifecycle.flows import change
from bot.lifecycle.flows.declare import Declaration, declare
from bot.settings import REPOSITORY
from bot.severity.rules import Severity
from bot.slack import queries as messages
from bot.store.engine import Database
from bot.wiring.policy import load_policy
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest
from tests.faults.children import Child, child, time_passes_for_the_dead
from tests.faults.troubles import faults_left, journal, nothing_twice
from tests.journeys.story import settle

# Every way in which a call to Slack can fail, and how the playground is asked for it.
KINDS: dict[str, dict[str, Any]] = {
    "ratelimited": {"retry_after": 1},
    "error": {"error": "internal_error"},
    "status": {"status": 500},
    "timeout": {"seconds": 0.3},
    "timeout_after": {"seconds": 0.3},
    "drop": {},
    "drop_after": {},
}
_numbers = itertools.count(1)


@dataclass
class Pagers:
    """Slack and the database. Workers come and go as processes, with a clock of their own."""

    playground: Playground
    database: Database
    policy: Policy
    environment: dict[str, str]
    log: Path
    clock: Path
    started: list[Child] = field(default_factory=list)

    def start(self, stack: ExitStack) -> Child:
        self.started.append(stack.enter_context(child("worker", self.environment, self.log)))
        return self.started[-1]

    def now(self) -> datetime:
        """What the workers' clock shows."""
        state = json.loads(self.clock.read_text())
        return datetime.fromtimestamp(state["virtual"] + (time.time() - state["real"]) * state["rate"], tz=UTC)

    def step_clock(self, seconds: float) -> None:
        """Step the workers' clock, forward or back; Slack's stays as it is."""
        shown = self.now().timestamp() + seconds
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(json.dumps({"real": time.time(), "virtual": shown, "rate": 1.0}))
        fresh.replace(self.clock)

    def declare(self, severity: Severity = Severity.P0, before: timedelta = timedelta()) -> int:
        """An incident declared `before` now; what fell due since is paged by whichever worker comes first."""
        number = next(_numbers)
        with self.database.transaction() as session:
            wanted = Declaration(f"pagers:{number}", f"shop {number} is down", severity, "U0SUPPORT")
            row, _ = declare(session, wanted, self.policy, self.now() - before)
            return row.incident_id

    def escalate(self, incident_id: int, role: Role, reason: str) -> int:
        """Ping a role by hand; the ping."""
        with self.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            key = f"pagers:{next(_numbers)}"
            return plan.escalate_by_hand(session, row, role, reason, "U0SUPPORT", key, self.now())[0].ping_id

    def acknowledge(self, incident_id: int) -> None:
        with self.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            change.acknowledge(session, row, "U0RESPONDER", self.policy, self.now())

    def time_passes_for_the_dead(self) -> None:
        """What the dead had under way has reached Slack by then, as it would have in that minute."""
        deadline, before = time.monotonic() + 10, -1
        while time.monotonic() < deadline and (said := len(journal(self.playground, "chat.postMessage"))) != before:
            before = said
            time.sleep(0.3)  # the playground tells nobody that it is idle
        time_passes_for_the_dead(self.database, self.started)

    def wait_until_held(self) -> None:
        """Until the call that was to fail has come."""
        deadline = time.monotonic() + 120
        while faults_left(self.playground):
            assert time.monotonic() < deadline, "the call that was to be held did not come"
            time.sleep(0.01)  # the playground tells nobody that a fault was met

    def wait_for_pings(self, incident_id: int, roles: set[Role], seconds: float = 240) -> None:
        """Until these roles have been pinged about the incident."""
        deadline = time.monotonic() + seconds
        while missing := {role.value for role in roles} - {
            p.role for p in self.pings(incident_id) if p.state == "sent"
        }:
            assert time.monotonic() < deadline, f"nobody pinged {missing}"
            time.sleep(0.05)  # the row is written by another process

    def pings(self, incident_id: int) -> list[PingRow]:
        with self.database.transaction() as session:
            return list(session.scalars(select(PingRow).where(PingRow.incident_id == incident_id)))

    def settle(self) -> None:
        """Until nothing is due by the workers' clock, and everything that was is said."""
        deadline = time.monotonic() + 240
        due = text("select count(*) from incidents where wake_at <= :now")
        while True:
            settle(self.database, 60)
            with self.database.transaction() as session:
                left = session.scalar(due, {"now": self.now()})
                left += session.scalar(text("select count(*) from pings where state = 'sending'"))
                left += session.scalar(
                    text("select count(*) from procrastinate_jobs where status in ('todo', 'doing')")
                )
            if not left:
                return
            assert time.monotonic() < deadline, f"{left} incidents, pings and jobs are not done"
            time.sleep(0.05)  # a sweep tells nobody that it ended

    def each_ping_once(self) -> None:
        """Everything is settled; every ping that was sent stands once in Slack with each person, and in the room."""
        self.settle()
        said = nothing_twice(self.playground)
        with self.database.transaction() as session:
            rows = list(session.scalars(select(PingRow)))
            failed = list(session.scalars(text("select task_name from procrastinate_jobs where status = 'failed'")))
        assert failed == []
        assert {row.state for row in rows} <= {"sent", "planned", "cancelled"}
        # Where the clock steps over a Monday, digests fall due, too: one message for the lines of many incidents.
        paged = [row for row in rows if row.state == "sent" and row.kind != "digest"]
        expected = {f"ping:{row.ping_id}:{user}" for row in paged for user in row.user_ids}
        assert {key for key in said if key.startswith("ping:")} == expected
        assert all(row.user_ids for row in rows if row.state == "sent")
        # Also by what Slack was asked: one post for each ping and person, those it refused aside.
        taken = [entry for entry in journal(self.playground, "chat.postMessage") if entry["ok"]]
        keys = [entry["args"]["metadata"]["event_payload"]["key"] for entry in taken]
        assert [key for key, times in Counter(keys).items() if times > 1] == []


def without_entries(folder: Path) -> Path:
    """The shipped policy and examples without past incidents, which who only pages need not read at each start."""
    folder.mkdir()
    for name in ("policy", "training"):
        (folder / name).symlink_to(REPOSITORY / "knowledge" / name)
    (folder / "vocabulary.yaml").write_text("{}\n")
    return folder


@contextmanager
def pagers(database: Database, data_folder: Path, folder: Path) -> Iterator[Pagers]:
    """A playground on real time, and workers that are not started yet."""
    clock = folder / "workers-clock.json"
    clock.write_text(json.dumps({"real": time.time(), "virtual": time.time(), "rate": 1.0}))
    policy = load_policy(REPOSITORY / "knowledge" / "policy")
    workspace = seed_workspace(manifest=read_manifest(REPOSITORY / "slack-manifest.yaml"))
    with Playground(workspace) as playground:
        environment = {
            "DATABASE_URL": database.url,
            "SLACK_BASE_URL": playground.api_url,
            "SLACK_BOT_TOKEN": "xoxb-playground",
            "TOCSIN_DATA": str(data_folder),
            "TOCSIN_KNOWLEDGE": str(without_entries(folder / "knowledge")),
            "TOCSIN_CLOCK_FILE": str(clock),
        }
        with database.transaction() as session:
            messages.record_workspace(session, "T0000EXAMPLE", playground.url, "U0TOCSIN", "C0INCIDENTS")
        yield Pagers(playground, database, policy, environment, folder / "log.txt", clock)
