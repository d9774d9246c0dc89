"""How much of the pages' server one may hold: connections, time to send a request, time to read the answer.

Slack's connection and the worker share the process and its descriptors, so nobody may hold these from outside by
sending half a request, or by not reading what is answered. uvicorn times idle connections only.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import structlog
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.web.responses import notice

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 200
MOST_OF_AN_ADDRESS = 100  # a load balancer in front is one address
LONGEST_HEADERS = 32_768  # bytes


class LimitedProtocol(H11Protocol):
    """One connection, which is closed where there are too many, or where its peer takes too long."""

    seconds_to_send = 20.0  # for the whole request, however slowly it trickles
    seconds_to_read = 30.0  # in which some of the answer must be read
    _sending: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn types it
        super().connection_made(transport)
        clients = [one.client for one in self.connections if isinstance(one, H11Protocol)]
        same = sum(other is not None and self.client is not None and other[0] == self.client[0] for other in clients)
        if len(self.connections) > MOST_CONNECTIONS or same > MOST_OF_AN_ADDRESS:
            transport.abort()
            return
        self._time_sending()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._time_sending()

    def _time_sending(self) -> None:
        """Run the clock while a request is not here as a whole; more of it does not set it back."""
        cycle = self.cycle
        whole = cycle is not None and not cycle.response_complete and not cycle.more_body
        if whole:
            self._stop(self._sending)
            self._sending = None
        elif self._sending is None:
            self._sending = self.loop.call_later(self.seconds_to_send, self._too_slow, "sent half a request")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._stop(self._sending)  # an idle connection is uvicorn's to close; the next request begins with data
        self._sending = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop(self._reading)
        self._reading = self.loop.call_later(self.seconds_to_read, self._too_slow, "did not read the answer")

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._reading)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop(self._sending)
        self._stop(self._reading)
        super().connection_lost(exc)

    def _too_slow(self, what: str) -> None:
        log.info("closed a connection of the pages", reason=what, address=self.client[0] if self.client else None)
        self.transport.abort()

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def _asked(query: bytes) -> str:
    """What a query asks for, but for the token of a link, which is refused for what it is."""
    pairs = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return "".join(name + value for name, value in pairs if name != "t")


def _size(scope: Scope) -> int:
    """Bytes of the address and the headers, as they came. The parser counts only what it still waits for."""
    address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return address + sum(len(name) + len(value) for name, value in scope["headers"])


def _is_ambiguous(scope: Scope) -> bool:
    """Whether a proxy in front may see another end of the request than we do, and so another request behind it."""
    names = {name for name, _ in scope["headers"]}
    return {b"transfer-encoding", b"content-length"} <= names


class OnlyText:
    """Middleware that refuses requests no page has use for.

    Paths and queries that hold NUL, which no database keeps; headers and addresses that are too long; two lengths.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = _refusal(scope) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)


def _refusal(scope: Scope) -> Response | None:
    if _size(scope) > LONGEST_HEADERS:
        return _hang_up(notice(431, "This request is too long", "Open the page again, with its own address."))
    if _is_ambiguous(scope):
        return _hang_up(notice(400, "This request isn't valid", "It gives its length in two ways."))
    if "\0" in scope["path"] + _asked(scope["query_string"]):
        return notice(400, "This address isn't valid", "Check it, or open the link from Slack again.")
    return None


def _hang_up(response: Response) -> Response:
    response.headers["Connection"] = "close"  # nothing behind it on this connection is read
    return response


def server_config(
    app: ASGIApp, host: str, port: int, protocol: type[LimitedProtocol] = LimitedProtocol
) -> uvicorn.Config:
    """uvicorn's configuration with these limits."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        http=protocol,
        ws="none",
        timeout_keep_alive=5,
        h11_max_incomplete_event_size=LONGEST_HEADERS,
    )
