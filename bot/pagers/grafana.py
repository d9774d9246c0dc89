"""The formatted webhook of Grafana OnCall and Grafana Cloud IRM, and of what speaks like it.

Its address is its secret. It knows two states, `alerting` and `ok`: acknowledging here is `ok` there, as nobody else
is to be paged about it.
"""

from __future__ import annotations

from typing import Any

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

_ADVICE = "Copy the integration's address again; see docs/paging.md."


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """An alert; the same `alert_uid` is the same one."""
    alert: dict[str, Any] = {"alert_uid": facts.key, "title": cut(facts.summary, 1024), "state": "alerting"}
    if facts.body:
        alert["message"] = cut(facts.body, 4000)
    if facts.channel_link:
        alert["link_to_upstream_details"] = facts.channel_link
    return json_request(account.key, alert)


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """It was answered, or it is over."""
    return json_request(account.key, {"alert_uid": key, "state": "ok"})


def read(answer: HttpAnswer) -> Result:
    """Any 2xx takes it."""
    said = document_of(answer)
    return judge(answer, [said.get("detail") or said.get("message", "")], _ADVICE)
