"""The web application: health, readiness, and the routes of those who have pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.web.limits import OnlyText
from bot.web.page_threads import limit_page_threads
from bot.web.responses import headers, notice


def create_web(
    *,
    ready: Callable[[], list[str]],
    routes: Sequence[Route] = (),
    threads: int = 8,
    metrics: Callable[[], bytes] | None = None,
    details: Callable[[], Mapping[str, float | None]] = dict,
) -> Starlette:
    """The application: health, readiness, metrics and `routes`.

    `ready` lists reasons not to be ready (empty: ready). `threads` is how many pages are answered at once. `metrics`
    writes what Prometheus scrapes; `details` are figures that readiness shows beside its reasons.
    """

    async def healthz(request: Request) -> Response:
        return JSONResponse({"alive": True}, headers=headers())

    def readyz(request: Request) -> Response:
        reasons = ready()
        said = {"ready": not reasons, "reasons": reasons, **details()}
        return JSONResponse(said, 503 if reasons else 200, headers=headers())

    def scrape(request: Request) -> Response:
        assert metrics is not None  # there is a route only where there are metrics
        return Response(metrics(), media_type="text/plain; version=0.0.4; charset=utf-8", headers=headers())

    own = [Route("/healthz", healthz), Route("/readyz", readyz), *([Route("/metrics", scrape)] if metrics else [])]
    app = Starlette(
        routes=[*own, *routes],
        middleware=[Middleware(OnlyText)],
        exception_handlers={HTTPException: _not_found, ClientDisconnect: _cut_off, Exception: _failed},
    )
    limit_page_threads(app, threads)
    app.router.redirect_slashes = False  # a redirect would answer without our headers
    return app


def _not_found(request: Request, refused: Exception) -> Response:
    """Pages that do not exist and methods that are not served."""
    if isinstance(refused, HTTPException) and refused.status_code == 405:
        if (refused.headers or {}).get("Allow") == "POST":
            return PlainTextResponse("This address takes POST.", 405, headers={**headers(), "Allow": "POST"})
        response = notice(405, "This page is read-only", "Open it in a browser.")
        response.headers["Allow"] = "GET, HEAD"
        return response
    return notice(404, "Page not found", "Check the address, or open the link from Slack again.")


def _cut_off(request: Request, gone: Exception) -> Response:
    """Somebody hung up while they sent: no error of ours, and nobody reads this."""
    return PlainTextResponse("The request did not arrive completely.", 400, headers=headers())


def _failed(request: Request, error: Exception) -> Response:
    """An error of ours: the server logs it, the page gives no detail."""
    return notice(500, "Something went wrong", "The error was logged. Try again in a minute.")
