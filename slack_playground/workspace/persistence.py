"""The demo's workspace and its time on disk, so that a demo goes on where it ended.

Kept: channels with all that was said, reactions, pins, bookmarks, files, canvases, App Homes. Not kept: connections,
open forms, trigger ids and response_urls, which Slack itself lets expire.
"""

import base64
import dataclasses
import itertools
import json
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from slack_playground.app import Playground
from slack_playground.workspace.clock import DemoClock
from slack_playground.workspace.records import Canvas, Channel, Json, SlackList, StoredFile
from slack_playground.workspace.workspace import Workspace

FORMAT = 1
EVERY = 1.0  # seconds between looks whether something changed
_SKIPPED = 1_000_000  # numbers left out after a restart: those used since the last save must not be used again


class NotKept(Exception):
    """There is no workspace to go on with; the message says why."""


def save_workspace(workspace: Workspace) -> str:
    """The workspace as JSON. To be called where nothing changes it meanwhile."""
    kept = {
        "format": FORMAT,
        "number": int(workspace.new_id("")[1:], 16),
        "channels": list(workspace.channels.values()),
        "direct": [[*sorted(pair), channel_id] for pair, channel_id in workspace.direct.items()],
        "files": list(workspace.files.values()),
        "canvases": list(workspace.canvases.values()),
        "lists": list(workspace.lists.values()),
        "homes": workspace.views.homes,
    }
    return json.dumps(kept, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Channel | StoredFile | Canvas | SlackList):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, deque):
        return list(value)
    raise TypeError(f"a workspace cannot hold a {type(value).__name__}")


def load_workspace(workspace: Workspace, text: str) -> None:
    """Put what was saved into a freshly seeded workspace. Raises NotKept, then with the workspace unchanged."""
    try:
        kept = json.loads(text)
        if kept["format"] != FORMAT:
            raise NotKept("it was saved by another version of this program")
        channels = [_channel(record) for record in kept["channels"]]
        direct = {frozenset((first, second)): str(channel_id) for first, second, channel_id in kept["direct"]}
        files = [StoredFile(**{**file, "content": base64.b64decode(file["content"])}) for file in kept["files"]]
        canvases = [Canvas(**canvas) for canvas in kept["canvases"]]
        lists = [SlackList(**one) for one in kept.get("lists", ())]
        homes: dict[str, Json] = dict(kept["homes"])
        number = int(kept["number"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotKept("it cannot be read") from error
    for channel in channels:
        channel.team = channel.team or workspace.team.id
    workspace.channels.update({channel.id: channel for channel in channels})
    named = {channel.name: channel.id for channel in channels if channel.kind in ("channel", "group")}
    workspace.channel_names = named
    workspace.direct = direct
    workspace.files.update({file.id: file for file in files})
    workspace.canvases.update({canvas.id: canvas for canvas in canvases})
    workspace.lists.update({one.id: one for one in lists})
    for user_id, view in homes.items():
        workspace.views.homes[user_id] = workspace.views.by_id[view["id"]] = view
        workspace.views.owners[view["id"]] = user_id
    workspace._numbers = itertools.count(number + _SKIPPED)
    workspace._last_micros = max((_micros(ts) for channel in channels for ts in channel.messages), default=0)


def _channel(record: dict[str, Any]) -> Channel:
    ephemerals = record.pop("ephemerals")
    channel = Channel(**record)
    for user_id, messages in ephemerals.items():
        channel.ephemerals_of(user_id).extend(messages)
    return channel


def _micros(ts: str) -> int:
    seconds, _, micros = ts.partition(".")
    return int(seconds) * 1_000_000 + int(micros)


def continue_clock(path: Path, rate: float) -> DemoClock:
    """A clock that goes on from the time it last showed, or from the real time if that is later."""
    now = time.time()
    last = now
    try:
        saved = json.loads(path.read_text())
        # Between two looks of the keeper the clock went on by itself, at most for so long.
        went_on = min(max(now - saved["real"], 0.0), 2 * EVERY)
        last = saved["virtual"] + went_on * saved["rate"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no clock, or half of one: the real time is as good a beginning as any
    path.unlink(missing_ok=True)
    return DemoClock(path, virtual=max(last, now), rate=rate)


def write_whole(path: Path, text: str) -> None:
    """Replace the file as a whole: whoever reads it, even after a crash, finds the old text or the new one."""
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Keeper:
    """Saves the workspace whenever it changed, and once more at the end."""

    def __init__(self, playground: Playground, path: Path) -> None:
        self._playground, self._path = playground, path
        self._saved = -1
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def __enter__(self) -> "Keeper":
        self._save()
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._save()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            self._save()

    def _save(self) -> None:
        text = self._playground.on_loop(self._look)
        if text:
            write_whole(self._path, text)

    def _look(self) -> str:
        workspace = self._playground.workspace
        workspace.clock.set_rate(workspace.clock.rate)  # anchors the clock's file to this moment
        if workspace.feed.last == self._saved:
            return ""
        self._saved = workspace.feed.last
        return save_workspace(workspace)
