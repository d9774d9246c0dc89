"""Threads for pages, as many as they have database connections. Slack and readiness never wait for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def limit_page_threads(app: Starlette, threads: int) -> None:
    """Answer the pages of this application in at most so many threads."""
    app.state.page_threads = CapacityLimiter(threads)


async def in_page_thread(
    request: Request, work: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """What `work` returns, once one of the pages' threads is free."""
    limiter: CapacityLimiter = request.app.state.page_threads
    return await run_sync(partial(work, *args, **named), limiter=limiter)


def as_page(endpoint: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a page, answered in one of the pages' threads."""

    async def answer(request: Request) -> Response:
        return await in_page_thread(request, endpoint, request)

    return answer
