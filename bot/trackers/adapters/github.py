"""GitHub issues: REST 2022-11-28, and the `issues` event of a repository's webhook.

`title` is required, `labels` a list of names; who may not push has labels silently dropped. 201 with `number` and
`html_url`; 410 where issues are off, 403 for archived repositories, 403 or 429 with Retry-After for rates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.pagers.requests import Account, HttpRequest
from bot.trackers.adapters.common import (
    Event,
    Issue,
    IssueText,
    Operation,
    Target,
    any_json,
    body_of,
    has_signature,
    labels_of,
    request,
    text_of,
    unreadable,
)

TITLE, URL = "GitHub", "https://api.github.com"
_PAGES, _PER_PAGE = 3, 50  # of issues that changed since, the newest first, in which the marker is looked for


def create(target: Target, account: Account, text: IssueText, since: datetime) -> Operation[Issue]:
    """The issue of that marker where there is one, else a new one. `since` is when it was first asked for."""
    at = quote(since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    for page in range(1, _PAGES + 1):
        query = f"state=all&sort=created&direction=desc&since={at}&per_page={_PER_PAGE}&page={page}"
        listed = any_json((yield _call("GET", f"{_issues(target)}?{query}", account)))
        if not isinstance(listed, list):
            raise unreadable(TITLE)
        found = [one for one in listed if text.marker in text_of(one, "body")]
        if found:
            return _issue(found[0])
        if len(listed) < _PER_PAGE:
            break
    document = {"title": text.title, "body": body_of(text), "labels": labels_of(target, text)}
    return _issue(any_json((yield _call("POST", _issues(target), account, document))))


def read(target: Target, account: Account, number: str) -> Operation[Issue]:
    """The issue as it is now."""
    return _issue(any_json((yield _call("GET", f"{_issues(target)}/{quote(number)}", account))))


def move(target: Target, account: Account, number: str, closed: bool, dropped: bool) -> Operation[None]:
    """Close it as completed or as not planned, or open it again."""
    closing = {"state": "closed", "state_reason": "not_planned" if dropped else "completed"}
    wanted = closing if closed else {"state": "open"}
    yield _call("PATCH", f"{_issues(target)}/{quote(number)}", account, wanted)


def shown(target: Target, number: str) -> str:
    """What people call it."""
    return f"{target.project}#{number}"


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """`X-Hub-Signature-256`."""
    return has_signature(body, headers.get("x-hub-signature-256", ""), secret)


def event(headers: Mapping[str, str], document: Mapping[str, Any]) -> Event | None:
    """Which issue changed; None for other events."""
    number = text_of(document, "issue", "number")
    if headers.get("x-github-event") != "issues" or not number:
        return None
    return Event(text_of(document, "repository", "full_name"), number)


def _issues(target: Target) -> str:
    return f"{target.url}/repos/{quote(target.project)}/issues"


def _call(method: str, url: str, account: Account, document: Mapping[str, Any] | None = None) -> HttpRequest:
    headers = {
        "Authorization": f"Bearer {account.key}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return request(method, url, headers, document)


def _issue(document: Any) -> Issue:
    number, url = text_of(document, "number"), text_of(document, "html_url")
    if not number.isdigit() or not re.match(r"https?://", url):
        raise unreadable(TITLE)
    return Issue(number, url, text_of(document, "state") == "closed")
