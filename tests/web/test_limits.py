"""What holds the pages up: connections that send half a request, trickle, do not read, or are too many."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from bot.web.app import create_web
from bot.web.limits import MOST_OF_AN_ADDRESS, LimitedProtocol, server_config
from bot.wiring.pages import build_pages

WAIT = 60.0  # seconds; nothing is measured by it
HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
BODY = b"POST /enter HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nt="
LARGE = b"x" * 40_000_000  # more than the kernel keeps for somebody who does not read


@dataclass
class Served:
    port: int
    server: uvicorn.Server

    def connect(self, said: bytes = b"") -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        with suppress(ConnectionError):
            line.sendall(said)
        return line

    def is_alive(self) -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=WAIT) as answer:
            return bool(answer.status == 200)


class Hasty(LimitedProtocol):
    """With clocks that run out soon."""

    seconds_to_send = seconds_to_read = 0.3


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The pages over a real socket."""

    async def large(request: object) -> PlainTextResponse:
        return PlainTextResponse(LARGE)

    web = create_web(ready=list, routes=[*build_pages(None), Route("/large", large)])
    server = uvicorn.Server(server_config(web, "127.0.0.1", 0, getattr(request, "param", Hasty)))
    started = threading.Event()
    thread = threading.Thread(target=server.run)
    original = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await original(sockets)
        started.set()

    server.startup = startup  # type: ignore[method-assign]  # uvicorn offers no event for this
    thread.start()
    assert started.wait(WAIT)
    yield Served(server.servers[0].sockets[0].getsockname()[1], server)
    server.should_exit = True
    thread.join(WAIT)


def closed_by_server(line: socket.socket) -> bool:
    """Waits until the other side hangs up; what it says before does not matter."""
    try:
        while line.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("said", [b"", b"G", HALF, BODY], ids=["nothing", "a letter", "half headers", "half a body"])
def test_whoever_does_not_send_a_whole_request_is_hung_up_on(served: Served, said: bytes) -> None:
    with served.connect(said) as line:
        assert closed_by_server(line)
    assert served.is_alive()


def test_trickling_does_not_set_the_clock_back(served: Served) -> None:
    with served.connect(HALF) as line:
        with suppress(ConnectionError):
            for number in range(100_000):  # ends as soon as the server hangs up
                line.sendall(f"X-{number}: 1\r\n".encode()[:1] if number else b"X")
        assert closed_by_server(line)


def test_whoever_does_not_read_the_answer_is_hung_up_on(served: Served) -> None:
    with served.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as line:
        waited, seen = threading.Event(), False
        while not seen or served.server.server_state.connections:
            seen = seen or bool(served.server.server_state.connections)
            waited.wait(0.02)  # the server's own state says when: the client must not read
        received = sum(len(part) for part in iter(lambda: _read(line), b""))
        assert received < len(LARGE)


def _read(line: socket.socket) -> bytes:
    with suppress(ConnectionError):
        return line.recv(65_536)
    return b""


@pytest.mark.parametrize("served", [LimitedProtocol], indirect=True)
def test_a_thousand_half_sent_requests_hold_few_connections_and_the_pages_answer(served: Served) -> None:
    with ExitStack() as lines:
        for number in range(1000):
            line = lines.enter_context(served.connect(HALF))
            if number >= MOST_OF_AN_ADDRESS:
                assert closed_by_server(line)
        assert len(served.server.server_state.connections) <= MOST_OF_AN_ADDRESS
    assert served.is_alive()


@pytest.mark.parametrize(
    "line", [b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 40_000, b"GET /healthz?" + b"a" * 40_000 + b" HTTP/1.1"]
)
def test_headers_and_addresses_that_are_too_long_are_refused(served: Served, line: bytes) -> None:
    """All at once: the parser counts only what it still waits for."""
    with served.connect(line + b"\r\nHost: x\r\n\r\n") as said:
        assert said.recv(65_536).startswith(b"HTTP/1.1 431 ")
    assert served.is_alive()


def test_a_request_that_gives_its_length_in_two_ways_is_the_last_on_its_connection(served: Served) -> None:
    """A proxy that goes by the other length would have passed on the second as part of the first."""
    lengths = b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n0\r\n\r\n"
    with served.connect(b"POST /enter HTTP/1.1\r\nHost: x\r\n" + lengths + HALF + b"\r\n") as said:
        answered = b""
        while chunk := said.recv(65_536):
            answered += chunk
    assert answered.startswith(b"HTTP/1.1 400 ") and b"alive" not in answered


def test_whoever_hangs_up_while_sending_is_no_error_of_ours() -> None:
    """Else anybody could fill the log with tracebacks."""

    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    app = create_web(ready=list, routes=[Route("/read", read, methods=["POST"])])
    scope = {"type": "http", "method": "POST", "path": "/read", "query_string": b"", "headers": [], "app": app}
    asyncio.run(app(scope, gone, send))
    assert [one["status"] for one in said if one["type"] == "http.response.start"] == [400]


@pytest.mark.parametrize("path", ["/reviews/%00", "/incidents/INC-1%00", "/incidents?page=%00", "/%00"])
def test_an_address_that_no_database_could_keep_is_a_bad_request(path: str) -> None:
    browser = TestClient(create_web(ready=list, routes=build_pages(None)))
    assert browser.get(path).status_code == 400
