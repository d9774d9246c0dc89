"""/status for everybody: the page, Statuspage's JSON and the feed. No sign-in and no cookies; nothing changes here."""

from __future__ import annotations

import base64
import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.context import AppContext
from bot.status_page import queries
from bot.status_page.messages.page import HTML, File, files, html, style
from bot.status_page.messages.snapshot import Snapshot
from bot.status_page.policy import components
from bot.status_page.rules.published import DAYS
from bot.web.page_threads import as_page

MOST_A_MINUTE = 120  # requests of one address
FRESH_FOR = 2.0  # seconds for which an answer is given again without asking the database
CACHED_FOR = 30  # seconds for which browsers and proxies may show what they have
_ADDRESSES = 10_000  # are counted; of more the first ones are forgotten


def snapshot(context: AppContext) -> Snapshot:
    """What the page shows now. Opens a transaction of its own."""
    now = context.now()
    with context.database.transaction() as session:
        posts = queries.list_shown(session, now - timedelta(days=DAYS))
    policy = context.policy.status_page
    return Snapshot(policy, context.status_address or "", now, components(context.policy.diagnostics), posts)


def status_routes(context: AppContext, monotonic: Callable[[], float], fresh_for: float = FRESH_FOR) -> list[Route]:
    """The routes; none where the page is off, so that they are not found.

    Answered in the pages' threads: however many readers wait for a slow database, Slack's requests wait for none.
    """
    if context.status_address is None:
        return []
    shown, limit = _Shown(context, monotonic, fresh_for), _Limit(monotonic)

    def answer(request: Request) -> Response:
        wait = limit.wait(request.client.host if request.client else "")
        if wait:
            return PlainTextResponse("Too many requests. Try again in a minute.", 429, {"Retry-After": str(wait)})
        file = shown.files().get(request.path_params.get("name") or request.url.path)
        return _answer(request, file) if file else PlainTextResponse("Not found.", 404)

    paths = ["/status", "/status.json", "/status/history.rss", "/api/v2/{name:path}"]
    return [Route(path, as_page(answer), methods=["GET", "HEAD"]) for path in paths]


class _Shown:
    """The answers, made anew every few seconds at most, however many people look at the page at once."""

    def __init__(self, context: AppContext, monotonic: Callable[[], float], fresh_for: float) -> None:
        self._context, self._monotonic, self._fresh_for = context, monotonic, fresh_for
        self._turn = threading.Lock()
        self._made: tuple[float, dict[str, File]] | None = None

    def files(self) -> dict[str, File]:
        with self._turn:
            now = self._monotonic()
            if self._made is None or now - self._made[0] >= self._fresh_for:
                self._made = (now, _by_path(snapshot(self._context)))
            return self._made[1]


def _by_path(shot: Snapshot) -> dict[str, File]:
    """The files by the path under which they are asked for: those of the API by their name below it."""
    found = files(shot)
    page = File(html(shot, "/status/history.rss", "/status.json").encode(), HTML)
    named = {name.removeprefix("api/v2/"): file for name, file in found.items() if name.startswith("api/v2/")}
    return named | {
        "/status": page,
        "/status.json": found["status.json"],
        "/status/history.rss": found["history.rss"],
    }


@dataclass
class _Limit:
    """How many requests an address may make in a minute. Behind a proxy that is the proxy's, unless it says whose."""

    monotonic: Callable[[], float]
    counts: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, address: str) -> int:
        """Seconds to wait; 0 for a request that may be answered."""
        with self.turn:
            now = self.monotonic()
            since, count = self.counts.pop(address, (now, 0))
            if now - since >= 60:
                since, count = now, 0
            self.counts[address] = (since, count + 1)
            while len(self.counts) > _ADDRESSES:
                self.counts.popitem(last=False)
        return 0 if count < MOST_A_MINUTE else max(1, round(60 - (now - since)))


def _answer(request: Request, file: File) -> Response:
    etag = f'"{hashlib.sha256(file.content).hexdigest()[:32]}"'
    headers = {
        "Cache-Control": f"public, max-age={CACHED_FOR}",
        "ETag": etag,
        "Content-Security-Policy": _policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Access-Control-Allow-Origin": "*",  # others' pages may show our status; there is nothing private in it
    }
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(None, 304, headers)
    return Response(file.content, 200, headers, file.media_type)


@functools.cache
def _policy() -> str:
    """Nothing is fetched, framed or sent; the page's own style sheet is applied, and no other."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
