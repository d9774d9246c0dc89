"""What services outside Slack say back: their webhooks, and the links that a page carries. Each counts once.

Whoever acknowledges there does what the button in Slack does, with the same rights; who is nobody here stops the pages
of that rung alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.context import AppContext
from bot.errors import NotAllowed
from bot.escalation.flows.answers import find_answerer, stop_rung, take_answer
from bot.escalation.flows.calls import report_test
from bot.escalation.messages import call_answers as messages
from bot.escalation.messages.calls import title_of
from bot.escalation.queries import calls
from bot.escalation.tables import PageCallRow
from bot.incidents import authority, visibility
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import Status
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows import change
from bot.pagers import opsgenie, pagerduty, webhook
from bot.pagers.answers import Answer, Signal, read_document
from bot.pagers.links import PATH, LinkExpired, LinkForged, read_answer_token
from bot.slack import queries as slack_queries
from bot.web.page_threads import in_page_thread
from bot.web.responses import headers

log = structlog.get_logger(__name__)

LARGEST = 300_000  # bytes; PagerDuty's payloads stay far below
_OLDEST = timedelta(hours=12)  # ids of what was taken are kept for a day

Said = tuple[int, str]
Handler = Callable[[AppContext, "Hooks", Request, bytes], Said]


@dataclass(frozen=True, slots=True)
class Hooks:
    """By what webhooks and links are known to be real; empty and None for what is not set up."""

    pagerduty: tuple[str, ...] = ()
    opsgenie: str | None = None
    link_key: str | None = None


def pager_routes(context: AppContext, hooks: Hooks) -> list[Route]:
    """POST /pagers/pagerduty, /pagers/opsgenie and /pagers/answer."""
    handlers = {"/pagers/pagerduty": _pagerduty, "/pagers/opsgenie": _opsgenie, PATH: _link}
    return [Route(path, _endpoint(context, hooks, handler), methods=["POST"]) for path, handler in handlers.items()]


def _endpoint(context: AppContext, hooks: Hooks, handler: Handler) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST:
                    return _answer(413, "The request is too large.")
        except ClientDisconnect:
            return _answer(400, "The request did not arrive completely.")
        status, sentence = await in_page_thread(request, handler, context, hooks, request, body)
        if status >= 400:
            log.warning("a pager's answer was refused", path=request.url.path, status=status, reason=sentence)
        return _answer(status, sentence)

    return endpoint


def _answer(status: int, sentence: str) -> Response:
    return JSONResponse({"error" if status >= 400 else "result": sentence}, status, headers=headers())


def _pagerduty(context: AppContext, hooks: Hooks, request: Request, body: bytes) -> Said:
    if not hooks.pagerduty:
        return 404, messages.not_set_up("TOCSIN_PAGERDUTY_WEBHOOK_SECRET")
    if not pagerduty.is_signed(body, request.headers.get("x-pagerduty-signature", ""), hooks.pagerduty):
        return 401, messages.UNSIGNED
    document = read_document(body)
    if document is None:
        return 400, messages.NO_JSON
    answer = pagerduty.read_webhook(document)
    return _take(context, answer) if answer is not None else (200, messages.NOTHING_TO_DO)


def _opsgenie(context: AppContext, hooks: Hooks, request: Request, body: bytes) -> Said:
    if hooks.opsgenie is None:
        return 404, messages.not_set_up("TOCSIN_OPSGENIE_WEBHOOK_TOKEN")
    given = request.headers.get("x-tocsin-token", "") or _password(request.headers.get("authorization", ""))
    if not opsgenie.is_ours(request.headers.get("authorization", ""), given, hooks.opsgenie):
        return 401, messages.UNSIGNED
    document = read_document(body)
    if document is None:
        return 400, messages.NO_JSON
    answer = opsgenie.read_webhook(document, body)
    return _take(context, answer) if answer is not None else (200, messages.NOTHING_TO_DO)


def _password(authorization: str) -> str:
    """The password of HTTP's basic authentication; empty for any other."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:  # no base64, no ASCII, or no UTF-8 in it
        return ""


def _take(context: AppContext, answer: Answer) -> Said:
    """Do what somebody did at their service, once for each event."""
    now = context.now()
    if _is_old(answer.at, now):
        return 409, messages.TOO_OLD
    with context.database.transaction() as session:
        call = calls.find_by_key(session, answer.key)
        if call is None or call.method.split(":")[0] != answer.service:
            return 200, messages.UNKNOWN_KEY  # other alerts of that service come here, too
        call_id = call.call_id
        who = find_answerer(session, context.policy.contacts, answer.service, answer.names)
    if who is not None:
        context.look_up(who)
    with context.database.transaction() as session:
        if not slack_queries.take_event(session, f"{answer.service}:{answer.event_id}", now):
            return 409, messages.TAKEN_BEFORE
        row, call = _lock(session, call_id)
        called = answer.called or messages.SOMEBODY
        return 200, _act(session, context, row, call, who, called, answer.signal is Signal.RESOLVED)


def _is_old(at: str, now: datetime) -> bool:
    """Whether a webhook tells of something long ago; what names no time is new."""
    if not at:
        return False
    try:
        happened = datetime.fromisoformat(at)
    except ValueError:
        return True
    return happened.tzinfo is None or abs(now - happened) > _OLDEST


def _lock(session: Session, call_id: int) -> tuple[IncidentRow | None, PageCallRow]:
    """The incident first, as everybody locks them; None for a test page."""
    incident_id = calls.get(session, call_id).incident_id
    row = incidents.get_for_change(session, incident_id) if incident_id is not None else None
    return row, calls.get_for_change(session, call_id)


def _act(
    session: Session,
    context: AppContext,
    row: IncidentRow | None,
    call: PageCallRow,
    who: str | None,
    called: str,
    resolved: bool,
) -> str:
    """The sentence for the service. Both rows are locked."""
    now, policy = context.now(), context.policy
    if row is None:
        call.outside, call.answered_by = calls.ACKNOWLEDGED, called
        report_test(session, call.key)
        return messages.TEST_ACKNOWLEDGED
    take_answer(session, row, call, called, resolved, now)
    if not Status(row.status).is_open or call.episode != row.episode:
        return messages.over(row.ref)
    if who is not None and _may(session, context, row, call, who, now):
        change.acknowledge(session, row, who, policy, now, means=title_of(call.method))
        return messages.acknowledged(row.ref)
    stop_rung(session, row, call, called, now)
    return messages.rung_stopped(row.ref, call.role)


def _may(session: Session, context: AppContext, row: IncidentRow, call: PageCallRow, who: str, now: datetime) -> bool:
    """As for the button in Slack. Whom the matrix called about a security incident may answer the call."""
    if call.user_id != who and not visibility.may_see(session, row, who):
        return False
    try:
        authority.check(session, context, Act.CHANGE, who, now, row)
    except NotAllowed:
        return False
    return True


def _link(context: AppContext, hooks: Hooks, request: Request, body: bytes) -> Said:
    """A page's own link: works once, for whom it was made. A webhook's receiver signs what it sends there."""
    if hooks.link_key is None:
        return 404, messages.not_set_up("TOCSIN_SECRET_KEY")
    try:
        key = read_answer_token(hooks.link_key, request.query_params.get("t", ""))
    except LinkExpired:
        return 410, messages.EXPIRED
    except LinkForged:
        return 401, messages.FORGED
    with context.database.transaction() as session:
        call = calls.find_by_key(session, key)
        if call is None:
            return 404, messages.UNKNOWN_KEY
        call_id, person, user_id = call.call_id, call.person, call.user_id
        secret = _secret_of(context, call)
    if secret is not None and not _signed_by(request.headers, body, secret, context.now()):
        return 401, messages.UNSIGNED
    if user_id is not None:
        context.look_up(user_id)
    with context.database.transaction() as session:
        row, call = _lock(session, call_id)
        if call.link_used_at is not None:
            return 409, messages.TAKEN_BEFORE
        call.link_used_at = context.now()
        return 200, _act(session, context, row, call, user_id, person, resolved=False)


def _secret_of(context: AppContext, call: PageCallRow) -> str | None:
    """What the receiver of a webhook signs with; empty where it is gone, None for other services."""
    if not call.method.startswith("webhook:"):
        return None
    person = context.policy.contacts.people.get(call.person)
    names = [method.token for method in (person.methods if person else ()) if method.name == call.method]
    return (context.pagers.secret(names[0]) or "").strip() if names and context.pagers is not None else ""


def _signed_by(given: Mapping[str, str], body: bytes, secret: str, now: datetime) -> bool:
    stamp, signature = given.get(webhook.TIMESTAMP, ""), given.get(webhook.SIGNATURE, "")
    return bool(secret) and webhook.is_signed(body, stamp, signature, secret, now)
