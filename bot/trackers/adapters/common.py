"""What the adapters share: the target, the issue, how an answer is judged, and how an operation is driven.

An operation is a generator: it yields a request and is sent the answer, until it returns. So none of them calls out,
and a refused request ends the operation in one place.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from bot.errors import TocsinError
from bot.pagers.requests import HttpAnswer, HttpRequest, Outcome, Result, judge

Made = TypeVar("Made")
_MOVED = "It moved: correct `url` or `project` in trackers.yaml."
Operation = Generator[HttpRequest, HttpAnswer, Made]


@dataclass(frozen=True, slots=True)
class Target:
    """A tracker of trackers.yaml. `token` and `webhook` are names of environment variables, never values."""

    name: str
    kind: str  # github, gitlab, jira, slack
    project: str  # owner/repo, a project's path, a project's key, a list's name
    url: str
    token: str
    user: str = ""  # Jira: whose token it is
    webhook: str = ""
    labels: tuple[str, ...] = ()
    issue_type: str = "Task"  # Jira alone
    priorities: Mapping[str, str] = field(default_factory=dict)  # ours → Jira's priority, or a further label
    done: str = ""  # Jira: the status that closing goes to; empty: the first that counts as done
    reopened: str = ""  # Jira: the status that reopening goes to
    channel: str = ""  # Slack: whose people may see and change the list
    list_id: str = ""  # Slack: once it was made
    columns: Mapping[str, str] = field(default_factory=dict)  # Slack: the ids of its columns by key


@dataclass(frozen=True, slots=True)
class IssueText:
    """What an issue says. `marker` is one word that no other issue holds."""

    title: str
    lines: tuple[str, ...]
    priority: str
    marker: str
    about: str = ""  # which item of which incident
    owner_id: str = ""  # a Slack id
    due_on: str = ""  # 2026-11-20


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue there. `number` is what the tracker calls it by: 12, or SHOP-12."""

    number: str
    url: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Event:
    """The project and issue that a webhook says changed. It may come late or twice, so the state is read anew."""

    project: str
    number: str


class Failed(TocsinError):
    """A tracker refused, or answered what cannot be read."""

    def __init__(self, result: Result, status: int) -> None:
        super().__init__(result.says)
        self.result = result
        self.status = status


def drive(operation: Operation[Made], send: Callable[[HttpRequest], HttpAnswer], target: Target, title: str) -> Made:
    """Run an operation to its end. Raises Failed, and what `send` raises."""
    try:
        request = next(operation)
        while True:
            answer = send(request)
            if not 200 <= answer.status < 300:
                raise Failed(verdict(answer, target, title), answer.status)
            request = operation.send(answer)
    except StopIteration as ended:
        made: Made = ended.value
        return made


def verdict(answer: HttpAnswer, target: Target, title: str) -> Result:
    """What a refusal means, and what to do about it."""
    words = said_by(answer)
    said = " ".join(words).lower()
    limited = answer.status == 403 and (answer.retry_after is not None or "rate limit" in said)
    result = judge(answer, words, _advice(answer.status, said, target))
    says = f"{title} {result.says.removeprefix('it ')}"
    if limited:
        return Result(Outcome.AGAIN, says, after=answer.retry_after)
    moved = 300 <= answer.status < 400
    return replace(result, says=says, advice=_MOVED if moved else result.advice)


def _advice(status: int, said: str, target: Target) -> str:
    if "archived" in said:
        return f"{target.project} is archived: unarchive it, or name another project in trackers.yaml."
    if status == 401:
        return f"The token is refused: make a new one and set {target.token}."
    if status == 403:
        return f"Let the token of {target.token} read and write issues in {target.project}."
    if status == 404:
        return f"Correct `project` in trackers.yaml, or give the token of {target.token} access to {target.project}."
    if status == 410:
        return f"Turn on issues in {target.project}, or name another project in trackers.yaml."
    return "Correct labels, issue_type and priorities of that tracker in trackers.yaml."


def said_by(answer: HttpAnswer) -> list[str]:
    """The tracker's own words in an error: `message`, `error`, `errorMessages`, `errors`."""
    read = any_json(answer)
    if not isinstance(read, dict):
        return []
    found: list[str] = []
    for name in ("message", "error", "error_description", "errorMessages", "errors"):
        found += _words(read.get(name))
    return found


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        named = [f"{key}: {' '.join(_words(one))}" for key, one in value.items() if isinstance(one, str | list)]
        return named if "resource" not in value else [" ".join(filter(None, map(str, value.values())))]
    return [word for one in value for word in _words(one)] if isinstance(value, list) else []


def any_json(answer: HttpAnswer) -> Any:
    """The answer's JSON, whatever it is; None where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def unreadable(title: str) -> Failed:
    """The tracker took it and answered something else than it documents."""
    return Failed(
        Result(Outcome.REFUSED, f"{title} answered something that can't be read", "Check `url` in trackers.yaml."), 200
    )


def request(
    method: str, url: str, headers: Mapping[str, str], document: Mapping[str, Any] | None = None
) -> HttpRequest:
    """A call with JSON, or without a body."""
    if document is None:
        return HttpRequest(method, url, {"Accept": "application/json", **headers}, b"")
    body = json.dumps(document, ensure_ascii=False).encode()
    return HttpRequest(method, url, {"Accept": "application/json", "Content-Type": "application/json", **headers}, body)


def labels_of(target: Target, text: IssueText) -> list[str]:
    """The policy's labels, and the one that stands for the priority."""
    return list(dict.fromkeys([*target.labels, *filter(None, [target.priorities.get(text.priority)])]))


def body_of(text: IssueText) -> str:
    """Markdown: what is known, and the marker where readers do not see it."""
    return "\n\n".join([*text.lines, f"<!-- {text.marker} -->"])


def has_signature(body: bytes, header: str, secret: str) -> bool:
    """Whether `sha256=<hex>` is the HMAC of the body."""
    method, _, given = header.partition("=")
    mine = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return method == "sha256" and hmac.compare_digest(given.encode(), mine.encode())


def text_of(document: Any, *path: str) -> str:
    """The text or number at that place; empty where there is none."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return str(document) if isinstance(document, str | int) and not isinstance(document, bool) else ""
