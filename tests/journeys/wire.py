"""What no screen lets a person do on purpose: press what another screen still shows, send one payload twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from slack_playground.app import Playground
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.page.interactions import Interactions
from slack_playground.person import Person, content_of
from tests.support.stage import Stage, element

Message = dict[str, Any]


def on_loop(playground: Playground, work: Callable[[], Awaitable[Any]]) -> Any:
    """The result of a coroutine that runs inside the playground."""
    done = threading.Event()
    result: list[Any] = []
    failure: list[BaseException] = []

    async def run() -> None:
        try:
            result.append(await work())
        except Exception as error:  # noqa: BLE001  # handed to the thread that waits
            failure.append(error)
        finally:
            done.set()

    tasks = [playground.on_loop(lambda: asyncio.ensure_future(run()))]
    assert done.wait(20), f"{tasks} did not end"
    if failure:
        raise failure[0]
    return result[0]


def dispatcher_of(playground: Playground) -> Dispatcher:
    sink = playground.workspace.sink
    assert isinstance(sink, Dispatcher)
    return sink


def press_stale(stage: Stage, person: Person, message: Message, action_id: str, option: str | None = None) -> str:
    """Press a button of a message as it was; what Tocsin answers to that person only."""
    found = element(message, action_id)
    given: Message = {"value": found.get("value")}
    if option:
        given["selected_option"] = next(item for item in found["options"] if item["value"].startswith(option))
    place = message["channel"]
    thread_ts = message.get("thread_ts", "")

    def whispers() -> list[Message]:
        shown = person.replies(place, thread_ts) if thread_ts else person.messages(place)
        return [said for said in shown if said.get("is_ephemeral")]

    before = {said["ts"] for said in whispers()}
    interactions = Interactions(stage.playground.workspace, dispatcher_of(stage.playground))
    channel = stage.playground.workspace.channels[place]
    on_loop(
        stage.playground,
        lambda: interactions.press(person.user_id, message, channel, found["block_id"], action_id, given),
    )
    answer = person.wait_for(
        lambda: next((said for said in whispers() if said["ts"] not in before), None),
        what=f"an answer to the press on a stale {action_id}",
    )
    return content_of(answer)


class Twice:
    """Stands for the dispatcher where one payload reaches the app a second time."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def ask(self, kind: str, payload: Message) -> tuple[Message, int]:
        await self._dispatcher.ask(kind, payload)
        return await self._dispatcher.ask(kind, payload)


def command_twice(stage: Stage, person: Person, channel: str, text: str) -> None:
    """Type a command whose payload arrives twice."""
    interactions = Interactions(stage.playground.workspace, Twice(dispatcher_of(stage.playground)))  # type: ignore[arg-type]  # all that is used of it
    place = stage.playground.workspace.channels[person.channel_id(channel)]
    name, _, rest = text.partition(" ")
    on_loop(stage.playground, lambda: interactions.command(person.user_id, place, name, rest))


def submit_stale(stage: Stage, person: Person, form: Message, filled: Message) -> dict[str, str]:
    """Send a form that was sent before; what is wrong with which block."""
    interactions = Interactions(stage.playground.workspace, dispatcher_of(stage.playground))
    errors: dict[str, str] = on_loop(stage.playground, lambda: interactions.submit(person.user_id, form, filled))
    return errors
