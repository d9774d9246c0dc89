"""A burst: many declarations and messages within seconds, at the rates that Slack allows.

    python -m bench burst

Fifty incidents are declared, and five hundred messages said in the channel of another, all in ten seconds. Slack lets
20 channels be made a minute and one message a second be posted in a channel, so the last channels come late whatever
we do; pages must not wait for them.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.request import urlopen

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.channel import MANIFEST, open_channel
from bench.figures import figure, percentile
from bench.process import fitted_data, running_bot
from bot.demo.seed import seed_workspace
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.manifest import read_manifest

_SECONDS, _DECLARATIONS, _MESSAGES = 10.0, 50, 500
_CHANNELS_A_MINUTE = 20  # conversations.create is of Slack's second tier
_LONGEST = 300.0  # seconds for everything to be said
_PEOPLE = ("U0RESPONDER", "U0TEAMLEAD", "U0MANAGER", "U0SUPPORT", "U0VP")
_PAGED = text("""
    select extract(epoch from ping.sent_at - incident.declared_at) from incidents incident
    left join pings ping on ping.incident_id = incident.incident_id
        and ping.role = 'on-call engineer' and ping.kind = 'page'
    where incident.title like 'burst %'
""")
_CARDS = text("""
    select incident.declared_at, incident.channel_id, message.ts from incidents incident
    left join slack_messages message on message.key = 'card:' || incident.incident_id
    where incident.title like 'burst %'
""")
_RECORDED = text("select count(*) from timeline_entries where kind = 'message_posted' and text like 'burst %'")


def measure() -> None:
    """Run and print."""
    workspace = seed_workspace(manifest=read_manifest(MANIFEST), tiers=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=2)
        upgrade(database.engine)
        (Path(folder) / "data").mkdir()
        with Playground(workspace) as playground, running_bot(playground, fitted_data(Path(folder) / "data"), url):
            _drive(playground, database, open_channel(playground))
            _print_refused(playground)
        database.close()


def _print_refused(playground: Playground) -> None:
    """Posts that Slack sent away until later: each was a call, and two transactions of the queue, for nothing."""
    with urlopen(f"{playground.url}/control/journal?since=0") as answer:
        posts = [entry for entry in json.load(answer)["entries"] if entry["method"] == "chat.postMessage"]
    figure("posts that Slack took", sum(entry["ok"] for entry in posts), "")
    figure("posts that Slack sent away until later", sum(not entry["ok"] for entry in posts), "")


def _drive(playground: Playground, database: Database, channel: str) -> None:
    people = [Person(playground.url, user_id) for user_id in _PEOPLE]
    began = time.monotonic() + 0.2

    def declare(number: int) -> float:
        words = f"/incident declare! P1 burst {number}: shop {number} is down"
        return float(people[number % len(people)].command("C0INCIDENTS", words))

    def say(number: int) -> float:
        people[0].say(channel, f"burst {number}: the queue is at {number % 97}")
        return 0.0

    with ThreadPoolExecutor(24) as pool:
        acts = [(number * _SECONDS / _DECLARATIONS, declare, number) for number in range(_DECLARATIONS)]
        acts += [(number * _SECONDS / _MESSAGES, say, number) for number in range(_MESSAGES)]
        waiting = []
        for at, act, number in sorted(acts, key=lambda one: one[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            waiting.append((act, pool.submit(act, number)))
        took = [(act, done.result()) for act, done in waiting]
    acknowledged = [milliseconds for act, milliseconds in took if act is declare]
    figure("acknowledgement of a declaration, median", percentile(acknowledged, 0.5), "ms")
    figure("acknowledgement of a declaration, p99", percentile(acknowledged, 0.99), "ms", 150)
    _print_what_followed(database)


def _print_what_followed(database: Database) -> None:
    paged = _wait(database, lambda session: [row[0] for row in session.execute(_PAGED)])
    figure("page of the on-call engineer, median", percentile(paged, 0.5), "s")
    figure("page of the on-call engineer, the last", max(paged), "s", 60)
    cards = sorted(
        _wait(
            database,
            lambda session: [
                None if row.ts is None else float(row.ts) - row.declared_at.timestamp()
                for row in session.execute(_CARDS)
            ],
        )
    )
    figure(f"card of the first {_CHANNELS_A_MINUTE - 1}, the last", cards[_CHANNELS_A_MINUTE - 2], "s", 5)
    least = (_DECLARATIONS + 1 - _CHANNELS_A_MINUTE) / _CHANNELS_A_MINUTE * 60
    figure(f"card of all {_DECLARATIONS}, the last (Slack allows {least:.0f} s at best)", cards[-1], "s")
    with database.transaction() as session:
        figure("messages lost", _MESSAGES - int(session.scalar(_RECORDED) or 0), "", 0)


def _wait(database: Database, read: Callable[[Session], list[float | None]]) -> list[float]:
    """Until all are there; those that are, after long."""
    deadline = time.monotonic() + _LONGEST
    while True:
        with database.transaction() as session:
            found = read(session)
        there = [float(one) for one in found if one is not None]
        if len(there) == len(found) == _DECLARATIONS or time.monotonic() > deadline:
            return there
        time.sleep(0.5)
