"""Workers killed in the middle of a ping, and several at once: every ping once, none lost."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.escalation.rules.matrix import Role
from bot.store.engine import Database
from tests.faults.pagers import Pagers, pagers
from tests.faults.troubles import cut_connections, fail
from tests.journeys.story import settle

LADDER = {Role.ON_CALL, Role.SECONDARY, Role.TEAM_LEAD, Role.ENGINEERING_MANAGER}


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pagers]:
    with pagers(database, data_folder, tmp_path_factory.mktemp("pagers")) as world:
        yield world


# Where a worker is when it is killed: the call that is held, before Slack takes it or after.
STEPS = [
    ("users.info", "timeout"),
    ("chat.postMessage", "timeout"),
    ("chat.postMessage", "timeout_after"),
    ("conversations.invite", "timeout"),
    ("conversations.invite", "timeout_after"),
]


def test_a_worker_killed_at_every_step_of_a_ping_is_continued_by_the_next(world: Pagers) -> None:
    with ExitStack() as stack:
        worker = world.start(stack)
        incident_id = world.declare()
        settle(world.database)
        sent = []
        for (method, kind), role in zip(STEPS, itertools.cycle((Role.VP, Role.TEAM_LEAD)), strict=False):
            fail(world.playground, method, kind, seconds=60)
            sent.append(world.escalate(incident_id, role, f"killed at {method} {kind}"))
            world.wait_until_held()
            worker.kill()
            world.time_passes_for_the_dead()
            worker = world.start(stack)
            world.each_ping_once()
        assert {ping.state for ping in world.pings(incident_id) if ping.ping_id in sent} == {"sent"}
        assert worker.stop() == 0


@pytest.mark.parametrize("kind", ["timeout", "timeout_after"])
def test_a_worker_killed_in_the_middle_of_many_pings_is_continued(world: Pagers, kind: str) -> None:
    """So many that they share jobs; some were posted, some were on their way, some were not begun."""
    with ExitStack() as stack:
        first = world.start(stack)
        found = [world.declare(before=timedelta(minutes=31)) for _ in range(12)]
        fail(world.playground, "chat.postMessage", "drop_after", times=2)
        fail(world.playground, "chat.postMessage", kind, times=3, seconds=60)
        world.wait_until_held()
        first.kill()
        world.time_passes_for_the_dead()
        second = world.start(stack)
        for incident_id in found:
            world.wait_for_pings(incident_id, {Role.ON_CALL, Role.SECONDARY, Role.TEAM_LEAD})
        world.each_ping_once()
        assert second.stop() == 0


@pytest.mark.parametrize("kind", ["timeout", "timeout_after"])
def test_a_worker_killed_while_it_says_who_acknowledged_is_continued(world: Pagers, kind: str) -> None:
    with ExitStack() as stack:
        worker = world.start(stack)
        incident_id = world.declare()
        settle(world.database)
        fail(world.playground, "chat.update", kind, seconds=60)
        world.acknowledge(incident_id)
        world.wait_until_held()
        worker.kill()
        world.time_passes_for_the_dead()
        worker = world.start(stack)
        world.each_ping_once()
        assert worker.stop() == 0


def test_what_fell_due_while_nobody_ran_is_sent_at_the_start_and_says_how_late(world: Pagers) -> None:
    incident_id = world.declare(before=timedelta(minutes=70))
    with ExitStack() as stack:
        worker = world.start(stack)
        world.wait_for_pings(incident_id, LADDER)
        world.each_ping_once()
        assert worker.stop() == 0
    room = world.playground.workspace.channels
    said = " ".join(str(message) for channel in room.values() for message in channel.messages.values())
    # A machine that is busy takes some of the next minutes to start a worker.
    assert re.search(r"\b4[0-4] min late", said) and re.search(r"\b1[0-4] min late", said), "the lead and the manager"


@pytest.mark.parametrize("count", [2, 4])
def test_several_replicas_page_everybody_once_even_when_one_dies(world: Pagers, count: int) -> None:
    with ExitStack() as stack:
        workers = [world.start(stack) for _ in range(count)]
        found = [world.declare(before=timedelta(minutes=61)) for _ in range(8)]
        world.wait_for_pings(found[0], {Role.ON_CALL})
        workers[0].kill()
        world.time_passes_for_the_dead()
        found += [world.declare(before=timedelta(minutes=61)) for _ in range(4)]
        for incident_id in found:
            world.wait_for_pings(incident_id, LADDER)
        world.each_ping_once()
        assert [worker.stop() for worker in workers[1:]] == [0] * (count - 1)


def test_pings_survive_that_all_connections_to_postgresql_are_cut(world: Pagers) -> None:
    with ExitStack() as stack:
        workers = [world.start(stack), world.start(stack)]
        incident_id = world.declare()
        settle(world.database)
        for kind in ("timeout", "timeout_after"):
            fail(world.playground, "chat.postMessage", kind, seconds=1)
            world.escalate(incident_id, Role.TEAM_LEAD, f"the database restarts, {kind}")
            world.wait_until_held()
            cut_connections(world.database)
            world.each_ping_once()
        found = [world.declare(before=timedelta(minutes=61)) for _ in range(4)]
        cut_connections(world.database)
        for incident_id in found:
            world.wait_for_pings(incident_id, LADDER)
        world.each_ping_once()
        assert [worker.stop() for worker in workers] == [0, 0]
