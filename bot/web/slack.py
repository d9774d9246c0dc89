"""Slack over HTTP: signed requests to /slack/events, for several replicas behind a load balancer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.web.taken_requests import TakenRequests

log = structlog.get_logger(__name__)

LARGEST_BODY = 2_000_000  # bytes; Slack's own payloads stay far below


def slack_route(app: App, signing_secrets: Sequence[str], taken: TakenRequests) -> Route:
    """The endpoint. A request counts when any of the secrets signed it, so that one can be rotated without a gap.

    It counts once. What Slack sends again because nobody answered, it signs anew; the ids of events tell us then.
    `app` must have Bolt's own request verification off: it knows a single secret only.
    """
    verifiers = [SignatureVerifier(secret) for secret in signing_secrets]

    async def endpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return PlainTextResponse("The request is too large.", 413)
        headers = dict(request.headers)
        if not _well_formed(headers):
            return PlainTextResponse("The signature or its timestamp is malformed.", 400)
        try:
            text = body.decode()
        except UnicodeDecodeError:  # which the library's verifier would stumble over
            return PlainTextResponse("The request is not UTF-8 text.", 400)
        if not any(verifier.is_valid_request(text, headers) for verifier in verifiers):
            log.warning("a request to /slack/events was not signed by Slack")
            return PlainTextResponse("The signature is missing, too old or wrong.", 401)
        signature, asked = headers["x-slack-signature"], _read(text, headers)
        if asked is None:  # it isn't taken: with another content type, which nobody signs, it may be Slack's
            log.warning("a request to /slack/events could not be read")
            return PlainTextResponse("This is nothing that Slack sends.", 400)
        if not await run_in_threadpool(taken.take, signature):
            retry = "x-slack-retry-num" in headers  # acknowledged, lest Slack goes on; it has no effect either
            log.warning("a request to /slack/events was sent again", retry=retry)
            return PlainTextResponse("This request was taken in before.", 200 if retry else 409)
        answered = await run_in_threadpool(_dispatched, app, asked, taken, signature)
        return Response(answered.body, answered.status, headers=answered.first_headers_without_set_cookie())

    return Route("/slack/events", endpoint, methods=["POST"])


def _read(text: str, headers: Mapping[str, str]) -> BoltRequest | None:
    """The request as Bolt reads it; None where it is no form and no JSON object. Of the headers, which nobody signs,
    only the content type goes on: by others Bolt would run single functions."""
    content_type: dict[str, str | Sequence[str]] = {"content-type": headers.get("content-type", "")}
    try:
        asked = BoltRequest(body=text, headers=content_type)
    except (ValueError, TypeError, AttributeError, RecursionError):  # what is no object, Bolt asks for its fields
        return None
    return asked if isinstance(asked.body.get("event", {}), dict) else None


def _dispatched(app: App, asked: BoltRequest, taken: TakenRequests, signature: str) -> BoltResponse:
    """What the listeners answer. Where they failed, the request may come again."""
    failed = True
    try:
        answered = app.dispatch(asked)
        failed = answered.status >= 500
        return answered
    finally:
        if failed:
            taken.give_back(signature)


def _well_formed(headers: Mapping[str, str]) -> bool:
    """Whether timestamp and signature, where they are there, look as Slack writes them: the library expects it."""
    timestamp, signature = (headers.get(f"x-slack-{name}") for name in ("request-timestamp", "signature"))
    told = timestamp is None or re.fullmatch(r"\d{1,12}", timestamp, re.ASCII) is not None
    return told and (signature is None or re.fullmatch(r"v0=[0-9a-f]{64}", signature) is not None)
