"""A database that is gone without a word: paging goes on with its successor, readiness says so, stopping ends."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.escalation.rules.matrix import Role
from bot.store.engine import Database
from bot.wiring.monitoring.health import OVERDUE
from tests.faults.children import child
from tests.faults.pagers import Pagers, pagers
from tests.faults.readiness import free_port, readiness, wait_for_readiness
from tests.faults.silence import Proxy, proxied
from tests.faults.troubles import database_away, fail


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pagers]:
    with pagers(database, data_folder, tmp_path_factory.mktemp("pagers")) as world:
        yield world


@pytest.fixture
def proxy(world: Pagers, database: Database) -> Iterator[Proxy]:
    """What the bot's processes reach the database through."""
    with proxied(database.url) as proxy:
        world.environment["DATABASE_URL"] = proxy.url
        yield proxy


def test_paging_goes_on_after_a_server_that_vanished(world: Pagers, proxy: Proxy) -> None:
    with ExitStack() as stack:
        worker = world.start(stack)
        world.wait_for_pings(world.declare(), {Role.ON_CALL})
        world.settle()
        proxy.fail_over()
        incident_id = world.declare()
        world.wait_for_pings(incident_id, {Role.ON_CALL}, seconds=60)
        world.each_ping_once()
        assert worker.stop() == 0


def test_readiness_says_that_the_database_is_silent_until_it_answers_again(world: Pagers, proxy: Proxy) -> None:
    port = free_port()
    environment = world.environment | {
        "TOCSIN_WEB_PORT": str(port),
        "SLACK_SIGNING_SECRET": "playground",
    }
    with child("run", environment, world.log):
        wait_for_readiness(port, True)
        said = readiness(port)
        assert said["oldest_due_page_seconds"] == 0
        assert said["sweep_age_seconds"] < OVERDUE
        assert said["slack_age_seconds"] >= 0
        assert said["jobs_waiting"] >= 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b"tocsin_ready 1.0" in answer.read()
        proxy.fall_silent()
        assert "database: no answer within 2 s" in wait_for_readiness(port, False)
        proxy.speak()
        assert wait_for_readiness(port, True) == []


def test_a_worker_ends_though_the_database_is_silent(world: Pagers, proxy: Proxy) -> None:
    with ExitStack() as stack:
        worker = world.start(stack)
        proxy.fall_silent()
        assert worker.stop(within=20) == 0
    world.environment["DATABASE_URL"] = world.database.url
    incident_id = world.declare()
    with ExitStack() as stack:
        world.start(stack)
        world.wait_for_pings(incident_id, {Role.ON_CALL})
        world.each_ping_once()


@pytest.mark.parametrize(("command", "trouble"), [("worker", "silent"), ("run", "away")])
def test_it_ends_in_time_with_a_post_under_way_and_loses_nothing(
    world: Pagers, proxy: Proxy, command: str, trouble: str
) -> None:
    web = {"TOCSIN_WEB_PORT": str(free_port()), "SLACK_SIGNING_SECRET": "playground"}
    with child(command, world.environment | web, world.log) as bot, ExitStack() as stack:
        fail(world.playground, "chat.postMessage", "timeout_after", seconds=6)
        incident_id = world.declare()
        world.wait_until_held()
        if trouble == "silent":
            proxy.fall_silent()
        else:
            stack.enter_context(database_away(world.database))
        assert bot.stop(within=20) == 0
    world.environment["DATABASE_URL"] = world.database.url
    world.time_passes_for_the_dead()
    with ExitStack() as stack:
        world.start(stack)
        world.wait_for_pings(incident_id, {Role.ON_CALL})
        world.each_ping_once()
