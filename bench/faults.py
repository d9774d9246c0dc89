"""How long it takes until paging goes on after each fault, and that nothing was lost or said twice.

    python -m bench.faults [--times 10]

Real workers page people of the local Slack, on an embedded PostgreSQL behind a proxy. Each probe is run `times` times;
printed are the median and the longest time from the fault's end (or from the fault, where it does not end by itself) to
the page. After each, every ping must stand once in Slack, and no job may be given up.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.figures import figure
from bot.escalation.rules.matrix import Role
from bot.incidents.flows.record import note
from bot.incidents.queries import incidents, timeline
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.flows.backfill import read_back
from bot.store.embedded import embedded_postgres
from bot.store.engine import Database
from bot.store.migrations import upgrade
from slack_playground.person import Person
from tests.faults.children import Child
from tests.faults.pagers import Pagers, pagers
from tests.faults.silence import Proxy, proxied
from tests.faults.troubles import cut_connections, database_away, fail, forget_faults, journal, keys_said
from tests.store.test_embedded import kill_server, wait_for_answer

_AWAY = 10.0  # seconds for which something is away or refuses
_POSTS = 5  # tries a second, of all messages that wait together


@dataclass(frozen=True, slots=True)
class Probe:
    """What a probe works with. `worker` reaches the database through `proxy`."""

    world: Pagers
    proxy: Proxy
    worker: Child
    stack: ExitStack

    def page(self) -> float:
        """Seconds from the declaration of a P0 to its page."""
        began = time.monotonic()
        self.world.wait_for_pings(self.world.declare(), {Role.ON_CALL}, seconds=120)
        return time.monotonic() - began


def quiet(probe: Probe) -> float:
    """No fault: what the others are to be compared with."""
    return probe.page()


def vanished_server(probe: Probe) -> float:
    """The server is gone without a word, and another answers at once."""
    probe.proxy.fail_over()
    return probe.page()


def restarted_server(probe: Probe) -> float:
    """All connections are cut."""
    cut_connections(probe.world.database)
    return probe.page()


def server_away(probe: Probe) -> float:
    """Nobody gets a connection for a while; the incident was declared before."""
    incident_id = probe.world.declare()
    with database_away(probe.world.database):
        time.sleep(_AWAY)
    return _until_paged(probe, incident_id)


def read_only_server(probe: Probe) -> float:
    """A standby that is promoted after a while."""
    database = probe.world.database
    with _read_only(database):
        time.sleep(_AWAY)
    return probe.page()


def refused_token(probe: Probe) -> float:
    """Slack refuses the token for a while."""
    fail(probe.world.playground, "*", "error", times=100_000, error="invalid_auth")
    incident_id = probe.world.declare()
    time.sleep(_AWAY)
    forget_faults(probe.world.playground)
    return _until_paged(probe, incident_id)


def look_ups_fail(probe: Probe) -> float:
    """What Slack is asked about people and conversations fails, all the while."""
    for method in ("users.info", "usergroups.users.list", "conversations.open"):
        fail(probe.world.playground, method, "status", times=100_000, status=503)
    took = probe.page()
    forget_faults(probe.world.playground)
    return took


def decoration_fails(probe: Probe) -> float:
    """Slack fails at topic, pin and invitations, all the while: until a note stands in the channel."""
    for method in ("conversations.setTopic", "pins.add", "conversations.invite"):
        fail(probe.world.playground, method, "status", times=100_000, status=503)
    incident_id = probe.world.declare()
    began = time.monotonic()
    with probe.world.database.transaction() as session:
        row = incidents.get(session, incident_id)
        note(session, row, "the pool is full", "U0SUPPORT", probe.world.now(), f"probe:{incident_id}")
        key = f"entry:{timeline.list_rows(session, incident_id, (Kind.NOTED,))[0].entry_id}"
    while key not in keys_said(probe.world.playground):
        assert time.monotonic() - began < 120
        time.sleep(0.02)
    took = time.monotonic() - began
    forget_faults(probe.world.playground)
    return took


def no_wait_asked_for(probe: Probe) -> float:
    """Slack asks to wait for no time at all, for a while: from then until the page; it is not asked all the time."""
    fail(probe.world.playground, "chat.postMessage", "ratelimited", times=100_000, retry_after=0)
    incident_id = probe.world.declare()
    before = len(journal(probe.world.playground, "chat.postMessage"))
    time.sleep(_AWAY)
    asked = len(journal(probe.world.playground, "chat.postMessage")) - before
    assert asked <= _POSTS * _AWAY, f"{asked} tries in {_AWAY:g} s"
    forget_faults(probe.world.playground)
    return _until_paged(probe, incident_id)


def lost_channel(probe: Probe) -> float:
    """The channel is archived and no event says so: from the next look until what is said stands in the thread."""
    incident_id = probe.world.declare()
    probe.world.settle()
    with probe.world.database.transaction() as session:
        channel_id = str(incidents.get(session, incident_id).channel_id)
    Person(probe.world.playground.url, "U0RESPONDER").archive(channel_id)
    began = time.monotonic()
    with probe.world.database.transaction() as session:
        read_back(session, incident_id, long=False)
    while f"card:{incident_id}:thread" not in keys_said(probe.world.playground):
        assert time.monotonic() - began < 120
        time.sleep(0.02)
    return time.monotonic() - began


def locked_incident(probe: Probe) -> float:
    """A session holds the incident's row in mid-transaction while its team lead falls due, and then lets it go."""
    incident_id = probe.world.declare()
    probe.world.settle()
    with probe.world.database.transaction() as session:
        incidents.get_for_change(session, incident_id)
        probe.world.step_clock(31 * 60)
        time.sleep(2.0)
    return _until_paged(probe, incident_id, Role.TEAM_LEAD)


def killed_worker(probe: Probe) -> float:
    """The worker dies in the middle of a post, and another runs beside it."""
    probe.world.start(probe.stack)
    fail(probe.world.playground, "chat.postMessage", "timeout_after", seconds=60)
    incident_id = probe.world.declare()
    probe.world.wait_until_held()
    probe.worker.kill()
    return _until_paged(probe, incident_id)


def paused_worker(probe: Probe) -> float:
    """The worker is stopped in the middle of a post, another takes over, and then the first goes on."""
    fail(probe.world.playground, "chat.postMessage", "timeout_after", seconds=60)
    incident_id = probe.world.declare()
    probe.world.wait_until_held()
    probe.worker.pause()
    began = time.monotonic()
    probe.world.start(probe.stack)
    probe.world.wait_for_pings(incident_id, {Role.ON_CALL}, seconds=120)
    took = time.monotonic() - began
    probe.worker.go_on()
    return took


def stopped_without_a_database(probe: Probe) -> float:
    """SIGTERM with the database silent and a post under way, until the process has ended."""
    fail(probe.world.playground, "chat.postMessage", "timeout_after", seconds=6)
    incident_id = probe.world.declare()
    probe.world.wait_until_held()
    probe.proxy.fall_silent()
    began = time.monotonic()
    assert probe.worker.stop(within=60) == 0
    took = time.monotonic() - began
    probe.proxy.speak()
    probe.world.start(probe.stack)
    probe.world.wait_for_pings(incident_id, {Role.ON_CALL}, seconds=120)
    return took


# Each with what it may take, in seconds.
PROBES: dict[Callable[[Probe], float], float] = {
    quiet: 3,
    vanished_server: 60,
    restarted_server: 60,
    server_away: 60,
    read_only_server: 60,
    refused_token: 60,
    look_ups_fail: 5,
    decoration_fails: 5,
    no_wait_asked_for: 60,
    lost_channel: 5,
    locked_incident: 5,
    killed_worker: 60,
    paused_worker: 60,
    stopped_without_a_database: 20,
}


def measure(times: int) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as name, embedded_postgres(Path(name) / "pg") as url:
        database = Database(url.replace("/postgres?", "/probes?"), connections=8)
        _create(url)
        upgrade(database.engine)
        (Path(name) / "world").mkdir()
        with pagers(database, Path(name) / "data", Path(name) / "world") as world:
            for probe, bound in PROBES.items():
                took = [_run(world, probe) for _ in range(times)]
                called = probe.__name__.replace("_", " ")
                figure(f"{called}: median of {times}", statistics.median(took), "s", bound)
                figure(f"{called}: longest", max(took), "s", bound)
            _killed_embedded(Path(name) / "killed", times)
        database.close()


def _run(world: Pagers, probe: Callable[[Probe], float]) -> float:
    with proxied(world.database.url) as proxy, ExitStack() as stack:
        world.environment["DATABASE_URL"] = proxy.url
        worker = world.start(stack)
        world.settle()
        took = probe(Probe(world, proxy, worker, stack))
        world.each_ping_once()
    return took


def _until_paged(probe: Probe, incident_id: int, role: Role = Role.ON_CALL) -> float:
    began = time.monotonic()
    probe.world.wait_for_pings(incident_id, {role}, seconds=120)
    return time.monotonic() - began


@contextmanager
def _read_only(database: Database) -> Iterator[None]:
    name = database.engine.url.database
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"alter database {name} set default_transaction_read_only = on"))
        cut_connections(database)
    try:
        yield
    finally:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("set default_transaction_read_only = off"))
            connection.execute(text(f"alter database {name} reset default_transaction_read_only"))
        cut_connections(database)


def _create(url: str) -> None:
    admin = Database(url, connections=1)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database probes"))
    admin.close()


def _killed_embedded(folder: Path, times: int) -> None:
    """Its postmaster is killed; until it answers again."""

    def lost(sentence: str) -> None:
        raise AssertionError(sentence)

    took = []
    with embedded_postgres(folder, lost) as url:
        database = Database(url, connections=1)
        for _ in range(times):
            kill_server(folder)
            began = time.monotonic()
            assert wait_for_answer(database)
            took.append(time.monotonic() - began)
        database.close()
    figure(f"killed embedded postgres: median of {times}", statistics.median(took), "s", 60)
    figure("killed embedded postgres: longest", max(took), "s", 60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="how often each fault is tried")
    measure(parser.parse_args().times)
