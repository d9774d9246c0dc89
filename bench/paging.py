"""Pages by every way at once: how late each service takes a page that falls due, at a steady rate.

    python -m bench paging [--pages 2] [--page-seconds 20]

A real worker runs against the playground and a local server that stands for the pagers, as strict as they are. `pages`
pages a second fall due to one person with every method: each at once, and PagerDuty once more a minute later. Lateness
is from the instant at which a call is due to that at which its service took it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from bench.escalation import due_pages, plan_ahead, worker
from bench.figures import figure, percentile
from bench.process import fitted_data
from bot.demo.seed import seed_workspace
from bot.escalation.tables import PageCallRow, PingRow
from bot.settings import REPOSITORY, Settings
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from bot.wiring.building import build_memory, warm_judge
from bot.wiring.policy import load_policy
from slack_playground.app import Playground
from slack_playground.workspace.manifest import read_manifest
from tests.support import pager_services
from tests.support.pager_services import Pager, serve_pagers

_TO_TEAM_LEAD = timedelta(minutes=30)  # when a P0 pages the team lead
_LATER = 60.0  # seconds until the second call by PagerDuty
_WARM_UP = 45.0  # seconds for starting the worker, whose judge and index are fitted before
_BOUND = 2000  # milliseconds
_WAYS = 7  # calls of each page


def measure(pages: float, seconds: float) -> None:
    """Run and print."""
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-") as name,
        embedded_postgres(Path(name) / "pg") as url,
        serve_pagers() as pager,
    ):
        pager.clock = time.time
        folder, database = Path(name), Database(url, connections=4)
        upgrade(database.engine)
        knowledge = _knowledge(folder, pager)
        _fit(knowledge, fitted_data(folder / "data"))
        count = round(pages * seconds)
        first = datetime.now(UTC) + timedelta(seconds=_WARM_UP)

        def declared_at(number: int) -> datetime:
            return first + timedelta(seconds=number / pages) - _TO_TEAM_LEAD

        plan_ahead(database, load_policy(knowledge / "policy"), count, declared_at)
        due = due_pages(database, count)
        with database.transaction() as session:  # by hand: the second call goes though the incidents are acknowledged
            session.execute(update(PingRow).where(PingRow.ping_id.in_(due)).values(kind="manual"))
        workspace = seed_workspace(manifest=read_manifest(REPOSITORY / "slack-manifest.yaml"))
        with Playground(workspace) as playground, worker(url, playground, folder, **_environment(knowledge, pager)):
            if datetime.now(UTC) > first:
                raise RuntimeError("preparing took too long: the first pages were due before the worker was ready")
            _wait(pager, count * _WAYS, first + timedelta(seconds=seconds + _LATER + 60))
        _print(database, pager, due)
        database.close()


def _knowledge(folder: Path, pager: Pager) -> Path:
    """The shipped knowledge, with every method for the team lead."""
    knowledge = folder / "knowledge"
    shutil.copytree(REPOSITORY / "knowledge", knowledge)
    file = knowledge / "policy" / "contacts.yaml"
    at_home = f"url: '{pager.url}'"
    methods = (
        f"{{by: pagerduty, key: TOCSIN_PAGER_PD, {at_home}}}",
        f"{{by: opsgenie, key: TOCSIN_PAGER_OG, {at_home}}}",
        "{by: ntfy, key: TOCSIN_PAGER_NTFY, token: TOCSIN_PAGER_NTFY_TOKEN}",
        f"{{by: pushover, key: TOCSIN_PAGER_PO, token: TOCSIN_PAGER_PO_APP, {at_home}}}",
        "{by: grafana, key: TOCSIN_PAGER_GRAFANA}",
        "{by: webhook, key: TOCSIN_PAGER_HOOK, token: TOCSIN_PAGER_HOOK_SECRET}",
        f"{{by: pagerduty, key: TOCSIN_PAGER_PD_LATER, after: 1 min, {at_home}}}",
    )
    old = "slack: U0TEAMLEAD,"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(old, f"{old} methods: [{', '.join(methods)}],"), encoding="utf-8")
    return knowledge


def _fit(knowledge: Path, data: Path) -> None:
    """Have judge and index fitted and kept, so that the worker starts in seconds."""
    settings = Settings.model_validate({"TOCSIN_KNOWLEDGE": str(knowledge), "TOCSIN_DATA": str(data)})
    warm_judge(settings)
    build_memory(settings)


def _environment(knowledge: Path, pager: Pager) -> dict[str, str]:
    return {
        "TOCSIN_KNOWLEDGE": str(knowledge),
        "TOCSIN_PAGER_PD": pager_services.ROUTING_KEY,
        "TOCSIN_PAGER_PD_LATER": pager_services.ROUTING_KEY,
        "TOCSIN_PAGER_OG": pager_services.GENIE_KEY,
        "TOCSIN_PAGER_NTFY": f"{pager.url}/platform-on-call",
        "TOCSIN_PAGER_NTFY_TOKEN": pager_services.NTFY_TOKEN,
        "TOCSIN_PAGER_PO": pager_services.PUSHOVER_USER,
        "TOCSIN_PAGER_PO_APP": pager_services.PUSHOVER_TOKEN,
        "TOCSIN_PAGER_GRAFANA": f"{pager.url}/grafana/secret-in-the-path",
        "TOCSIN_PAGER_HOOK": f"{pager.url}/hook",
        "TOCSIN_PAGER_HOOK_SECRET": pager_services.WEBHOOK_SECRET,
    }


def _wait(pager: Pager, wanted: int, until: datetime) -> None:
    while len(pager.taken) < wanted and datetime.now(UTC) < until:
        time.sleep(0.2)


def _print(database: Database, pager: Pager, due: dict[int, datetime]) -> None:
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for each in pager.taken:
        taken[each.service, "" if each.service == "pushover" else each.key].append(each.at)
    late: dict[str, list[float]] = defaultdict(list)
    with database.transaction() as session:
        rows = session.scalars(
            select(PageCallRow).where(PageCallRow.ping_id.in_(due)).order_by(PageCallRow.due_at)
        ).all()
        for row in rows:
            service = row.method.split(":")[0]
            known = taken.get((service, "" if service == "pushover" else row.key), [])
            if known and row.ping_id is not None:
                fell_due = row.planned_for if row.waits else due[row.ping_id]
                late[f"{service}, after 1 min" if row.waits else service].append(known.pop(0) - fell_due.timestamp())
    twice = sum(len(left) for left in taken.values())
    print(f"{len(due)} pages, {len(rows)} calls, {sum(map(len, late.values()))} taken, {twice} of them twice")
    for way, values in sorted(late.items()):
        figure(f"{way}: lateness, median", percentile(values, 0.5) * 1000, "ms")
        figure(f"{way}: lateness, p95", percentile(values, 0.95) * 1000, "ms", _BOUND)
