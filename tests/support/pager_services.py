"""A local stand-in for the pagers' servers, as strict as their references: required fields, values, lengths, answers.

It listens on 127.0.0.1 alone. What it takes is kept; what it refuses, it refuses as the real one does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.local_server import Answer, serve

ROUTING_KEY = "R0" + "1" * 30
GENIE_KEY = "genie-key"
PUSHOVER_TOKEN, PUSHOVER_USER = "a" * 30, "u" * 30
WEBHOOK_SECRET = "a-secret-of-the-webhook"
NTFY_TOKEN = "tk_ntfy"

LOST = 0  # a fault: the request is taken, and the connection closed instead of an answer

Reply = tuple[int, dict[str, Any]]


@dataclass
class Taken:
    """One request that was taken: which service, what it asked, and its document."""

    service: str
    act: str
    key: str
    document: dict[str, Any]
    at: float = 0.0


@dataclass
class Pager:
    """The server. `faults` are statuses to answer with instead, first come first served, with a Retry-After."""

    url: str
    taken: list[Taken] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)  # every status that was answered
    clock: Callable[[], float] = lambda: 0.0

    def of(self, service: str) -> list[tuple[str, str]]:
        """What that service took: act and key."""
        return [(each.act, each.key) for each in self.taken if each.service == service]

    def open_keys(self, service: str) -> set[str]:
        """The pages that stand open there, as the service counts: by key."""
        opened: set[str] = set()
        for act, key in self.of(service):
            (opened.add if act == "page" else opened.discard)(key)
        return opened

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if self.faults:
            status, _ = self.faults[0]
            return status, {"message": "later"}
        parts = urlsplit(path)
        for pattern, handler in _ROUTES:
            if (match := re.fullmatch(pattern, f"{method} {parts.path}")) is not None:
                return handler(self, headers, body, *match.groups(), query=dict(parse_qsl(parts.query)))
        return 404, {"message": "no such address"}

    def take(self, service: str, act: str, key: str, document: dict[str, Any]) -> None:
        self.taken.append(Taken(service, act, key, document, self.clock()))


def _problems(document: dict[str, Any], required: dict[str, Callable[[Any], bool]], optional: set[str]) -> list[str]:
    wrong = [f"'{name}' is missing or blank" for name in required if name not in document]
    wrong += [
        f"'{name}' is invalid" for name, fits in required.items() if name in document and not fits(document[name])
    ]
    return wrong + [f"'{name}' is unknown" for name in document if name not in required and name not in optional]


def _text(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest


def _pagerduty(pager: Pager, headers: dict[str, str], body: bytes, *, query: dict[str, str]) -> Reply:
    event = json.loads(body)
    errors = []
    if len(str(event.get("routing_key", ""))) != 32:
        errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    action = event.get("event_action")
    if action not in ("trigger", "acknowledge", "resolve"):
        errors.append("'event_action' is invalid")
    if not _text(255)(event.get("dedup_key")):
        errors.append("'dedup_key' is invalid")
    if action == "trigger":
        payload = event.get("payload", {})
        severity = {"critical", "error", "warning", "info"}
        required = {"summary": _text(1024), "source": _text(1024), "severity": lambda value: value in severity}
        more = {"timestamp", "component", "group", "class", "custom_details"}
        errors += _problems(payload, required, more)
        errors += ["'links' is invalid" for link in event.get("links", []) if not _text(2000)(link.get("href"))]
    if errors:
        return 400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    pager.take("pagerduty", "page" if action == "trigger" else action, event["dedup_key"], event)
    return 202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}


def _opsgenie(pager: Pager, headers: dict[str, str], body: bytes, *, query: dict[str, str]) -> Reply:
    if headers.get("authorization") != f"GenieKey {GENIE_KEY}":
        return 403, {"message": "Could not authenticate", "took": 0.0, "requestId": "1"}
    alert = json.loads(body)
    required = {"message": _text(130)}
    more = {"alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity", "source"}
    problems = _problems(alert, required, more | {"priority", "user", "note"})
    if len(alert.get("alias", "")) > 512 or len(alert.get("description", "")) > 15_000:
        problems.append("too long")
    if alert.get("priority", "P3") not in ("P1", "P2", "P3", "P4", "P5"):
        problems.append("priority")
    if problems:
        return 422, {"message": "Request body is not processable", "errors": dict(enumerate(problems))}
    pager.take("opsgenie", "page", alert["alias"], alert)
    return 202, {"result": "Request will be processed", "took": 0.1, "requestId": "43a29c5c-3dbf-4fa4-9c26"}


def _opsgenie_act(pager: Pager, headers: dict[str, str], body: bytes, alias: str, act: str, **more: Any) -> Reply:
    if headers.get("authorization") != f"GenieKey {GENIE_KEY}":
        return 403, {"message": "Could not authenticate"}
    if more["query"].get("identifierType") != "alias":
        return 404, {"message": "Alert with that id does not exist"}
    document = json.loads(body)
    if set(document) - {"user", "note", "source"} or len(document.get("user", "")) > 100:
        return 422, {"message": "Request body is not processable"}
    pager.take("opsgenie", "resolve" if act == "close" else act, alias, document)
    return 202, {"result": "Request will be processed", "took": 0.1, "requestId": "2"}


def _ntfy(pager: Pager, headers: dict[str, str], body: bytes, *, query: dict[str, str]) -> Reply:
    if headers.get("authorization") != f"Bearer {NTFY_TOKEN}":
        return 403, {"code": 40301, "http": 403, "error": "forbidden"}
    message = json.loads(body)
    alphabet = re.compile(r"[-_A-Za-z0-9]{1,64}")
    required = {"topic": lambda value: alphabet.fullmatch(value) is not None}
    more = {"message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon", "filename"}
    problems = _problems(message, required, more | {"delay", "email", "call", "sequence_id"})
    if len(message.get("message", "").encode()) > 4096 or message.get("priority", 3) not in range(1, 6):
        problems.append("invalid message")
    if not alphabet.fullmatch(message.get("sequence_id", "x")) or len(message.get("actions", [])) > 3:
        problems.append("invalid sequence_id or actions")
    for action in message.get("actions", []):
        problems += _problems(
            action,
            {"action": lambda value: value in ("view", "http"), "label": _text(100), "url": _text(2000)},
            {"method", "headers", "body", "clear"},
        )
    if problems:
        return 400, {"code": 40024, "http": 400, "error": "; ".join(problems)}
    pager.take("ntfy", "page", message.get("sequence_id", ""), message)
    return 200, {"id": "sPs71M8A2T", "time": 1, "event": "message", "topic": message["topic"]}


def _ntfy_clear(pager: Pager, headers: dict[str, str], body: bytes, topic: str, sequence: str, **_: Any) -> Reply:
    pager.take("ntfy", "resolve", sequence, {"topic": topic})
    return 200, {"id": "x", "event": "message_clear"}


def _pushover(pager: Pager, headers: dict[str, str], body: bytes, *, query: dict[str, str]) -> Reply:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    errors = []
    if fields.get("token") != PUSHOVER_TOKEN:
        errors.append("application token is invalid")
    if fields.get("user") != PUSHOVER_USER:
        errors.append("user identifier is not a valid user, group, or subscribed user key")
    if not _text(1024)(fields.get("message")) or len(fields.get("title", "")) > 250 or len(fields.get("url", "")) > 512:
        errors.append("message cannot be blank")
    emergency = fields.get("priority") == "2"
    if emergency and not (int(fields.get("retry", 0)) >= 30 and 0 < int(fields.get("expire", 0)) <= 10_800):
        errors.append("expire must be supplied with priority=2")
    if errors:
        return 400, {"status": 0, "errors": errors, "request": "r"}
    pager.take("pushover", "page", "r" * 30 if emergency else "", fields)
    return 200, {"status": 1, "request": "r"} | ({"receipt": "r" * 30} if emergency else {})


def _pushover_cancel(pager: Pager, headers: dict[str, str], body: bytes, receipt: str, **_: Any) -> Reply:
    if dict(parse_qsl(body.decode())).get("token") != PUSHOVER_TOKEN or receipt != "r" * 30:
        return 400, {"status": 0, "errors": ["receipt not found; may be invalid or expired"]}
    pager.take("pushover", "resolve", receipt, {})
    return 200, {"status": 1, "request": "r"}


def _grafana(pager: Pager, headers: dict[str, str], body: bytes, **_: Any) -> Reply:
    alert = json.loads(body)
    known = {"alert_uid", "title", "image_url", "state", "link_to_upstream_details", "message"}
    if set(alert) - known or alert.get("state") not in ("alerting", "ok"):
        return 400, {"detail": "not understood"}
    pager.take("grafana", "page" if alert["state"] == "alerting" else "resolve", alert["alert_uid"], alert)
    return 200, {}


def _webhook(pager: Pager, headers: dict[str, str], body: bytes, **_: Any) -> Reply:
    stamp = headers.get("x-tocsin-timestamp", "")
    wanted = hmac.new(WEBHOOK_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(headers.get("x-tocsin-signature", ""), f"v1={wanted}"):
        return 401, {"error": "the signature is wrong"}
    event = json.loads(body)
    acts = {"page": "page", "test": "page", "acknowledged": "acknowledge", "resolved": "resolve"}
    pager.take("webhook", acts[event["event"]], event["key"], event)
    return 200, {}


_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"POST /v2/enqueue", _pagerduty),
    (r"POST /v2/alerts", _opsgenie),
    (r"POST /v2/alerts/([^/]+)/(acknowledge|close)", _opsgenie_act),
    (r"POST /", _ntfy),
    (r"PUT /([^/]+)/([^/]+)/clear", _ntfy_clear),
    (r"POST /1/messages\.json", _pushover),
    (r"POST /1/receipts/(\w+)/cancel\.json", _pushover_cancel),
    (r"POST /grafana/secret-in-the-path", _grafana),
    (r"POST /hook", _webhook),
]


@contextmanager
def serve_pagers() -> Iterator[Pager]:
    """The server, until the end of the block."""
    pager = Pager("")

    def answering(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        lost = bool(pager.faults) and pager.faults[0][0] == LOST
        if lost:
            pager.faults.pop(0)
        status, document = pager.answer(method, path, headers, body)
        if lost:  # taken, and nobody hears of it
            return None
        wait = pager.faults.pop(0)[1] if pager.faults else ""
        pager.heard.append(status)
        return Answer(status, json.dumps(document).encode(), wait)

    with serve(answering) as pager.url:
        yield pager
