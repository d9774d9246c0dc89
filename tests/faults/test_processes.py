"""Processes die in the middle, or two run at once: one channel, one card, one ping each, and nothing lost."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bench.process import unhurried_knowledge
from bot.demo.seed import seed_workspace
from bot.incidents.queries import incidents
from bot.settings import REPOSITORY
from bot.slack.replies.late import WORKING
from bot.slack.replies.unfinished import TASK, may_not_be_done
from bot.store.engine import Database
from slack_playground.app import Playground
from slack_playground.delivery.dispatch import NotAnswered
from slack_playground.page.interactions import Interactions
from slack_playground.person import Person, content_of
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.manifest import read_manifest
from tests.faults.children import Child, child, time_passes_for_the_dead
from tests.faults.readiness import free_port
from tests.faults.troubles import journal, nothing_twice, wait_for_call
from tests.journeys.story import settle
from tests.journeys.wire import dispatcher_of, on_loop
from tests.support.stage import INCIDENTS, UNHURRIED, element, wait_until_connected, weekend


@dataclass
class World:
    """Slack and the database; the bot comes and goes as processes."""

    playground: Playground
    database: Database
    environment: dict[str, str]
    log: Path
    started: list[Child] = field(default_factory=list)

    @property
    def responder(self) -> Person:
        return Person(self.playground.url, "U0RESPONDER")

    def start(self, stack: ExitStack, command: str = "run") -> Child:
        self.started.append(stack.enter_context(child(command, self.environment, self.log)))
        return self.started[-1]

    def refs(self) -> list[str]:
        with self.database.engine.connect() as connection:
            return list(connection.scalars(text("select ref from incidents order by incident_id")))

    def time_passes_for_the_dead(self) -> None:
        time_passes_for_the_dead(self.database, self.started)


@pytest.fixture(scope="module")
def world(database: Database, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    clock = DemoClock(folder / "clock.json", virtual=weekend())
    manifest = read_manifest(REPOSITORY / "slack-manifest.yaml")
    workspace = seed_workspace(clock, timing=UNHURRIED, manifest=manifest)
    with Playground(workspace) as playground:
        environment = {
            "DATABASE_URL": database.url,
            "SLACK_BASE_URL": playground.api_url,
            "SLACK_BOT_TOKEN": "xoxb-playground",
            "SLACK_APP_TOKEN": "xapp-playground",
            "TOCSIN_DATA": str(data_folder),
            "TOCSIN_CLOCK_FILE": str(folder / "clock.json"),
            "TOCSIN_WEB_PORT": "0",
            "TOCSIN_KNOWLEDGE": str(unhurried_knowledge(folder / "knowledge")),
        }
        yield World(playground, database, environment, folder / "log.txt")


def everything_once(world: World) -> None:
    settle(world.database, 60)
    said = nothing_twice(world.playground)
    with world.database.engine.connect() as connection:
        incident_ids = list(connection.scalars(text("select incident_id from incidents")))
        sent = list(connection.scalars(text("select ping_id from pings where state = 'sent'")))
        unsent = connection.scalar(text("select count(*) from pings where state = 'sending'"))
        # What runs again by itself is not lost where a version before December 2026 took it without knowing it.
        failed = list(connection.scalars(text("select task_name from procrastinate_jobs where status = 'failed'")))
        failed = [name for name in failed if not name.startswith("periodic.")]
    assert (unsent, failed) == (0, [])
    for incident_id in incident_ids:
        assert (said[f"card:{incident_id}"], said[f"mirror:{incident_id}"]) == (1, 1)
    assert len(sent) >= len(incident_ids)
    assert all(said[f"ping:{ping_id}:U0RESPONDER"] == 1 for ping_id in sent)
    rooms = [room for room in world.playground.workspace.channels.values() if room.name.startswith("inc-")]
    assert len(rooms) == len(incident_ids)
    assert all(len(room.pins) == 1 and "U0RESPONDER" in room.members for room in rooms)


@pytest.mark.parametrize("method", ["conversations.create", "chat.postMessage", "pins.add"])
def test_a_process_killed_in_the_middle_of_a_declaration_is_continued_by_the_next(world: World, method: str) -> None:
    with ExitStack() as stack:
        first = world.start(stack)
        wait_until_connected(world.playground)
        before = world.refs()
        since = journal(world.playground)[-1]["n"]
        world.responder.command(INCIDENTS, f"/incident declare! P1 killed at {method.replace('.', ' ')}")
        wait_for_call(world.playground, since, method)
        first.kill()
        assert len(world.refs()) == len(before) + 1
        world.time_passes_for_the_dead()
        second = world.start(stack)
        everything_once(world)
        assert second.stop() == 0


def test_two_replicas_at_once_do_nothing_twice_and_one_carries_on_when_the_other_dies(world: World) -> None:
    with ExitStack() as stack:
        first, second = world.start(stack), world.start(stack)
        wait_until_connected(world.playground)
        before = len(world.refs())
        for number in range(6):
            world.responder.command(INCIDENTS, f"/incident declare! P1 replicas at work {number}")
            world.responder.say(INCIDENTS, f"all customers are locked out of shop {number}, nobody can log in")
        everything_once(world)
        assert len(world.refs()) == before + 6
        for number in range(4):
            world.responder.command(INCIDENTS, f"/incident declare! P1 one of two dies {number}")
        first.kill()
        world.time_passes_for_the_dead()
        everything_once(world)
        assert len(world.refs()) == before + 10
        assert second.stop() == 0


def test_a_command_under_way_is_answered_before_its_process_ends(world: World) -> None:
    world.environment["TOCSIN_WEB_PORT"] = str(port := free_port())
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        bot = world.start(stack)
        wait_until_connected(world.playground)
        world.responder.command(INCIDENTS, "/incident declare! P1 the disk fills")
        ref = world.refs()[-1]
        with world.database.transaction() as session:
            incidents.get_for_change(session, incidents.get_by_ref(session, ref).incident_id)
            typed = pool.submit(world.responder.command, INCIDENTS, f"/incident note {ref} at the last moment")
            wait_until(lambda: someone_waits_for_a_lock(world))
            bot.ask_to_end()
            wait_until(lambda: not answers(port))  # the pages end first
            with pytest.raises(AssertionError):  # it does not hang up
                wait_until(lambda: not dispatcher_of(world.playground).links, seconds=0.5)
        assert typed.result(30) >= 0
        assert bot.wait() == 0
    world.environment["TOCSIN_WEB_PORT"] = "0"
    with ExitStack() as stack:
        bot = world.start(stack)
        everything_once(world)
        wait_until_connected(world.playground)
        with world.database.transaction() as session:
            incidents.get_for_change(session, incidents.get_by_ref(session, ref).incident_id)
            world.responder.command(INCIDENTS, f"/incident severity {ref} P2")  # which is acknowledged, and not done
            assert content_of(world.responder.ephemerals(INCIDENTS)[-1]) == WORKING
            wait_until(lambda: make_due(world, TASK))
            bot.kill()
        world.start(stack, "worker")
        everything_once(world)
    said = [content_of(message) for message in world.responder.messages(world.responder.dm_with("U0TOCSIN"))]
    assert may_not_be_done(f"Your `/incident severity {ref}`") in said


def make_due(world: World, task: str) -> bool:
    """Whether there is such a job; it is due then."""
    due = text("update procrastinate_jobs set scheduled_at = now() where task_name = :task returning id")
    with world.database.transaction() as session:
        return session.scalar(due, {"task": task}) is not None


def someone_waits_for_a_lock(world: World) -> bool:
    waiting = text("select exists (select from pg_stat_activity where wait_event_type = 'Lock')")
    with world.database.engine.connect() as connection:
        return bool(connection.scalar(waiting))


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # neither locks nor ports tell of themselves


_PRESSED = ("playbook_done", "playbook_not_helped")


def press_as_shown(world: World, person: Person, message: dict[str, Any], action_id: str) -> None:
    """Press a button with the value that it had when the message was read; nobody may hear it."""
    interactions = Interactions(world.playground.workspace, dispatcher_of(world.playground))
    channel, found = world.playground.workspace.channels[message["channel"]], element(message, action_id)
    given = {"value": found["value"]}
    with suppress(NotAnswered):
        on_loop(
            world.playground,
            lambda: interactions.press(person.user_id, message, channel, found["block_id"], action_id, given),
        )


def test_of_two_replicas_of_which_one_is_killed_each_step_of_a_playbook_is_decided_once(world: World) -> None:
    people = [Person(world.playground.url, user_id) for user_id in ("U0RESPONDER", "U0TEAMLEAD")]
    with ExitStack() as stack:
        first, second = world.start(stack), world.start(stack)
        wait_until_connected(world.playground)
        known = set(world.refs())
        for number in range(6):
            world.responder.command(INCIDENTS, f"/incident declare! P1 lambda is denied {number}")
        everything_once(world)
        rooms = [world.responder.wait_for_channel(ref.lower())["id"] for ref in world.refs() if ref not in known]
        for room in rooms:
            people[1].act("join", channel=room)
            world.responder.command(room, "/incident playbook lambda")
        settle(world.database, 60)
        shown = [
            next(said for said in world.responder.messages(room) if "playbook_done" in str(said)) for room in rooms
        ]

        def press(place: int) -> None:
            """Two people press on each run as it was shown first; what the dying one was to hear is pressed again."""
            if place == len(shown):
                first.kill()
            press_as_shown(world, people[place % 2], shown[place // 2], _PRESSED[place % 2])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(press, range(2 * len(shown))))
        world.time_passes_for_the_dead()
        settle(world.database, 60)
        for message in shown:  # what got lost is pressed again, what did not is refused
            press_as_shown(world, people[0], message, "playbook_done")
        settle(world.database, 60)
        said = nothing_twice(world.playground)
        with world.database.engine.connect() as connection:
            decided = connection.execute(
                text("select run_id, count(*) from playbook_steps where outcome is not null group by run_id")
            ).all()
            recorded = connection.scalar(text("select count(*) from timeline_entries where kind = 'playbook_step'"))
        assert [number for _, number in decided] == [1] * len(rooms) and recorded == len(rooms)
        assert [said[f"playbook-run:{run_id}"] for run_id, _ in decided] == [1] * len(rooms)
        assert second.stop() == 0
