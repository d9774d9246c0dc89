"""Pushover: emergency messages, repeated on the phone until somebody acknowledges, and cancelled by their receipt.

`message` ≤ 1024 characters, `title` ≤ 250, `url` ≤ 512, priority 2 needs `retry` ≥ 30 and `expire` ≤ 10800 seconds;
200 with `status` 1 and a `receipt`, 400 with `errors`, 429.
"""

from __future__ import annotations

from bot.pagers.requests import (
    Account,
    HttpAnswer,
    HttpRequest,
    PageFacts,
    Result,
    cut,
    document_of,
    form_request,
    judge,
)

URL = "https://api.pushover.net"
RETRY, EXPIRE = 60, 3600  # seconds
_ADVICE = "Check the user key and the application's token; see docs/paging.md."


def page(facts: PageFacts, account: Account) -> HttpRequest:
    """An emergency message. A test and a P3 are of ordinary priority, a quiet page of low: these need no answer."""
    fields = {
        "token": account.token,
        "user": account.key,
        "title": cut(facts.summary, 250),
        "message": cut(facts.body or facts.summary, 1024),
        "timestamp": str(int(facts.at.timestamp())),
    }
    if facts.low:
        fields["priority"] = "-1"
    elif facts.test or facts.severity == "P3":
        fields["priority"] = "0"
    else:
        fields |= {"priority": "2", "retry": str(RETRY), "expire": str(EXPIRE)}
        if facts.answer_link:
            fields["callback"] = facts.answer_link
    if facts.channel_link and len(facts.channel_link) <= 512:
        fields |= {"url": facts.channel_link, "url_title": "Open Slack"}
    return form_request(f"{_url(account)}/1/messages.json", fields)


def resolve(key: str, account: Account, receipt: str, by: str) -> HttpRequest | None:
    """Stop repeating it; None for a message that is not repeated."""
    if not receipt:
        return None
    return form_request(f"{_url(account)}/1/receipts/{receipt}/cancel.json", {"token": account.token})


def read(answer: HttpAnswer) -> Result:
    """200 with `status` 1; `errors` are sentences."""
    said = document_of(answer)
    errors = said.get("errors")
    receipt = str(said.get("receipt") or "")
    known = receipt if receipt.isalnum() else ""
    return judge(answer, errors if isinstance(errors, list) else [], _ADVICE, known)


def _url(account: Account) -> str:
    return (account.url or URL).rstrip("/")
