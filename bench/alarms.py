"""Alarms: a thousand a minute, one delivery each, while incidents are declared and page.

    python -m bench alarms

Deliveries go to the real bot over HTTP, as Alertmanager sends them, at Slack's rates for what is posted. What counts
is that no page waits for them, that none is lost, and that the channel reads one list.
"""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

from bench.channel import MANIFEST
from bench.figures import figure, percentile
from bench.process import Bot, fitted_data, running_bot
from bot.demo.seed import seed_workspace
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.manifest import read_manifest

_ALARMS, _SECONDS, _DECLARED = 1000, 60.0, 5
_LONGEST = 60.0  # seconds for the pages to be sent
_VARIABLE, _TOKEN = "BENCH_ALARMS_TOKEN", "0123456789abcdef0123456789abcdef"
_POLICY = f"webhooks:\n  alertmanager: {{token: {_VARIABLE}}}\n"
_PAGED = text("""
    select extract(epoch from ping.sent_at - incident.declared_at) from incidents incident
    left join pings ping on ping.incident_id = incident.incident_id
        and ping.role = 'on-call engineer' and ping.kind = 'page'
    where incident.title like 'meanwhile %'
""")
_KEPT = text("select (select count(*) from alarms), (select count(*) from alarm_threads where storm_id is null)")


def measure() -> None:
    """Run and print."""
    workspace = seed_workspace(manifest=read_manifest(MANIFEST), tiers=True)
    os.environ[_VARIABLE] = _TOKEN
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=2)
        upgrade(database.engine)
        policy = {"alarms.yaml": _POLICY}
        with (
            Playground(workspace) as playground,
            running_bot(playground, fitted_data(Path(folder) / "data"), url, policy) as bot,
        ):
            _drive(playground, database, _port(bot))
        database.close()


def _port(bot: Bot) -> int:
    """Where the bot takes requests."""
    listening = [one.laddr.port for one in bot.process.net_connections("tcp") if one.status == "LISTEN"]
    return int(listening[0])


def _drive(playground: Playground, database: Database, port: int) -> None:
    responder = Person(playground.url, "U0RESPONDER")
    began = time.monotonic() + 0.5
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(_deliver, port, number, began) for number in range(_ALARMS)]
        for number in range(_DECLARED):
            time.sleep(max(0.0, began + (number + 0.5) * _SECONDS / _DECLARED - time.monotonic()))
            responder.command("C0INCIDENTS", f"/incident declare! P1 meanwhile {number}: shop {number} is down")
        answered = [done.result() for done in waiting]
    figure(f"answer to a delivery, {_ALARMS:,} a minute, median", percentile(answered, 0.5), "ms")
    figure(f"answer to a delivery, {_ALARMS:,} a minute, p99", percentile(answered, 0.99), "ms", 500)
    paged = _pages(database)
    figure("page meanwhile, median", percentile(paged, 0.5), "s")
    figure("page meanwhile, the last", max(paged), "s", 5)
    with database.transaction() as session:
        kept, threads = session.execute(_KEPT).one()
    figure("alarms lost", _ALARMS - kept, "", 0)
    figure("threads beside the list of the storm", threads, "", 20)


def _deliver(port: int, number: int, began: float) -> float:
    """Send one when its time has come; milliseconds until it was answered."""
    alert = {
        "status": "firing",
        "labels": {"alertname": f"Bench{number % 40}", "instance": f"web-{number}"},
        "annotations": {"summary": "requests fail"},
        "fingerprint": str(number),
    }
    body = json.dumps({"version": "4", "groupKey": str(number), "alerts": [alert]})
    time.sleep(max(0.0, began + number * _SECONDS / _ALARMS - time.monotonic()))
    at = time.perf_counter()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("POST", "/alarms/alertmanager", body, {"Authorization": f"Bearer {_TOKEN}"})
    answer = line.getresponse()
    said = answer.read()
    line.close()
    assert answer.status == 200, said
    return (time.perf_counter() - at) * 1000


def _pages(database: Database) -> list[float]:
    """Seconds from each declaration to its page, once all are sent; those that are, after long."""
    deadline = time.monotonic() + _LONGEST
    while True:
        with database.transaction() as session:
            found = [row[0] for row in session.execute(_PAGED)]
        there = [float(one) for one in found if one is not None]
        if len(there) == len(found) == _DECLARED or time.monotonic() > deadline:
            return there
        time.sleep(0.5)
