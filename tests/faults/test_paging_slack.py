"""Slack refuses, hangs, hangs up, also after it took the message; clocks step: every ping once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.escalation.rules.matrix import Role
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.faults.pagers import KINDS, Pagers, pagers
from tests.faults.troubles import fail, faults_left
from tests.journeys.story import settle

HOUR = 3600.0


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pagers]:
    """With one worker that runs through all tests."""
    with pagers(database, data_folder, tmp_path_factory.mktemp("pagers")) as world, ExitStack() as stack:
        worker = world.start(stack)
        yield world
        assert worker.stop() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_any_call_of_a_ping_sends_it_once(world: Pagers, kind: str) -> None:
    incident_id = world.declare()
    settle(world.database)
    for method in ("chat.postMessage", "conversations.invite", "chat.update"):
        fail(world.playground, method, kind, **KINDS[kind])
        world.escalate(incident_id, Role.VP, f"{kind} of {method}")
        if method == "chat.update":
            settle(world.database, 60)
            world.acknowledge(incident_id)
        world.each_ping_once()
    assert faults_left(world.playground) == []


@pytest.mark.parametrize("kind", KINDS)
def test_faults_in_the_middle_of_many_pings_send_each_once(world: Pagers, kind: str) -> None:
    fail(world.playground, "chat.postMessage", kind, times=5, **KINDS[kind])
    found = [world.declare(before=timedelta(minutes=31)) for _ in range(6)]
    for incident_id in found:
        world.wait_for_pings(incident_id, {Role.ON_CALL, Role.SECONDARY, Role.TEAM_LEAD})
    world.each_ping_once()


def test_slack_away_for_a_while_loses_nothing(world: Pagers) -> None:
    incident_id = world.declare()
    settle(world.database)
    fail(world.playground, "chat.postMessage", "status", times=4, status=503)
    ping_ids = [world.escalate(incident_id, role, "slack is away") for role in (Role.VP, Role.TEAM_LEAD)]
    world.each_ping_once()
    assert {ping.state for ping in world.pings(incident_id) if ping.ping_id in ping_ids} == {"sent"}


@pytest.mark.parametrize("step", [3 * HOUR, -3 * HOUR, 30 * HOUR, -30 * HOUR])
@pytest.mark.parametrize("kind", ["drop_after", "timeout_after"])
def test_a_clock_that_steps_while_an_answer_is_lost_sends_nothing_twice(world: Pagers, step: float, kind: str) -> None:
    incident_id = world.declare(Severity.P3)
    settle(world.database)
    fail(world.playground, "chat.postMessage", kind, seconds=0.3)
    world.escalate(incident_id, Role.VP, f"the clock steps by {step:g} s")
    world.wait_until_held()
    world.step_clock(step)
    world.each_ping_once()
    world.step_clock(-step)
    world.each_ping_once()


def test_a_clock_stepped_forward_pages_who_is_due_by_it_and_back_pages_nobody_again(world: Pagers) -> None:
    incident_id = world.declare()
    world.wait_for_pings(incident_id, {Role.ON_CALL})
    world.step_clock(31 * 60)
    world.wait_for_pings(incident_id, {Role.ON_CALL, Role.SECONDARY, Role.TEAM_LEAD})
    world.each_ping_once()
    before = {ping.ping_id for ping in world.pings(incident_id) if ping.state == "sent"}
    world.step_clock(-2 * HOUR)
    world.acknowledge(incident_id)
    world.each_ping_once()
    assert {ping.ping_id for ping in world.pings(incident_id) if ping.state == "sent"} == before
    world.step_clock(2 * HOUR)
    world.each_ping_once()
