"""Trouble on request: a Slack that fails, a Slack that is away, a database that is away; what must hold after it."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, text

from bot.store.engine import Database, driver_url
from slack_playground.app import Playground


def control(playground: Playground, path: str, **body: object) -> dict[str, Any]:
    """Call the playground's control interface."""
    request = urllib.request.Request(f"{playground.url}/control/{path}", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    assert found["ok"], found
    return found


def fail(playground: Playground, method: str, kind: str, times: int = 1, **more: object) -> None:
    """The next calls of this method meet this fault."""
    control(playground, "faults", method=method, kind=kind, times=times, **more)


def sent_events(playground: Playground) -> list[dict[str, Any]]:
    """The events that the app was sent lately, oldest first: id and type."""
    with urllib.request.urlopen(f"{playground.url}/control/events", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["events"]
    return found


def forget_faults(playground: Playground) -> None:
    """No call fails any more."""
    request = urllib.request.Request(f"{playground.url}/control/faults", method="DELETE")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["ok"]


def faults_left(playground: Playground) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{playground.url}/control/faults", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["faults"]
    return found


def journal(playground: Playground, method: str = "") -> list[dict[str, Any]]:
    """The Web API's calls, oldest first."""
    kept = playground.workspace.journal
    return playground.on_loop(lambda: kept.since(0, method))


def wait_for_call(playground: Playground, since: int, method: str = "", seconds: float = 120) -> int:
    """Until Slack is called after call number `since`; the number of that call."""
    found: list[dict[str, Any]] = []
    done = threading.Event()

    async def wait() -> None:
        found.extend(await playground.workspace.journal.wait(since, method, seconds))
        done.set()

    tasks = [playground.on_loop(lambda: asyncio.ensure_future(wait()))]
    assert done.wait(seconds + 5), f"{tasks} did not end"
    assert found, f"nobody called {method or 'Slack'} within {seconds:g} s"
    return int(found[0]["n"])


def keys_said(playground: Playground) -> Counter[str]:
    """How often each thing that the bot had to say stands in Slack, by its key."""
    found: Counter[str] = Counter()
    for channel in list(playground.workspace.channels.values()):
        for message in list(channel.messages.values()):
            key = ((message.get("metadata") or {}).get("event_payload") or {}).get("key")
            if key:
                found[str(key)] += 1
    return found


def nothing_twice(playground: Playground) -> Counter[str]:
    """What was said, each once. Fails where something stands there twice."""
    found = keys_said(playground)
    assert {key: number for key, number in found.items() if number > 1} == {}
    names = [channel.name for channel in playground.workspace.channels.values() if channel.kind == "channel"]
    assert len(names) == len(set(names))
    return found


@contextmanager
def database_away(database: Database) -> Iterator[None]:
    """Nobody gets a connection and those that exist are cut, until the block ends."""
    name = database.engine.url.database
    admin = create_engine(driver_url(database.url.replace(f"/{name}?", "/postgres?")), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"alter database {name} with allow_connections false"))
        cut(connection, str(name))
        try:
            yield
        finally:
            connection.execute(text(f"alter database {name} with allow_connections true"))
    admin.dispose()


def cut_connections(database: Database) -> None:
    """What a restart of the server does to those that are connected."""
    name = database.engine.url.database
    admin = create_engine(driver_url(database.url.replace(f"/{name}?", "/postgres?")), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        cut(connection, str(name))
    admin.dispose()


def cut(connection: Any, name: str) -> None:
    statement = text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name")
    connection.execute(statement, {"name": name})
