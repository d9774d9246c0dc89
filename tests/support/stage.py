"""The stage of whole stories: a real PostgreSQL, the playground, and the real bot between them, in this process.

`Stage` is built once a module; every test makes incidents of its own, so that stories do not meet.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.context import AppContext, Policy
from bot.demo.seed import seed_workspace
from bot.escalation.rules.matrix import Burst
from bot.settings import REPOSITORY, Settings
from bot.store.engine import Database
from bot.wiring.service import Parts, Service, build_context
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.manifest import read_manifest
from slack_playground.workspace.workspace import Timing

INCIDENTS = "incident-response"
BOT = "U0TOCSIN"


@dataclass(frozen=True)
class Stage:
    """What a story plays on. People are `Person`s of the playground, named by role."""

    playground: Playground
    clock: DemoClock
    database: Database
    context: AppContext
    settings: Settings

    def person(self, user_id: str) -> Person:
        return Person(self.playground.url, user_id)

    @property
    def responder(self) -> Person:
        return self.person("U0RESPONDER")

    @property
    def team_lead(self) -> Person:
        return self.person("U0TEAMLEAD")

    @property
    def manager(self) -> Person:
        return self.person("U0MANAGER")

    def declare(self, text: str, by: Person | None = None) -> tuple[str, dict[str, Any]]:
        """Declare by command, whatever else is open; the incident's ref and its channel, once the card is in it."""
        by = by or self.responder
        by.command(INCIDENTS, f"/incident declare! {text}")
        said = by.wait_for_ephemeral(INCIDENTS, "declared")
        ref = next(word for word in said["text"].split() if word.startswith("INC-"))
        return ref, self.room(by, ref)

    def room(self, person: Person, ref: str) -> dict[str, Any]:
        """The incident's channel, once its card is there and the person was invited."""
        channel = person.wait_for_channel(ref.lower())
        person.wait_for(lambda: person.messages(channel["id"]) or None, what=f"the card of {ref}")
        return channel


def texts(messages: list[dict[str, Any]]) -> list[str]:
    """What messages say, blocks included, for comparing."""
    return [str(message.get("text", "")) + " " + str(message.get("blocks", "")) for message in messages]


def element(message: dict[str, Any], action_id: str) -> dict[str, Any]:
    """A button or select of a message by its action id, with the block id that a press needs."""
    for block in message.get("blocks", []):
        for found in [*block.get("elements", []), block.get("accessory") or {}]:
            if found.get("action_id") == action_id:
                return {**found, "block_id": block["block_id"]}
    raise AssertionError(f"no {action_id} in {message.get('blocks')}")


def press(person: Person, channel: str, message: dict[str, Any], action_id: str, option: str | None = None) -> None:
    """Press a button, or choose the option whose value starts so."""
    found = element(message, action_id)
    arguments: dict[str, Any] = {"block_id": found["block_id"], "action_id": action_id}
    if option is not None:
        arguments["selected_option"] = next(item for item in found["options"] if item["value"].startswith(option))
    else:
        arguments["value"] = found["value"]
    place = (
        {"message_ts": message["ts"]} if not message.get("ephemeral_id") else {"ephemeral_id": message["ephemeral_id"]}
    )
    person.act("press", channel=person.channel_id(channel), **place, **arguments)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """The service in a thread, until the block ends."""
    ready = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            service.run(lambda _line: ready.set())
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="service")
    thread.start()
    try:
        assert ready.wait(120), "the bot did not become ready"
        if failed:
            raise failed[0]
        yield
    finally:
        service.stop()
        thread.join(120)


# A machine that is busy with other tests is no fault of the bot's; how fast it answers is measured by `make bench`.
UNHURRIED = Timing(ack=12.0, trigger=12.0)
PATIENT = 8.0  # seconds until the bot acknowledges what isn't done yet; four times as many as it has


def weekend() -> float:
    """Noon of the coming Saturday (UTC, seconds since the epoch): who is paged must not depend on when tests run."""
    now = datetime.now(UTC)
    day = now.date() + timedelta(days=(5 - now.weekday()) % 7 or 7)
    return datetime.combine(day, time(12), UTC).timestamp()


@contextmanager
def staged(
    database: Database,
    folder: Path,
    prepare: Callable[[Settings], Settings] = lambda settings: settings,
    patience: float = PATIENT,
    virtual: float | None = None,
) -> Iterator[Stage]:
    """A stage with the bot running on it, on a weekend; at `virtual` (seconds since the epoch) where that is given."""
    clock = DemoClock(folder / "clock.json", virtual=weekend() if virtual is None else virtual)
    tiers = "AT_SLACKS_RATES" in os.environ  # the journeys pass so, too: see CONTRIBUTING.md
    manifest = read_manifest(REPOSITORY / "slack-manifest.yaml")
    workspace = seed_workspace(clock, timing=UNHURRIED, manifest=manifest, tiers=tiers)
    with Playground(workspace) as playground:
        settings = prepare(
            Settings.model_validate(
                {
                    "DATABASE_URL": database.url,
                    "SLACK_BASE_URL": playground.api_url,
                    "SLACK_BOT_TOKEN": "xoxb-playground",
                    "SLACK_APP_TOKEN": "xapp-playground",
                    "TOCSIN_DATA": str(folder / "data"),
                    "TOCSIN_CLOCK_FILE": str(folder / "clock.json"),
                    "TOCSIN_WEB_PORT": "0",
                }
            )
        )
        context = unhurried(build_context(settings, database))
        with running(Service(settings, context, Parts(serve=False, patience=patience))):
            wait_until_connected(playground)
            yield Stage(playground, clock, database, context, settings)


def unhurried(context: AppContext) -> AppContext:
    """Whose people may declare many incidents in a row without being asked: the tests of a module do."""
    return replace(context, policy=unhurried_policy(context.policy))


def unhurried_policy(policy: Policy) -> Policy:
    """The same policy, but nobody is asked who declares many incidents in a row."""
    return replace(policy, escalation=replace(policy.escalation, ask_after=Burst(1000, timedelta(minutes=1))))


def wait_until_connected(playground: Playground) -> None:
    """The bot's Socket Mode connection is up."""
    person = Person(playground.url, "U0RESPONDER")
    person.wait_for(lambda: person.bootstrap()["app"]["connected"] or None, what="the bot's connection")
