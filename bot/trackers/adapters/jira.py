"""Jira Cloud: REST v3 with an API token, and the webhook of an administrator.

`project`, `issuetype` and `summary` are required; `description` is an Atlassian document; labels hold no blanks. 201
with `key`. A status changes by a transition only, and counts as closed by its category `done`. Search is by
`/search/jql`, whose index may be some seconds late.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.pagers.requests import Account, HttpRequest, Outcome, Result
from bot.trackers.adapters.common import (
    Event,
    Failed,
    Issue,
    IssueText,
    Operation,
    Target,
    any_json,
    has_signature,
    request,
    text_of,
    unreadable,
)

TITLE, URL = "Jira", ""
_DONE = "done"
_LONGEST_SUMMARY = 255


def create(target: Target, account: Account, text: IssueText, since: datetime) -> Operation[Issue]:
    """The issue of that label where there is one, else a new one."""
    jql = f'project = "{target.project}" AND labels = "{text.marker}" ORDER BY created ASC'
    search = {"jql": jql, "fields": ["status"], "maxResults": 1}
    found = any_json((yield _call("POST", target, "search/jql", account, search)))
    if not isinstance(found, dict) or not isinstance(found.get("issues"), list):
        raise unreadable(TITLE)
    if found["issues"]:
        return _issue(target, found["issues"][0])
    made = any_json((yield _call("POST", target, "issue", account, {"fields": _fields(target, text)})))
    return _issue(target, made)


def read(target: Target, account: Account, number: str) -> Operation[Issue]:
    """The issue as it is now."""
    return _issue(target, any_json((yield _call("GET", target, f"issue/{quote(number)}?fields=status", account))))


def move(target: Target, account: Account, number: str, closed: bool, dropped: bool) -> Operation[None]:
    """Take a transition to a status that counts as done, or to one that does not. Raises Failed without one."""
    path = f"issue/{quote(number)}/transitions"
    listed = any_json((yield _call("GET", target, path, account)))
    offered = listed.get("transitions") if isinstance(listed, dict) else None
    if not isinstance(offered, list):
        raise unreadable(TITLE)
    wanted = target.done if closed else target.reopened
    fitting = [one for one in offered if (text_of(one, "to", "statusCategory", "key") == _DONE) == closed]
    named = [one for one in fitting if text_of(one, "to", "name").lower() == wanted.lower()]
    if not fitting:
        to = f"done ({wanted})" if wanted and closed else "done" if closed else "open"
        advice = f"Move {number} by hand, or add such a transition to its workflow."
        raise Failed(Result(Outcome.REFUSED, f"{number} has no transition to {to} from where it is", advice), 409)
    yield _call("POST", target, path, account, {"transition": {"id": text_of((named or fitting)[0], "id")}})


def shown(target: Target, number: str) -> str:
    """What people call it."""
    return number


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """`X-Hub-Signature`."""
    return has_signature(body, headers.get("x-hub-signature", ""), secret)


def event(headers: Mapping[str, str], document: Mapping[str, Any]) -> Event | None:
    """Which issue changed; None for other events."""
    number = text_of(document, "issue", "key")
    if not text_of(document, "webhookEvent").startswith("jira:issue_") or not number:
        return None
    return Event(number.rpartition("-")[0], number)


def _fields(target: Target, text: IssueText) -> dict[str, Any]:
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.lines if line]
    fields: dict[str, Any] = {
        "project": {"key": target.project},
        "issuetype": {"name": target.issue_type},
        "summary": text.title[:_LONGEST_SUMMARY],
        "description": {"type": "doc", "version": 1, "content": paragraphs},
        "labels": [*target.labels, text.marker],
    }
    if text.priority in target.priorities:
        fields["priority"] = {"name": target.priorities[text.priority]}
    return fields


def _call(
    method: str, target: Target, path: str, account: Account, document: Mapping[str, Any] | None = None
) -> HttpRequest:
    basic = base64.b64encode(f"{target.user}:{account.key}".encode()).decode("ascii")
    return request(method, f"{target.url}/rest/api/3/{path}", {"Authorization": f"Basic {basic}"}, document)


def _issue(target: Target, document: Any) -> Issue:
    number = text_of(document, "key")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*-\d+", number):
        raise unreadable(TITLE)
    closed = text_of(document, "fields", "status", "statusCategory", "key") == _DONE
    return Issue(number, f"{target.url}/browse/{number}", closed)
