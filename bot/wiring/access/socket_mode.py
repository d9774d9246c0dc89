"""Slack over Socket Mode: a connection that ends between two payloads, not in the middle of one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.wiring.access.frames import use_whole_frames

log = structlog.get_logger(__name__)

_ANSWERED_WITHIN = 3.0  # seconds; after that Slack no longer waits for an answer
_LOOK_EVERY = 0.01  # seconds
_EVENTS_AT_ONCE = 4
_MOST_WAITING = 2000  # events of one turn, about 2 kB each; Slack sends again what is not acknowledged
_SAID_EVERY = 60.0  # seconds
_REACTIONS = frozenset({"reaction_added", "reaction_removed"})


class Turn:
    """Threads with a line before them that has an end: what is refused there is not acknowledged."""

    def __init__(self, threads: int, name: str, longest: int) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._places = threading.Semaphore(longest)
        self._name = name
        self._refused, self._said_at = 0, -_SAID_EVERY

    def submit(self, call: Callable[[], object]) -> bool:
        """False where the line is full: Slack sends it again, now, in a minute and in five, or to another replica.

        What is lost all the same is read back like what came while nobody listened.
        """
        if not self._places.acquire(blocking=False):
            self._say_that_it_is_full()
            return False
        with suppress(RuntimeError):  # we are hanging up: Slack sends it to another replica
            self._pool.submit(self._run, call)
        return True

    def end(self) -> None:
        """Take nothing more, and forget what waits: none of it was acknowledged."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, call: Callable[[], object]) -> None:
        try:
            call()
        finally:
            self._places.release()

    def _say_that_it_is_full(self) -> None:
        """Once a minute; one thread alone takes in what Slack sends."""
        self._refused += 1
        if time.monotonic() - self._said_at >= _SAID_EVERY:
            log.warning(
                "Slack sends faster than this is taken; left for it to send again", turn=self._name, left=self._refused
            )
            self._refused, self._said_at = 0, time.monotonic()


class SocketMode(SocketModeHandler):
    """As the library has it, but it takes payloads of any length and knows how many it is about to answer.

    Commands, presses and forms are answered at once, events in their turn, and reactions in a turn of their own:
    whoever sends thousands of them, and that costs no typing, keeps neither reports nor people waiting.
    """

    _working = 0
    _lock = threading.Lock()

    def __init__(self, app: App, app_token: str, ping_interval: float) -> None:
        use_whole_frames()
        super().__init__(app, app_token, ping_interval=ping_interval)
        self._events = Turn(_EVENTS_AT_ONCE, "events", _MOST_WAITING)
        self._reactions = Turn(1, "reactions", _MOST_WAITING)
        self.client.socket_mode_request_listeners[:] = [self.take_in]  # type: ignore[list-item]  # as bolt's own

    def take_in(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        """What came, in its turn."""
        if req.type != "events_api":
            self.handle(client, req)
            return
        event = req.payload.get("event") or {}
        turn = self._reactions if event.get("type") in _REACTIONS else self._events
        turn.submit(partial(self.handle, client, req))

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as bolt's
        with self._lock:
            self._working += 1
        try:
            super().handle(client, req)
        finally:
            with self._lock:
                self._working -= 1

    def close_between(self) -> None:
        """Answer what has come, then hang up: whoever typed a command just now hears what became of it.

        Slack gives what comes later to the other replicas.
        """
        until, idle = time.monotonic() + _ANSWERED_WITHIN, 0
        while idle < 2:  # a payload may be on its way from the queue to its thread
            if time.monotonic() > until:
                log.warning("hung up on Slack though something was not answered yet")
                break
            idle = 0 if self._working or not self.client.message_queue.empty() else idle + 1
            time.sleep(_LOOK_EVERY)
        for turn in (self._events, self._reactions):
            turn.end()
        hang_up(self)


def hang_up(connection: SocketModeHandler) -> None:
    """Close Socket Mode at once. The library's own closing waits until Slack says something, or three seconds."""
    client = connection.client
    client.current_session_state.terminated = True
    line = client.current_session.sock if client.current_session is not None else None
    with suppress(OSError):  # it may be gone already
        if line is not None:
            line.shutdown(socket.SHUT_RDWR)
    connection.close()  # type: ignore[no-untyped-call]  # the library leaves it bare
