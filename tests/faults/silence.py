"""A way to PostgreSQL that can fall silent, where nothing passes any more, or be slow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Proxy:
    """A TCP proxy before the server's socket. What was connected when it fell silent is never heard again."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        query = parse_qs(self._parts.query)
        self._host = query["host"][0] if "host" in query else self._parts.hostname or "localhost"
        self._port = int(query["port"][0]) if "port" in query else self._parts.port or 5432
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._silenced: set[int] = set()  # connections that are dead to both sides
        self._mute_all = False  # new connections, too
        self._flowing = asyncio.Event()  # answers pass
        self._flowing.set()
        self._numbers = iter(range(1_000_000))
        self._open: set[int] = set()
        self.port = 0
        self.delay = 0.0  # seconds for which each answer of the server is held back

    @property
    def url(self) -> str:
        """The database's address through the proxy."""
        user, name = self._parts.username or "postgres", self._parts.path.lstrip("/")
        return f"postgresql://{user}@127.0.0.1:{self.port}/{name}"

    def fail_over(self) -> None:
        """The server is gone without a word, and another is there at once for those who connect anew."""
        self._silenced |= self._open

    def fall_silent(self) -> None:
        """Neither those who are connected nor those who connect anew hear anything."""
        self._mute_all = True
        self.fail_over()

    def speak(self) -> None:
        """Who connects from now on is heard."""
        self._mute_all = False

    def hold(self) -> None:
        """The server takes in what it is asked; its answers wait for `let_go`."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def let_go(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(10)

    def _end(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        ended = asyncio.gather(*tasks, return_exceptions=True)
        ended.add_done_callback(lambda _: self._loop.stop())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self._numbers)
        self._open.add(number)
        if self._mute_all:
            self._silenced.add(number)
        path = f"{self._host}/.s.PGSQL.{self._port}"
        way = asyncio.open_unix_connection(path) if self._host.startswith("/") else None
        there, back = await (way or asyncio.open_connection(self._host, self._port))
        await asyncio.gather(self._pass_on(number, reader, back), self._pass_on(number, there, writer, answers=True))
        self._open.discard(number)

    async def _pass_on(
        self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if answers:
                    await asyncio.sleep(self.delay)
                    await self._flowing.wait()
                if number not in self._silenced:
                    sink.write(data)
                    await sink.drain()
            if number not in self._silenced:
                sink.close()


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    """A proxy that passes everything on, until told otherwise."""
    proxy = Proxy(url)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
