"""Slack refuses our token, our account, or making channels: what waits is done when it accepts again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.escalation.rules.matrix import Role
from bot.incidents.queries import incidents
from bot.store.engine import Database
from tests.faults.pagers import Pagers, pagers
from tests.faults.troubles import fail, faults_left
from tests.journeys.story import settle

METHODS = ["conversations.create", "chat.postMessage", "conversations.invite", "pins.add"]


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pagers]:
    """With one worker that runs through all tests."""
    with pagers(database, data_folder, tmp_path_factory.mktemp("pagers")) as world, ExitStack() as stack:
        worker = world.start(stack)
        yield world
        assert worker.stop() == 0


def wait_for_channel(world: Pagers, incident_id: int, seconds: float = 60) -> None:
    """Until the incident has its channel, which is tried at first every second, and all that follows is done."""
    deadline = time.monotonic() + seconds
    while True:
        settle(world.database, seconds)
        with world.database.transaction() as session:
            if incidents.get(session, incident_id).channel_id is not None:
                break
        assert time.monotonic() < deadline, "no channel was made"
        time.sleep(0.1)  # nothing says when it is tried again
    settle(world.database, seconds)


@pytest.mark.parametrize("refusal", ["invalid_auth", "account_inactive", "token_revoked", "missing_scope"])
def test_refusals_of_token_account_and_scope_are_waited_out(world: Pagers, refusal: str) -> None:
    for method in METHODS:
        fail(world.playground, method, "error", times=2, error=refusal)
    incident_id = world.declare()
    world.wait_for_pings(incident_id, {Role.ON_CALL})
    wait_for_channel(world, incident_id)
    assert faults_left(world.playground) == []
    world.each_ping_once()


@pytest.mark.parametrize("refusal", ["restricted_action", "user_is_restricted", "something_new"])
def test_a_channel_that_slack_refuses_for_now_is_made_later(world: Pagers, refusal: str) -> None:
    fail(world.playground, "conversations.create", "error", times=3, error=refusal)
    incident_id = world.declare()
    wait_for_channel(world, incident_id)
    world.each_ping_once()
