"""PagerDuty's Events API v2 (`/v2/enqueue`), and its V3 webhooks.

Fields and limits as of its reference: `routing_key` of 32 characters, `dedup_key` ≤ 255, `payload.summary` ≤ 1024,
`payload.severity` one of four; 202 with the `dedup_key`, 400 with `errors`, 429.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from bot.pagers.answers import Answer, Signal, text_at
from bot.pagers.requests import (
    Account,
    HttpAnswer,
    HttpRequest,
    PageFacts,
    Result,
    cut,
    document_of,
    json_request,
    judge,
)

URL = "https://events.pagerduty.com"
SEVERITIES = {"P0": "critical", "P1": "error", "P2": "warning", "P3": "info"}
_ADVICE = "Copy the integration key of the service's Events API v2 integration again; see docs/paging.md."
_SIGNALS = {"incident.acknowledged": Signal.ACKNOWLEDGED, "incident.resolved": Signal.RESOLVED}


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """Trigger an alert. Sent again with the same key, it adds to that alert and pages nobody anew."""
    payload: dict[str, Any] = {
        "summary": cut(facts.summary, 1024),
        "source": "tocsin",
        "severity": "info" if facts.test or facts.low else SEVERITIES[facts.severity],
        "timestamp": facts.at.isoformat(),
    }
    if facts.body:
        payload["custom_details"] = {"page": facts.body}
    event = {**_event("trigger", facts.key, account), "payload": payload, "client": "Tocsin"}
    if facts.channel_link:
        event["links"] = [{"href": facts.channel_link, "text": "Open in Slack"}]
    return json_request(_url(account), event)


def acknowledge(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """Somebody acknowledged elsewhere: stop paging about it."""
    return json_request(_url(account), _event("acknowledge", key, account))


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """It is over."""
    return json_request(_url(account), _event("resolve", key, account))


def read(answer: HttpAnswer) -> Result:
    """202 takes it; 400 names what is wrong with it."""
    said = document_of(answer)
    errors = said.get("errors")
    reasons = errors if isinstance(errors, list) else [errors or said.get("message", "")]
    return judge(answer, reasons, _ADVICE, str(said.get("dedup_key", "")))


def _event(action: str, key: str, account: Account) -> dict[str, Any]:
    return {"routing_key": account.key, "event_action": action, "dedup_key": key}


def _url(account: Account) -> str:
    return f"{(account.url or URL).rstrip('/')}/v2/enqueue"


def is_signed(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Whether `X-PagerDuty-Signature`, which lists one signature for each secret in rotation, has one of ours."""
    given = [part.strip().encode() for part in header.split(",")][:20]
    ours = [b"v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in ours for other in given)


def read_webhook(document: Mapping[str, Any]) -> Answer | None:
    """What somebody did in PagerDuty; None for what is not about acknowledging, or was done by no person."""
    event = document.get("event")
    if not isinstance(event, Mapping):
        return None
    signal = _SIGNALS.get(text_at(event, "event_type"))
    if signal is None or text_at(event, "agent", "type") not in ("user_reference", "user"):
        return None
    return Answer(
        service="pagerduty",
        signal=signal,
        key=text_at(event, "data", "incident_key"),
        event_id=text_at(event, "id"),
        at=text_at(event, "occurred_at"),
        names=tuple(filter(None, (text_at(event, "agent", "id"), text_at(event, "agent", "summary")))),
        called=text_at(event, "agent", "summary") or text_at(event, "agent", "id"),
    )
