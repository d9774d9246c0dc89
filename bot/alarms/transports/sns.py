"""Alarms that SNS delivers over HTTPS: checked to be of SNS and of a topic in alarms.yaml, then taken in."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.alarms.flows.intake import take_delivery
from bot.alarms.pages import CALM, MOST_WAITING, body_of, counts_of, cut_off, not_kept, refusal, too_many
from bot.alarms.rules.reading import LARGEST, delivery_of, read_alarms
from bot.alarms.transports.sqs import SOURCE
from bot.aws.session import Unavailable
from bot.aws.sns_signatures import (
    CONFIRM,
    UNSUBSCRIBED,
    Certificates,
    Forged,
    NotFetched,
    check,
    confirmation_address,
    get,
)
from bot.context import AppContext
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.outages import is_away
from bot.store.outbox import enqueue
from bot.web.responses import headers

log = structlog.get_logger(__name__)

_THREADS = 2
_ENVELOPE = 16_384  # bytes that the envelope adds to a message
_ESCAPED = 3  # times as long as itself a message may be as JSON: quotes and lines take two bytes, an é six for its two


def sns_routes(context: AppContext, certificates: Certificates) -> list[Route]:
    """The way in for SNS; nothing where alarms.yaml names no topic."""
    limiter: list[CapacityLimiter] = []  # it belongs to the event loop, which begins later

    async def endpoint(request: Request) -> Response:
        limiter[:] = limiter or [CapacityLimiter(_THREADS)]
        if limiter[0].statistics().tasks_waiting >= MOST_WAITING:
            return too_many()
        try:
            body = await body_of(request, _ESCAPED * LARGEST + _ENVELOPE)
        except ClientDisconnect:
            return cut_off()
        if body is None:
            return refusal(413, "The delivery is larger than what SNS sends.")
        return await run_sync(partial(_answer, context, certificates, body), limiter=limiter[0])

    return [Route("/alarms/sns", endpoint, methods=["POST"])] if context.policy.alarms.topics else []


_RAW = (
    "it is no JSON of SNS: raw message delivery carries no signature and has to be off "
    "(aws sns set-subscription-attributes --attribute-name RawMessageDelivery --attribute-value false)"
)


def _answer(context: AppContext, certificates: Certificates, body: bytes) -> Response:
    try:
        written = body.decode("utf-8-sig")
        message = json.loads(written)
    except (ValueError, RecursionError):
        message, written = None, ""
    try:
        if not isinstance(message, dict) or "TopicArn" not in message:
            raise Forged(_RAW)
        if message.get("TopicArn") not in context.policy.alarms.topics:
            raise Forged("its topic is not in alarms.yaml")
        check(message, certificates, context.now())
        return _take(context, message, written)
    except Forged as forged:
        log.warning("a delivery of SNS was refused", reason=str(forged))
        return refusal(403, f"Refused: {forged}.")
    except NotFetched as late:
        log.warning("a delivery of SNS could not be checked", reason=str(late))
        return refusal(503, "The certificate of SNS could not be fetched. Send it again.", CALM)
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("a delivery of SNS could not be kept", reason=type(error).__name__)
        return not_kept()


def _take(context: AppContext, message: dict[str, Any], written: str) -> Response:
    """Of a message that SNS sent: an alarm, or an end or beginning of the subscription. Raises Forged."""
    topic, kind = message["TopicArn"], message["Type"]
    if kind == UNSUBSCRIBED:
        log.warning("SNS delivers no more alarms of a topic: somebody ended its subscription", topic=topic)
        return JSONResponse({"fresh": False}, headers=headers())
    with context.database.transaction() as session:
        if kind == CONFIRM:
            once, address = f"alarms-confirm-{message['MessageId'][:100]}", confirmation_address(message)
            enqueue(session, "alarms.confirm", lock=once, once=once, topic=topic, address=address)
            return JSONResponse({"fresh": True}, headers=headers())
        taken = take_delivery(
            session,
            context.now(),
            context.policy,
            source=SOURCE,
            delivery=delivery_of(written),
            alarms=read_alarms(written),
        )
    return JSONResponse(counts_of(taken), headers=headers())


def confirm(context: AppContext, slack: Slack, poster: Poster, *, topic: str, address: str) -> None:
    """Confirm a subscription, which SNS waits three days for; confirming again changes nothing. Raises Unavailable."""
    if topic not in context.policy.alarms.topics:
        return
    try:
        get(address)
    except NotFetched as error:
        raise Unavailable(f"the subscription to {topic} is not confirmed yet: {error}") from error
    log.info("alarms of a topic of SNS are delivered from now on", topic=topic)


TASKS: dict[str, Callable[..., None]] = {"alarms.confirm": confirm}
