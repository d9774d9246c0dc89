"""What a page might ask of Slack fails, in every way: the page is sent once, and waits for none of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.escalation.rules.matrix import Role
from bot.store.engine import Database
from tests.faults.pagers import KINDS, Pagers, pagers
from tests.faults.troubles import fail, faults_left, forget_faults


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pagers]:
    with pagers(database, data_folder, tmp_path_factory.mktemp("pagers")) as world:
        yield world


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_what_is_asked_about_people_sends_a_page_once(world: Pagers, kind: str) -> None:
    """Each with a worker of its own, which has asked about nobody yet."""
    fail(world.playground, "users.info", kind, **KINDS[kind])
    incident_id = world.declare()
    with ExitStack() as stack:
        worker = world.start(stack)
        world.wait_for_pings(incident_id, {Role.ON_CALL})
        world.each_ping_once()
        assert worker.stop() == 0
    assert faults_left(world.playground) == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status", {"status": 503}),
        ("ratelimited", {"retry_after": 3_000}),
        ("error", {"error": "invalid_auth"}),
        ("timeout", {"seconds": 8}),
    ],
)
def test_a_page_does_not_wait_for_what_it_need_not_know(world: Pagers, kind: str, more: dict[str, object]) -> None:
    for method in ("users.info", "usergroups.users.list", "conversations.open"):
        fail(world.playground, method, kind, times=1_000, **more)
    incident_id = world.declare()
    with ExitStack() as stack:
        worker = world.start(stack)  # one that was told nothing by Slack before
        world.wait_for_pings(incident_id, {Role.ON_CALL})
        forget_faults(world.playground)
        world.each_ping_once()
        assert worker.stop() == 0
