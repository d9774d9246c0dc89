"""Fixtures for tests that need a Slack: a playground, its people, its journal. Load with `pytest_plugins`."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient

from bot.demo.seed import seed_workspace
from slack_playground.app import Playground
from slack_playground.person import Person
from slack_playground.workspace.manifest import read_manifest
from slack_playground.workspace.workspace import Timing

MANIFEST = Path(__file__).parents[1] / "slack-manifest.yaml"
QUICK = Timing(ack=3.0, trigger=3.0, retries=(0.05, 0.1, 0.2), connect=5.0)

PersonNamed = Callable[[str], Person]


class Control:
    """The playground's control interface, for tests."""

    def __init__(self, url: str) -> None:
        self.url = url

    def journal(self, method: str = "", since: int = 0) -> list[dict[str, Any]]:
        """Calls answered so far, oldest first."""
        entries: list[dict[str, Any]] = self._ask("GET", f"journal?method={method}&since={since}")["entries"]
        return entries

    def wait_journal(self, method: str = "", since: int = 0, timeout: float = 60) -> list[dict[str, Any]]:
        """Calls of a method after `since`; waits for the first one, fails where none comes."""
        path = f"wait-journal?method={method}&since={since}&timeout={timeout}"
        entries: list[dict[str, Any]] = self._ask("GET", path)["entries"]
        assert entries, f"no call of {method or 'any method'} within {timeout} s"
        return entries

    def fault(self, method: str, kind: str, times: int = 1, **more: Any) -> None:
        """Let the next calls of a method fail."""
        self._ask("POST", "faults", {"method": method, "kind": kind, "times": times, **more})

    def faults(self) -> list[dict[str, Any]]:
        """Faults that have not happened yet."""
        left: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return left

    def clear_faults(self) -> None:
        """Take all faults back."""
        self._ask("DELETE", "faults")

    def refuse(self, method: str, error: str, **where: str) -> None:
        """Let a method be refused, until the faults are cleared, with an error that Slack documents for it.

        `where`: only calls with these arguments, such as `channel="C0GENERAL"`.
        """
        self._ask("POST", "faults", {"method": method, "kind": "refusal", "error": error, "where": where})

    def strictness(self, **switches: bool) -> dict[str, Any]:
        """Turn habits of Slack on and off, and say how all of them stand."""
        return self._ask("POST", "strictness", switches)

    def rate(self, method: str, calls: int, seconds: float = 60.0) -> None:
        """Give a method a rate of its own; it holds where tiers are on."""
        self._ask("POST", "tiers", {"method": method, "calls": calls, "seconds": seconds})

    def sockets(self, wish: str, reason: str = "refresh_requested") -> None:
        """ "disconnect" (with a reason), "warn", "refuse" or "allow" the app's connections."""
        self._ask("POST", "sockets", {"do": wish, "reason": reason})

    def outage(self, *, on: bool) -> None:
        """Take Slack down, or bring it back."""
        self._ask("POST", "outage", {"on": on})

    def events(self) -> list[dict[str, Any]]:
        """The events sent to the app, oldest first: `event_id` and `type`."""
        kept: list[dict[str, Any]] = self._ask("GET", "events")["events"]
        return kept

    def redeliver(self, event_id: str) -> None:
        """Send an event once more."""
        self._ask("POST", "redeliver", {"event_id": event_id})

    def request_url(self, url: str) -> None:
        """Name the app's address for HTTP mode; fails unless it answers the challenge."""
        self._ask("POST", "http", {"url": url})

    def message(self, channel: str, text: str, **more: Any) -> str:
        """Post as another bot (`bot`) or with a subtype; the ts."""
        return str(self._ask("POST", "message", {"channel": channel, "text": text, **more})["ts"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=70) as response:
            answer: dict[str, Any] = json.loads(response.read())
        return answer


def close_quickly(client: SocketModeClient, playground: Playground) -> None:
    """Close an app's connection from Slack's side first: the client alone would sit out its receive timeout."""
    client.auto_reconnect_enabled = False
    client.closed = True
    client.enqueue_message("")  # wakes the thread that would wait a second for a message before it looks at `closed`
    Control(playground.url).sockets("refuse")
    try:
        client.close()
    except AttributeError:  # its own thread closed the socket in the same moment; the second attempt finds none
        client.close()


@pytest.fixture
def playground() -> Iterator[Playground]:
    """A playground of the demo's people, with the shipped manifest's commands and shortcuts but every right."""
    everything = replace(read_manifest(MANIFEST), events=None, scopes=None, home_tab=True, messages_tab=True)
    with Playground(seed_workspace(timing=QUICK, manifest=everything)) as running:
        yield running


@pytest.fixture
def manifest_playground() -> Iterator[Playground]:
    """A playground that allows the app what the shipped manifest asks for, and nothing else."""
    with Playground(seed_workspace(timing=QUICK, manifest=read_manifest(MANIFEST))) as running:
        yield running


@pytest.fixture
def person(playground: Playground) -> PersonNamed:
    """People by user id: `person("U0RESPONDER")`."""
    return lambda user_id: Person(playground.url, user_id)


@pytest.fixture
def responder(person: PersonNamed) -> Person:
    """The on-call engineer."""
    return person("U0RESPONDER")


@pytest.fixture
def control(playground: Playground) -> Control:
    """The playground's journal and faults."""
    return Control(playground.url)


@pytest.fixture
def web_client(playground: Playground) -> WebClient:
    """The real Web API client, with the bot's token."""
    return WebClient("xoxb-playground", base_url=playground.api_url)
