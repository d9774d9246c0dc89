"""Alarms over HTTP: Alertmanager, Grafana, and other senders by the mapping that alarms.yaml gives.

A delivery is answered when its rows and jobs are committed, in one small transaction; what fails is an error to its
sender, which sends it again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.alarms.flows.intake import Taken, take_delivery
from bot.alarms.policy.file import ALERTMANAGER, GRAFANA
from bot.alarms.rules.alarm import Alarm
from bot.alarms.rules.reading import LARGEST
from bot.alarms.rules.webhooks import from_webhook
from bot.context import AppContext
from bot.errors import BadRequest
from bot.store.outages import is_away
from bot.web.responses import headers

log = structlog.get_logger(__name__)

# The same words within this span are the same delivery, sent again as its answer was lost; later, they are a reminder.
AGAIN_AFTER = timedelta(minutes=4)
_THREADS = 2  # they take turns in the database; the pages and readiness have threads of their own
MOST_WAITING = 100
CALM = {"Retry-After": "5"}  # seconds

Read = Callable[[Any], tuple[Alarm, ...]]


def alarm_routes(context: AppContext, tokens: Mapping[str, str]) -> list[Route]:
    """The ways in of alarms.yaml. `tokens` are the bearer tokens by webhook; one that is missing lets nobody in."""
    limiter: list[CapacityLimiter] = []  # it belongs to the event loop, which begins later

    async def endpoint(request: Request) -> Response:
        name = str(request.path_params.get("name") or request.url.path.rpartition("/")[2])
        limiter[:] = limiter or [CapacityLimiter(_THREADS)]
        return await _answer(context, tokens, name, request, limiter[0])

    paths = (f"/alarms/{ALERTMANAGER}", f"/alarms/{GRAFANA}", "/alarms/webhook/{name}")
    return [Route(path, endpoint, methods=["POST"]) for path in paths]


async def _answer(
    context: AppContext, tokens: Mapping[str, str], name: str, request: Request, limiter: CapacityLimiter
) -> Response:
    read = _reader(context, name, "webhook" in request.url.path)
    if read is None:
        return refusal(404, f"There is no webhook {name[:40]} in alarms.yaml.")
    if not _authorized(tokens.get(name, ""), request.headers.get("authorization", "")):
        log.warning("a delivery of alarms had no valid token", webhook=name)
        return refusal(401, "The bearer token is missing or wrong.", {"WWW-Authenticate": "Bearer"})
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        return too_many()
    try:
        body = await body_of(request)
    except ClientDisconnect:
        return cut_off()
    if body is None:
        return refusal(413, f"The delivery is larger than {LARGEST // 1024} kB. Send fewer alarms at a time.")
    return await run_sync(partial(_take, context, name, body, read), limiter=limiter)


def _reader(context: AppContext, name: str, mapped: bool) -> Read | None:
    """How the JSON of that webhook is read; None where alarms.yaml has no such webhook."""
    webhook = context.policy.alarms.webhooks.get(name)
    if webhook is None or mapped != (webhook.map is not None):
        return None
    return _read_known if webhook.map is None else partial(webhook.map.read, name)


def _read_known(payload: Any) -> tuple[Alarm, ...]:
    """Alertmanager's and Grafana's shape. Raises BadRequest."""
    if not isinstance(payload, dict) or not isinstance(payload.get("alerts"), list):
        raise BadRequest("There is no list `alerts` in it, as Alertmanager (version 4) and Grafana send it.")
    return from_webhook(payload)


def _authorized(token: str, header: str) -> bool:
    """Whether the header holds the token, compared in constant time. Without a token nobody is let in."""
    scheme, _, given = header.partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode("utf-8", "replace"))
    return same and bool(token) and scheme.lower() == "bearer"


async def body_of(request: Request, largest: int = LARGEST) -> bytes | None:
    """None where it has more than `largest` bytes. Raises ClientDisconnect."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return body


def _take(context: AppContext, name: str, body: bytes, read: Read) -> Response:
    try:
        alarms = read(_parsed(body))
        with context.database.transaction() as session:
            delivery = hashlib.sha256(body).hexdigest()
            taken = take_delivery(
                session,
                context.now(),
                context.policy,
                source=f"http:{name}",
                delivery=delivery,
                alarms=alarms,
                again_after=AGAIN_AFTER,
            )
    except BadRequest as refused:
        log.warning("a delivery of alarms could not be read", webhook=name, reason=str(refused))
        return refusal(400, str(refused))
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("a delivery of alarms could not be kept", webhook=name, reason=type(error).__name__)
        return not_kept()
    return JSONResponse(counts_of(taken), headers=headers())


def _parsed(body: bytes) -> Any:
    """Raises BadRequest where it is no JSON."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRequest("This is not UTF-8 text. Send JSON.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from None
    except (ValueError, RecursionError):  # integers of more digits, or lists deeper, than Python reads
        raise BadRequest("This JSON holds a number too long or lists too deep to be read.") from None


def counts_of(taken: Taken) -> dict[str, Any]:
    """For the sender's log."""
    return asdict(taken) if taken.fresh else {"fresh": False}


def refusal(status: int, sentence: str, more: Mapping[str, str] | None = None) -> Response:
    """For the sender's log."""
    return JSONResponse({"error": sentence}, status, headers={**headers(), **(more or {})})


def too_many() -> Response:
    """More deliveries wait than can be taken in soon."""
    return refusal(429, "Too many deliveries are waiting. Send it again in a few seconds.", CALM)


def cut_off() -> Response:
    """The sender went away in the middle of its delivery."""
    return refusal(400, "The delivery ended before it was whole.")


def not_kept() -> Response:
    """The database is away, so that nothing was taken in."""
    return refusal(503, "The database is not responding. Send it again in a few seconds.", CALM)
