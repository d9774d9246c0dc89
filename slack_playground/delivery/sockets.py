"""Socket Mode: the app's connections, their hello, their envelopes, their acknowledgements."""

import asyncio
import contextlib
import json
import secrets

from starlette.websockets import WebSocket, WebSocketDisconnect

from slack_playground.delivery.dispatch import MOST_LINKS, Delivery, Dispatcher
from slack_playground.delivery.faults import Faults
from slack_playground.workspace.records import Json


class SocketLink:
    """One web socket of the app."""

    stays = False

    def __init__(self, socket: WebSocket, app_id: str) -> None:
        self._socket, self._app_id = socket, app_id
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, delivery: Delivery) -> None:
        """Send one envelope."""
        self._outgoing.put_nowait(delivery.envelope)

    def greet(self, connections: int) -> None:
        """Send the hello."""
        hello = {
            "type": "hello",
            "num_connections": connections,
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": "playground", "build_number": 1, "approximate_connection_time": 18060},
        }
        self._outgoing.put_nowait(json.dumps(hello))

    def hang_up(self, reason: str) -> None:
        """Ask the app to connect anew, where there is a reason, and close."""
        if reason:
            self.warn(reason)
        self._outgoing.put_nowait(None)

    def warn(self, reason: str) -> None:
        """Say that the connection will be closed, and why; it stays open for now."""
        self._outgoing.put_nowait(disconnect_message(reason))

    async def write(self) -> None:
        """Send what is queued until hung up."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the app was faster to close
            while (text := await self._outgoing.get()) is not None:
                await self._socket.send_text(text)
            await self._socket.close(1001)


def disconnect_message(reason: str) -> str:
    """The message before a connection closes, in JSON."""
    return json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "playground"}})


class SocketMode:
    """Tickets for connections, and the connections."""

    def __init__(self, dispatcher: Dispatcher, faults: Faults) -> None:
        self.dispatcher, self.faults = dispatcher, faults
        self._tickets: set[str] = set()

    def ticket(self) -> str:
        """The query of a new connection's address; good for one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"link/?ticket={ticket}&app_id={self.dispatcher.workspace.app.id}"

    def full(self) -> bool:
        """Whether the app has as many connections as it may have."""
        return len(self.dispatcher.links) >= MOST_LINKS

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one connection until either side closes it."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or self.dispatcher.refusing or self.faults.outage:
            await socket.close(1008)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        if self.full():
            await socket.send_text(disconnect_message("too_many_websockets"))
            await socket.close(1001)
            return
        link = SocketLink(socket, self.dispatcher.workspace.app.id)
        link.greet(len(self.dispatcher.links) + 1)
        writer = asyncio.create_task(link.write())
        self.dispatcher.attach(link)
        try:
            while True:
                self._receive(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # Starlette reports a socket that is closed already as RuntimeError
        finally:
            self.dispatcher.detach(link)
            writer.cancel()

    def _receive(self, text: str) -> None:
        try:
            message: Json = json.loads(text)
        except ValueError:
            return
        if isinstance(message, dict) and isinstance(message.get("envelope_id"), str):
            payload = message.get("payload")
            self.dispatcher.acknowledge(message["envelope_id"], payload if isinstance(payload, dict) else None)
