"""Where issue trackers say that an issue changed: signed requests to /trackers/NAME, as trackers.yaml calls it.

A webhook only says which issue to read: its state is asked of the tracker, so one that comes late or twice is harmless.
"""

from __future__ import annotations

import json
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.context import AppContext
from bot.text.markup import storable_json
from bot.trackers import flows
from bot.trackers.adapters.common import Event, Target
from bot.trackers.adapters.registry import ADAPTERS

log = structlog.get_logger(__name__)

LARGEST_BODY = 2_000_000  # bytes


def tracker_routes(context: AppContext) -> list[Route]:
    """The route; none where no tracker of the policy has a webhook."""
    targets = {name: one for name, one in context.policy.trackers.targets.items() if one.webhook}
    if not targets or context.trackers is None:
        return []
    secret_of = context.trackers.secret

    async def hear(request: Request) -> Response:
        target = targets.get(request.path_params["name"])
        secret = (secret_of(target.webhook) or "").strip() if target else ""
        if target is None or not secret:
            return PlainTextResponse("There is no such webhook here.", 404)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return PlainTextResponse("The request is too large.", 413)
        headers = dict(request.headers)
        if not ADAPTERS[target.kind].is_signed(headers, body, secret):
            log.warning("a webhook of an issue tracker was not signed", tracker=target.name)
            return PlainTextResponse("The signature is missing or wrong.", 401)
        document = _document(body)
        if document is None:
            return PlainTextResponse("Send JSON: choose application/json as the webhook's content type.", 400)
        event = ADAPTERS[target.kind].event(headers, document)
        return PlainTextResponse(await run_in_threadpool(_take, context, target, event))

    return [Route("/trackers/{name}", hear, methods=["POST"])]


def _take(context: AppContext, target: Target, event: Event | None) -> str:
    """What is answered; the issue is read by a job."""
    if event is None or not _is_of(event, target):
        return "Nothing here follows that."
    with context.database.transaction() as session:
        known = flows.heard(session, target.name, event.number)
    return "Taken." if known else "Nothing here follows that."


def _is_of(event: Event, target: Target) -> bool:
    """Whether it is of the project; one that the policy names by number cannot be told by its path."""
    return target.project.isdigit() or event.project.casefold() == target.project.casefold()


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        read = storable_json(json.loads(body))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
