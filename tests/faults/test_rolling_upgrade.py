"""Two versions on one database: the tables grow under the old one, both work, the old one ends. Nothing is lost."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bench.process import unhurried_knowledge
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.store.engine import Database, driver_url
from bot.store.migrations import behind, upgrade
from slack_playground.person import NotDone
from tests.faults.children import child
from tests.faults.releases import old_process, version_before
from tests.faults.test_processes import World, everything_once, world  # noqa: F401  # a fixture
from tests.journeys.wire import dispatcher_of
from tests.support.examples import copy_a_tenth
from tests.support.stage import INCIDENTS, wait_until_connected


@dataclass
class Load:
    """Somebody who declares and takes notes without a pause, and types again what Slack says was not answered.

    The version before may hang up in the middle of a command. What was typed twice may then stand there twice, and a
    note that it had acknowledged before it was written may be missing.
    """

    world: World
    declared: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    typed_twice: set[str] = field(default_factory=set)
    typing: str = ""
    rounds: int = 0
    failed: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _turned: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            for number in itertools.count():
                if self._stop.is_set():
                    return
                self._round(number)
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self.failed.append(error)
            self._turn()

    def _round(self, number: int) -> None:
        title = f"shop {number} is down"
        self._type("declare! P0", title)
        self.declared.append(title)
        ref = self.world.refs()[-1]
        for one in range(3):
            note = f"step {number}.{one} on {ref}"
            self._type(f"note {ref}", note)
            self.noted.append(note)
        self._turn()

    def _type(self, command: str, words: str) -> None:
        self.typing = words
        try:
            self.world.responder.command(INCIDENTS, f"/incident {command} {words}")
        except NotDone:
            self.typed_twice.add(words)
            self.world.responder.command(INCIDENTS, f"/incident {command} {words}")

    def _turn(self) -> None:
        with self._turned:
            self.rounds += 1
            self._turned.notify_all()

    def goes_on(self, rounds: int = 2) -> None:
        """Until so many more rounds are through."""
        with self._turned:
            wanted = self.rounds + rounds
            assert self._turned.wait_for(lambda: self.rounds >= wanted or self.failed, 120)
        if self.failed:
            raise self.failed[0]

    def stop(self) -> None:
        self._stop.set()

    def stop_after_this(self) -> None:
        """At the end of the round that goes on now."""
        self.stop()
        self.thread.join(120)
        if self.failed:
            raise self.failed[0]


@contextmanager
def loaded(world: World) -> Iterator[Load]:  # noqa: F811
    load = Load(world)
    load.thread.start()
    try:
        yield load
    finally:
        load.stop()
        load.thread.join(120)


@pytest.fixture
def empty(postgres: str) -> Iterator[Database]:
    """A database in which nothing is."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT").connect() as admin:
        admin.execute(text(f"create database {name}"))
    database = Database(postgres.replace("/postgres?", f"/{name}?"), connections=6)
    yield database
    database.close()


def test_an_upgrade_under_load_loses_doubles_and_fails_nothing(world: World, empty: Database, tmp_path: Path) -> None:  # noqa: F811
    code, log = version_before(tmp_path / "before"), tmp_path / "log.txt"
    environment = world.environment | {"DATABASE_URL": empty.url}
    world = replace(world, database=empty, environment=environment, log=log)
    # Each version comes with the policy that it can read.
    knowledge = unhurried_knowledge(tmp_path / "knowledge", code / "knowledge")
    copy_a_tenth(knowledge / "training", knowledge / "training")
    earlier = environment | {"TOCSIN_KNOWLEDGE": str(knowledge)}
    with old_process(code, ["db", "upgrade"], earlier, log) as made:
        assert made.wait() == 0, log.read_text()
    assert behind(empty.engine) is not None
    with ExitStack() as stack:
        old = stack.enter_context(old_process(code, ["run"], earlier, log))
        old.wait_until_ready()
        wait_until_connected(world.playground)
        load = stack.enter_context(loaded(world))
        load.goes_on()
        upgrade(empty.engine)  # expand
        load.goes_on()
        new = stack.enter_context(child("run", environment, log))
        wait_until_both_listen(world)
        load.goes_on(4)
        told = len(load.noted)
        assert old.stop() == 0
        cut_off = set(load.noted[told:]) | {load.typing}
        load.goes_on()
        load.stop_after_this()
        everything_once(world)
        assert new.stop() == 0
    nothing_lost(world, load, cut_off)


def wait_until_both_listen(world: World) -> None:  # noqa: F811
    """Slack gives what comes to one connection after the other."""
    deadline = time.monotonic() + 60
    while len(dispatcher_of(world.playground).links) < 2:
        assert time.monotonic() < deadline, "the new version does not listen"
        time.sleep(0.02)  # the playground tells nobody how many are connected


def nothing_lost(world: World, load: Load, cut_off: set[str]) -> None:  # noqa: F811
    with world.database.transaction() as session:
        rows = [incidents.get_by_ref(session, ref) for ref in world.refs()]
        noted = [entry.text for row in rows for entry in timeline.list_rows(session, row.incident_id, (Kind.NOTED,))]
    titles = [row.title for row in rows]
    assert set(titles) == set(load.declared)
    missing = set(load.noted) - set(noted)
    assert missing <= cut_off and len(missing) <= 1
    assert set(noted) <= set(load.noted)
    channels = [world.responder.messages(str(row.channel_id)) for row in rows]
    said = "\n".join(str(message["text"]) for messages in channels for message in messages if message.get("bot_id"))
    often = {words: titles.count(words) for words in titles} | {words: noted.count(words) for words in noted}
    assert {words for words, number in often.items() if number != 1} <= load.typed_twice
    # The versions before December 2026 say a note in the channel, too.
    assert {note: said.count(note) for note in noted if said.count(note) > often[note]} == {}
    assert len(load.typed_twice) <= 2, "one command at a time is typed, and each process ends once"
