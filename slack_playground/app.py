"""The playground as an ASGI application, and as a server in a thread of its own on 127.0.0.1."""

import asyncio
import mimetypes
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from slack_playground.api.files import FileStore
from slack_playground.api.web_api import WebApi
from slack_playground.delivery.dispatch import Dispatcher
from slack_playground.delivery.faults import Faults
from slack_playground.delivery.responses import ResponseUrls
from slack_playground.delivery.sockets import SocketMode
from slack_playground.delivery.tiers import Tiers
from slack_playground.delivery.wire import Wire
from slack_playground.own_page import OnlyOwnPage
from slack_playground.page.control import Control
from slack_playground.page.page_api import PageApi
from slack_playground.workspace.workspace import Workspace

PAGE = Path(__file__).parent / "page" / "static"

Result = TypeVar("Result")


def create_app(workspace: Workspace, wire: Wire | None = None) -> Starlette:
    """The application for one workspace. `app.state.dispatcher` leads to the app under test."""
    wire = wire or Wire()
    faults = Faults()
    dispatcher = Dispatcher(workspace)
    workspace.sink = dispatcher
    sockets = SocketMode(dispatcher, faults)
    tiers = Tiers()
    api = WebApi(workspace, faults, sockets, wire, tiers)
    page = PageApi(workspace, dispatcher)
    files = FileStore(workspace, faults, wire)
    app = Starlette(
        routes=[
            Route("/api/{method}", api.endpoint, methods=["GET", "POST"]),
            WebSocketRoute("/link/", sockets.endpoint),
            Route("/response/{hook}", ResponseUrls(workspace, faults, wire).endpoint, methods=["POST"]),
            Route("/page/act", page.act, methods=["POST"]),
            Route("/page/messages", page.messages),
            Route("/page/replies", page.replies),
            Route("/page/wait", page.wait),
            Route("/page/bootstrap", page.bootstrap),
            Route("/page/home", page.home),
            Route("/page/views", page.views),
            Route("/page/canvas", page.canvas),
            WebSocketRoute("/page/events", page.events),
            Route("/upload/{file_id}", files.upload, methods=["POST", "PUT"]),
            Route("/files/{file_id}/{name}", files.download),
            Route("/", _page),
            Route("/archives/{channel}/{message}", _page),
            Route("/archives/{channel}", _page),
            Route("/static/{file:path}", _static),
            *Control(workspace, dispatcher, faults, tiers).routes(),
        ],
        middleware=[Middleware(OnlyOwnPage)],
    )
    app.state.dispatcher = dispatcher
    return app


async def _page(request: Request) -> Response:
    return _file("index.html")


async def _static(request: Request) -> Response:
    return _file(request.path_params["file"])


def _file(name: str) -> Response:
    path = (PAGE / name).resolve()
    if not path.is_relative_to(PAGE.resolve()) or not path.is_file():
        return PlainTextResponse("There is no such page.", 404)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Response(path.read_bytes(), media_type=media_type, headers={"cache-control": "no-cache"})


class _Server(uvicorn.Server):
    """Says when it is ready, instead of being asked again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


class Playground:
    """A playground that runs in a thread. `port=0` takes a free one; usable as a context manager."""

    def __init__(self, workspace: Workspace, *, port: int = 0) -> None:
        self.workspace = workspace
        self._wire = Wire()
        self._app = create_app(self.workspace, self._wire)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/api/"
        self.workspace.url = self.url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> "Playground":
        """Serve; returns when connections are taken. Raises RuntimeError if the server does not come up."""
        config = uvicorn.Config(
            self._app,
            http=self._wire.protocol(),
            ws="websockets-sansio",
            lifespan="off",
            access_log=False,
            log_config=None,
            ws_ping_interval=None,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
            backlog=512,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="playground", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(10):
            raise RuntimeError("the playground did not start within 10 seconds")
        return self

    def stop(self) -> None:
        """Close all connections and end; harmless if it has ended."""
        if self._server is None or self._thread is None or self._loop is None:
            return
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._app.state.dispatcher.close)
            self._server.should_exit = True
            self._thread.join(5)
        self._socket.close()

    def on_loop(self, work: Callable[[], Result]) -> Result:
        """What `work` returns, run between two requests, when nothing changes the workspace. For other threads."""
        if self._loop is None:
            raise RuntimeError("the playground has not been started")

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def __enter__(self) -> "Playground":
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _run(self) -> None:
        assert self._server is not None
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve(sockets=[self._socket]))
