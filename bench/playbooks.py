"""Fifty runs started at once by Socket Mode: how soon the answer is there, and how soon the run's message.

    python -m bench playbooks [--runs 50]

Every incident has a channel before the clock starts. The command is sent to all of them at once, sixteen at a time.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.figures import figure, percentile
from bench.process import fitted_data, running_bot
from bot.demo.seed import seed_workspace
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from slack_playground.app import Playground
from slack_playground.person import Person, content_of
from slack_playground.workspace.manifest import read_manifest

_MANIFEST = Path(__file__).resolve().parent.parent / "slack-manifest.yaml"
_AT_ONCE = 16  # commands under way
_LONGEST = 120.0  # seconds


def measure(runs: int) -> None:
    """Run and print."""
    workspace = seed_workspace(manifest=read_manifest(_MANIFEST))
    with tempfile.TemporaryDirectory(prefix="tocsin-") as folder, embedded_postgres(Path(folder) / "pg") as url:
        database = Database(url, connections=2)
        upgrade(database.engine)
        database.close()
        with Playground(workspace) as playground, running_bot(playground, fitted_data(Path(folder) / "data"), url):
            channels = _channels(playground, runs)
            alone = _start(playground, channels[0])
            figure("one run, from the command to its message", alone * 1000, "ms", 300)
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                began = time.perf_counter()
                took = list(pool.map(lambda one: _start(playground, one), channels[1:]))
            figure("runs at once", len(took), "runs")
            figure("each of them, median", percentile(took, 0.5) * 1000, "ms")
            figure("each of them, p99", percentile(took, 0.99) * 1000, "ms")
            figure("all messages are there after", time.perf_counter() - began, "s")
            figure("runs with more or fewer than one message", _doubled(playground, channels), "runs", 0)


def _channels(playground: Playground, count: int) -> list[str]:
    person = Person(playground.url, "U0RESPONDER")
    known: set[str] = set()
    for number in range(count):
        person.command("C0INCIDENTS", f"/incident declare! P2 lambda number {number} is denied by its table")
        channel = person.wait_for(lambda: _new_channel(person, known), 30)
        known.add(channel)
        _wait_for_card(person, channel)
    return sorted(known)


def _wait_for_card(person: Person, channel: str) -> None:
    person.wait_for(lambda: person.messages(channel) or None, 30)


def _new_channel(person: Person, known: set[str]) -> str | None:
    found = [channel["id"] for channel in person.channels() if channel["name"].startswith("inc-")]
    return next((one for one in found if one not in known), None)


def _start(playground: Playground, channel: str) -> float:
    """Seconds from the command to the message of the run."""
    person = Person(playground.url, "U0RESPONDER")
    began = time.perf_counter()
    person.command(channel, "/incident playbook lambda")
    person.wait_for(lambda: _runs_in(person, channel) or None, _LONGEST)
    return time.perf_counter() - began


def _runs_in(person: Person, channel: str) -> list[str]:
    return [text for one in person.messages(channel) if "Step 1 of 5" in (text := content_of(one))]


def _doubled(playground: Playground, channels: list[str]) -> int:
    person = Person(playground.url, "U0RESPONDER")
    return sum(len(_runs_in(person, channel)) != 1 for channel in channels)
