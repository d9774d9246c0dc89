"""A webhook of one's own: JSON signed with HMAC-SHA256 over the timestamp and the body. docs/paging.md describes it.

`X-Tocsin-Timestamp` has seconds since 1970, `X-Tocsin-Signature` is `v1=` and the hexadecimal HMAC of
`<timestamp>.<body>`. The receiver answers the same way, to the address that the page carries.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.pagers.requests import Account, HttpAnswer, HttpRequest, PageFacts, Result, document_of, json_request, judge

TIMESTAMP, SIGNATURE = "X-Tocsin-Timestamp", "X-Tocsin-Signature"
HOLDS = 300  # seconds that a signature counts
_ADVICE = "Check the address, and what the receiver's log says; see docs/paging.md."


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """The whole page. `key` is the same however often it is sent: the receiver takes it once."""
    event: dict[str, Any] = {
        "event": "test" if facts.test else "page",
        "key": facts.key,
        "summary": facts.summary,
        "person": facts.person,
        "due_at": facts.at.isoformat(),
    }
    if not facts.test:
        event |= {"incident": facts.ref, "severity": facts.severity, "role": facts.role, "times": facts.times}
        event |= {"drill": facts.drill, "urgency": "low" if facts.low else "high"}
        event["next_page_at"] = facts.next_at.isoformat() if facts.next_at else None
    if facts.body and not facts.private:
        event["message"] = facts.body
    if facts.channel_link:
        event["channel"] = facts.channel_link
    if facts.answer_link:
        event["acknowledge"] = facts.answer_link
    return json_request(account.key, event)


def acknowledge(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """Somebody acknowledged elsewhere."""
    return json_request(account.key, {"event": "acknowledged", "key": key, "by": by})


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """It is over."""
    return json_request(account.key, {"event": "resolved", "key": key, "by": by})


def read(answer: HttpAnswer) -> Result:
    """Any 2xx takes it; 409 too, as it was taken before."""
    if answer.status == 409:
        return judge(HttpAnswer(200, b""))
    return judge(answer, [document_of(answer).get("error", "")], _ADVICE)


def signed(request: HttpRequest, secret: str, now: datetime) -> HttpRequest:
    """The request with its signature, made when it is sent."""
    stamp = str(int(now.timestamp()))
    extra = {TIMESTAMP: stamp, SIGNATURE: signature(secret, stamp, request.body)}
    return replace(request, headers={**request.headers, **extra})


def signature(secret: str, stamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256 of timestamp, full stop and body."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(body: bytes, stamp: str, given: str, secret: str, now: datetime) -> bool:
    """Whether the receiver signed this, lately."""
    if re.fullmatch(r"\d{1,12}", stamp, re.ASCII) is None:
        return False
    fresh = abs(now.astimezone(UTC).timestamp() - int(stamp)) <= HOLDS
    return hmac.compare_digest(signature(secret, stamp, body).encode(), given.encode()) and fresh
