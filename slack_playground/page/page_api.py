"""The page's protocol: what a person sees, what they do, and the events that keep the page true."""

import asyncio
import contextlib
import json
from bisect import bisect_left
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.page.actions import Actions
from slack_playground.workspace.records import Channel, Json
from slack_playground.workspace.shapes import page_channel, page_message, page_user
from slack_playground.workspace.workspace import Workspace

LONGEST_WAIT = 60.0


class PageApi:
    """Serves the pages of all people of one workspace."""

    def __init__(self, workspace: Workspace, dispatcher: Dispatcher) -> None:
        self.workspace, self.dispatcher = workspace, dispatcher
        self.actions = Actions(workspace, dispatcher)

    async def bootstrap(self, request: Request) -> Response:
        """Everything a page needs at its start; of the first person where it names nobody."""
        named = request.query_params.get("user")
        user_id = self._user(request) if named else next(iter(self.workspace.users), None)
        if user_id is None:
            return _refusal("user_not_found")
        workspace, manifest = self.workspace, self.workspace.manifest
        return JSONResponse(
            {
                "team": {"id": workspace.team.id, "name": workspace.team.name},
                "me": user_id,
                "users": [page_user(user) for user in workspace.users.values()],
                "groups": [
                    {"id": group.id, "handle": group.handle, "name": group.name, "users": group.users}
                    for group in workspace.groups.values()
                ],
                "channels": [
                    page_channel(workspace.users, channel, user_id)
                    for channel in workspace.channels.values()
                    if workspace.may_see(user_id, channel)
                ],
                "commands": [
                    {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                    for c in manifest.commands
                ],
                "shortcuts": [
                    {"name": s.name, "type": s.type, "callback_id": s.callback_id} for s in manifest.shortcuts
                ],
                "app": {
                    "id": workspace.app.id,
                    "name": workspace.app.name,
                    "bot_user_id": workspace.app.user_id,
                    "has_home": manifest.home_tab,
                    "connected": bool(self.dispatcher.links),
                },
                "tour": None if workspace.tour is None else asdict(workspace.tour),
                "clock": workspace.clock.state(),
                "views": workspace.views.open_views(user_id),
                "n": workspace.feed.last,
            }
        )

    async def messages(self, request: Request) -> Response:
        """A part of a channel's timeline, oldest first, with what only this person sees in its place."""
        user_id, channel = self._user(request), self._channel(request)
        if user_id is None or channel is None:
            return _refusal("channel_not_found")
        before = request.query_params.get("before") or "9999999999.999999"
        limit = min(_number(request, "limit", 50), 500)
        high = bisect_left(channel.timeline, before)
        low = max(0, high - limit)
        shown = [channel.messages[ts] for ts in channel.timeline[low:high]]
        oldest = shown[0]["ts"] if low and shown else "0"
        own = [
            message
            for message in channel.ephemerals.get(user_id, ())
            if oldest <= message["ts"] < before and not message.get("thread_ts")
        ]
        pinned = [channel.messages[ts] for ts in channel.pins if ts in channel.messages]
        return JSONResponse(
            {
                "messages": self._merged(channel, shown, own),
                "has_more": low > 0,
                "pins": list(channel.pins),
                "pinned": self._merged(channel, pinned, []),
            }
        )

    async def replies(self, request: Request) -> Response:
        """A thread: its parent, its replies, and what only this person sees in it."""
        user_id, channel = self._user(request), self._channel(request)
        ts = request.query_params.get("ts", "")
        if user_id is None or channel is None or ts not in channel.messages:
            return _refusal("thread_not_found")
        shown = [channel.messages[stamp] for stamp in (ts, *channel.threads.get(ts, ()))]
        own = [message for message in channel.ephemerals.get(user_id, ()) if message.get("thread_ts") == ts]
        return JSONResponse({"messages": self._merged(channel, shown, own), "has_more": False})

    async def home(self, request: Request) -> Response:
        """The person's App Home."""
        return JSONResponse({"view": self.workspace.views.homes.get(self._user(request) or "")})

    async def views(self, request: Request) -> Response:
        """The person's open forms, root first."""
        return JSONResponse({"views": self.workspace.views.open_views(self._user(request) or "")})

    async def canvas(self, request: Request) -> Response:
        """A canvas as Markdown."""
        canvas = self.workspace.canvases.get(request.query_params.get("id", ""))
        if canvas is None:
            return _refusal("canvas_not_found")
        shape = {"id": canvas.id, "title": canvas.title, "markdown": canvas.markdown, "channel": canvas.channel}
        return JSONResponse({**shape, "updated": canvas.updated})

    async def act(self, request: Request) -> Response:
        """Do something as a person."""
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _refusal("invalid_json", 400)
        return JSONResponse(await self.actions.do(body))

    async def wait(self, request: Request) -> Response:
        """The person's events after number `since`, waiting for the first one; without `since`, the last number."""
        user_id = self._user(request)
        if user_id is None:
            return _refusal("user_not_found")
        since = request.query_params.get("since")
        if since is None:
            return JSONResponse({"n": self.workspace.feed.last, "events": []})
        number, seconds = _number(request, "since", 0), _number(request, "timeout_ms", 10_000) / 1000
        found = await self.workspace.feed.wait(number, user_id, min(seconds, LONGEST_WAIT))
        return JSONResponse({"n": found[-1]["n"] if found else number, "events": found})

    async def events(self, socket: WebSocket) -> None:
        """Push the person's events as they happen."""
        user_id = socket.query_params.get("user", "")
        await socket.accept()
        if user_id not in self.workspace.users:
            await socket.close(1008)
            return
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.workspace.feed.listeners[queue] = user_id
        sender = asyncio.create_task(_send_all(socket, queue))
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page is gone
        finally:
            del self.workspace.feed.listeners[queue]
            sender.cancel()

    def _user(self, request: Request) -> str | None:
        user_id = request.query_params.get("user", "")
        return user_id if user_id in self.workspace.users else None

    def _channel(self, request: Request) -> Channel | None:
        channel = self.workspace.channels.get(request.query_params.get("channel", ""))
        user_id = request.query_params.get("user", "")
        return channel if channel is not None and self.workspace.may_see(user_id, channel) else None

    def _merged(self, channel: Channel, shown: list[Json], own: list[Json]) -> list[Json]:
        found = sorted((*shown, *own), key=lambda message: str(message["ts"])) if own else shown
        return [page_message(self.workspace.url, channel, message) for message in found]


async def _send_all(socket: WebSocket, queue: asyncio.Queue[str]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page is gone
        while True:
            await socket.send_text(await queue.get())


def _number(request: Request, name: str, default: int) -> int:
    """A whole number of the query; the default where it is none."""
    value = request.query_params.get(name, "")
    return int(value) if value.isdecimal() else default


def _refusal(code: str, status: int = 404) -> Response:
    return JSONResponse({"ok": False, "error": code}, status)
