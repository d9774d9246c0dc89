"""GitLab issues: API v4, on gitlab.com or a server of one's own, and its issue webhook.

`title` is required; `labels` are joined by commas; `iid` is the number within the project. `state_event` is `close` or
`reopen`. 201 with `iid` and `web_url`; the webhook carries its secret as it is, in `X-Gitlab-Token`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
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
    labels_of,
    request,
    text_of,
    unreadable,
)

TITLE, URL = "GitLab", "https://gitlab.com"


def create(target: Target, account: Account, text: IssueText, since: datetime) -> Operation[Issue]:
    """The issue of that marker where there is one, else a new one."""
    query = f"search={quote(text.marker)}&in=description&scope=all&per_page=5"
    listed = any_json((yield _call("GET", f"{_issues(target)}?{query}", account)))
    if not isinstance(listed, list):
        raise unreadable(TITLE)
    found = [one for one in listed if text.marker in text_of(one, "description")]
    if found:
        return _issue(found[0])
    document = {"title": text.title, "description": body_of(text), "labels": ",".join(labels_of(target, text))}
    return _issue(any_json((yield _call("POST", _issues(target), account, document))))


def read(target: Target, account: Account, number: str) -> Operation[Issue]:
    """The issue as it is now."""
    return _issue(any_json((yield _call("GET", f"{_issues(target)}/{quote(number)}", account))))


def move(target: Target, account: Account, number: str, closed: bool, dropped: bool) -> Operation[None]:
    """Close it, or open it again."""
    wanted = {"state_event": "close" if closed else "reopen"}
    yield _call("PUT", f"{_issues(target)}/{quote(number)}", account, wanted)


def shown(target: Target, number: str) -> str:
    """What people call it."""
    return f"{target.project}#{number}"


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """`X-Gitlab-Token`."""
    return hmac.compare_digest(headers.get("x-gitlab-token", "").encode(), secret.encode())


def event(headers: Mapping[str, str], document: Mapping[str, Any]) -> Event | None:
    """Which issue changed, of confidential ones too; None for other events."""
    number = text_of(document, "object_attributes", "iid")
    if document.get("object_kind") != "issue" or not number:
        return None
    return Event(text_of(document, "project", "path_with_namespace"), number)


def _issues(target: Target) -> str:
    return f"{target.url}/api/v4/projects/{quote(target.project, safe='')}/issues"


def _call(method: str, url: str, account: Account, document: Mapping[str, Any] | None = None) -> HttpRequest:
    return request(method, url, {"PRIVATE-TOKEN": account.key}, document)


def _issue(document: Any) -> Issue:
    number, url = text_of(document, "iid"), text_of(document, "web_url")
    if not number.isdigit() or not re.match(r"https?://", url):
        raise unreadable(TITLE)
    return Issue(number, url, text_of(document, "state") == "closed")
