"""Messages of an incident's channel at a steady rate through Socket Mode: all recorded, how soon, at what price.

    python -m bench channel [--seconds 60] [--messages 200]

Open loop: a message is said when its time has come. "Recorded" counts rows of the timeline; the delay of one is from
its ts to the moment at which it was seen there. Statements are counted by PostgreSQL itself.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

from bench.figures import figure, percentile
from bench.process import Bot, fitted_data, running_bot
from bot.demo.seed import seed_workspace
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database, driver_url
from bot.store.migrations import upgrade
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.manifest import read_manifest

MANIFEST = Path(__file__).resolve().parent.parent / "slack-manifest.yaml"
_LOST_AFTER = 60.0  # seconds after the last message


def measure(seconds: float, rate: float) -> None:
    """Run and print."""
    workspace = seed_workspace(manifest=read_manifest(MANIFEST))
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=2)
        upgrade(database.engine)
        database.close()
        with (
            Playground(workspace) as playground,
            running_bot(playground, fitted_data(Path(folder) / "data"), url) as bot,
        ):
            channel = open_channel(playground)
            with _watching(url) as connection:
                _drive(playground, bot, connection, channel, seconds, rate)


def open_channel(playground: Playground) -> str:
    """Declare an incident; its channel's id, once the card is there."""
    person = Person(playground.url, "U0RESPONDER")
    person.command("C0INCIDENTS", "/incident declare P2 the basket loses items")
    channel = person.wait_for_channel("inc-", timeout=20)
    person.wait_for(lambda: person.messages(channel["id"]) or None, 20)
    return str(channel["id"])


@contextmanager
def _watching(url: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _drive(playground: Playground, bot: Bot, connection: Connection, channel: str, seconds: float, rate: float) -> None:
    total = round(seconds * rate)
    before, used = _transactions(connection), bot.processor_seconds()
    person = Person(playground.url, "U0RESPONDER")
    began = time.time() + 0.2
    with ThreadPoolExecutor(16) as pool:
        for number in range(total):
            at = began + number / rate
            time.sleep(max(0.0, at - time.time()))
            pool.submit(_say, person, channel, number)
        said_after = time.time() - began
    recorded = _wait(connection, total)
    recorded_after = time.time() - began
    figure("said", total / said_after, "messages a second", None)
    figure("recorded", recorded, "messages", total)
    figure("lost", total - recorded, "messages")
    figure("the last one recorded, after it was said", (recorded_after - said_after) * 1000, "ms")
    delays = [
        float(row[0]) * 1000
        for row in connection.execute(
            text("select extract(epoch from recorded_at - at) from timeline_entries where kind = 'message_posted'")
        )
    ]
    figure("said to taken in, median", percentile(delays, 0.5), "ms")
    figure("said to taken in, p99", percentile(delays, 0.99), "ms")
    figure("transactions a message", (_transactions(connection) - before) / max(1, recorded), "")
    figure("bot process, processor time a message", (bot.processor_seconds() - used) * 1000 / max(1, recorded), "ms")


def _say(person: Person, channel: str, number: int) -> None:
    person.say(channel, f"message number {number}: the queue is at {number % 97} and grows")


def _wait(connection: Connection, total: int) -> int:
    """How many are recorded, once all are or none came for long."""
    statement = text("select count(*) from timeline_entries where kind = 'message_posted'")
    deadline, last = time.time() + _LOST_AFTER, -1
    while True:
        found = int(connection.execute(statement).scalar_one())
        if found != last:
            deadline, last = time.time() + _LOST_AFTER, found
        if found >= total or time.time() > deadline:
            return found
        time.sleep(0.05)


def _transactions(connection: Connection) -> int:
    connection.execute(text("select pg_stat_clear_snapshot()"))
    statement = text("select xact_commit + xact_rollback from pg_stat_database where datname = current_database()")
    return int(connection.execute(statement).scalar_one())
