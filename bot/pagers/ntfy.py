"""ntfy: a topic's address (which is its secret), JSON published to the server, an action button that acknowledges.

`topic` ^[-_A-Za-z0-9]{1,64}$, `message` ≤ 4096 bytes, `title`, `priority` 1–5, at most three `actions`. A second
message of a `sequence_id` takes the place of the first (ntfy 2.16 and later), so a retry makes no second notification.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from bot.pagers.requests import (
    Account,
    HttpAnswer,
    HttpRequest,
    NotConfigured,
    PageFacts,
    Result,
    cut,
    document_of,
    json_request,
    judge,
)

PRIORITIES = {"P0": 5, "P1": 5, "P2": 4, "P3": 3}
_ADVICE = "Check the topic's address and its access token; see docs/paging.md."


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """Publish it, with a button that acknowledges where Tocsin can be reached."""
    server, topic = _place(account)
    actions: list[dict[str, Any]] = []
    if facts.answer_link:
        button = {"action": "http", "label": "Acknowledge", "url": facts.answer_link, "method": "POST", "clear": True}
        actions.append(button)
    if facts.channel_link:
        actions.append({"action": "view", "label": "Open Slack", "url": facts.channel_link})
    message: dict[str, Any] = {
        "topic": topic,
        "title": cut(facts.summary, 250),
        "message": cut(facts.body or facts.summary, 1000),  # of four bytes each: 4096 are an attachment
        "priority": _priority(facts),
        "tags": ["test_tube" if facts.test else "rotating_light"],
        "sequence_id": facts.key,
    }
    if actions:
        message["actions"] = actions
    return json_request(server, message, _headers(account))


def _priority(facts: PageFacts) -> int:
    """2 makes no sound."""
    if facts.low:
        return 2
    return 3 if facts.test else PRIORITIES[facts.severity]


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest:
    """Take the notification off the phone: it was answered, or it is over."""
    server, topic = _place(account)
    return HttpRequest("PUT", f"{server}/{topic}/{key}/clear", _headers(account), b"")


def read(answer: HttpAnswer) -> Result:
    """200 with the message; else `error` says why."""
    said = document_of(answer)
    return judge(answer, [said.get("error", "")], _ADVICE, str(said.get("id", "")))


def read_clear(answer: HttpAnswer) -> Result:
    """Servers before 2.16 know no such address: there the notification stays, and nothing pages again."""
    if answer.status in (404, 405):
        return judge(HttpAnswer(200, b""))
    return read(answer)


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.token}"} if account.token else {}


def _place(account: Account) -> tuple[str, str]:
    """The server's address and the topic."""
    parts = urlsplit(account.key)
    server, _, topic = account.key.rstrip("/").rpartition("/")
    if parts.scheme not in ("http", "https") or not topic or not parts.netloc or parts.path.strip("/") == "":
        raise NotConfigured("must be a topic's whole address, such as https://ntfy.sh/a-topic-nobody-guesses")
    return server, topic
