"""Threads for pages: as many as there are connections for them. Slack and readiness use others, and never wait here."""

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


def let_in(app: Starlette, threads: int) -> None:
    """Have the pages of this application answered by so many threads."""
    app.state.page_threads = CapacityLimiter(threads)


async def in_page_thread(
    request: Request, work: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """What `work` returns, once one of the pages' threads is free for it."""
    limiter: CapacityLimiter = request.app.state.page_threads
    return await run_sync(partial(work, *args, **named), limiter=limiter)


def in_turn(endpoint: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a page, answered in one of the pages' threads."""

    async def answer(request: Request) -> Response:
        return await in_page_thread(request, endpoint, request)

    return answer
