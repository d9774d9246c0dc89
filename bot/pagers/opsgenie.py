"""The alert API of Opsgenie, which Jira Service Management speaks too, and their outgoing webhook.

`message` ≤ 130, `alias` ≤ 512, `description` ≤ 15000, `priority` P1–P5; 202 with a `requestId`, 422 with `errors`, 429.
For Jira Service Management the address is https://api.atlassian.com/jsm/ops/integration.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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

URL = "https://api.opsgenie.com"
PRIORITIES = {"P0": "P1", "P1": "P2", "P2": "P3", "P3": "P4"}
_ADVICE = "Copy the API key of the integration again, and check that it may create alerts; see docs/paging.md."
_SIGNALS = {"Acknowledge": Signal.ACKNOWLEDGED, "Close": Signal.RESOLVED}
_OURS = "tocsin"


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """Create an alert. While one of that alias is open, it counts as the same."""
    alert: dict[str, Any] = {
        "message": cut(facts.summary, 130),
        "alias": facts.key,
        "priority": "P5" if facts.test or facts.low else PRIORITIES[facts.severity],
        "source": _OURS,
    }
    description = "\n".join(filter(None, (facts.body, facts.channel_link)))
    if description:
        alert["description"] = cut(description, 15_000)
    return json_request(_url(account), alert, _headers(account))


def acknowledge(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """Somebody acknowledged elsewhere."""
    return _act("acknowledge", key, account, by)


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """It is over."""
    return _act("close", key, account, by)


def read(answer: HttpAnswer) -> Result:
    """202 takes it; the rest says why in `message`."""
    said = document_of(answer)
    errors = said.get("errors")
    reasons = [said.get("message", ""), *(errors.values() if isinstance(errors, dict) else ())]
    return judge(answer, reasons, _ADVICE, str(said.get("requestId", "")))


def _act(action: str, key: str, account: Account, by: str) -> HttpRequest:
    url = f"{_url(account)}/{quote(key, safe='')}/{action}?identifierType=alias"
    return json_request(url, {"user": cut(by, 100), "source": _OURS}, _headers(account))


def _url(account: Account) -> str:
    return f"{(account.url or URL).rstrip('/')}/v2/alerts"


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"GenieKey {account.key}"}


def is_ours(authorization: str, header: str, token: str) -> bool:
    """Whether a webhook carries our token, as `Authorization: Bearer …` or in `X-Tocsin-Token`."""
    scheme, _, bearer = authorization.partition(" ")
    given = header or (bearer.strip() if scheme.lower() == "bearer" else "")
    return hmac.compare_digest(given.encode(), token.encode())


def read_webhook(document: Mapping[str, Any], body: bytes) -> Answer | None:
    """What somebody did in Opsgenie; None for what is not about acknowledging, or what we did there ourselves."""
    signal = _SIGNALS.get(text_at(document, "action"))
    if signal is None or text_at(document, "source", "name").lower() == _OURS:
        return None
    user = text_at(document, "alert", "username")
    return Answer(
        service="opsgenie",
        signal=signal,
        key=text_at(document, "alert", "alias"),
        event_id=hashlib.sha256(body).hexdigest(),  # it names no event, and its times tell two of them apart
        at="",
        names=tuple(filter(None, (user, text_at(document, "alert", "userId")))),
        called=user,
    )
