"""A local stand-in for Jira, GitHub and GitLab, as strict as their published schemas: required fields, types, answers.

It listens on 127.0.0.1 alone and keeps the issues that it is given.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator

from tests.support.local_server import Answer, serve

TOKEN, USER = "the-token", "tocsin@example.com"
Reply = tuple[int, Any]
Json = dict[str, Any]
_TEXT = {"type": "string", "minLength": 1}
_LABELS = {"type": "array", "items": {"type": ["string", "object"]}}
# POST and PATCH of issues, as GitHub's OpenAPI description has them.
GITHUB_CREATE = {
    "type": "object",
    "required": ["title"],
    "additionalProperties": False,
    "properties": {
        "title": {"type": ["string", "integer"]},
        "body": {"type": "string"},
        "labels": _LABELS,
        "assignees": {"type": "array", "items": {"type": "string"}},
        "milestone": {"type": ["string", "integer", "null"]},
        "type": {"type": ["string", "null"]},
    },
}
GITHUB_UPDATE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "state": {"enum": ["open", "closed"]},
        "state_reason": {"enum": ["completed", "not_planned", "duplicate", "reopened", None]},
    },
}
GITLAB_CREATE = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": _TEXT,
        "description": {"type": "string", "maxLength": 1048576},
        "labels": {"type": "string"},
    },
}
GITLAB_UPDATE = {
    "type": "object",
    "required": ["state_event"],
    "properties": {"state_event": {"enum": ["close", "reopen"]}},
}
_NODE = {"type": "object", "required": ["type"], "properties": {"type": _TEXT, "text": _TEXT}}
JIRA_CREATE = {
    "type": "object",
    "required": ["fields"],
    "additionalProperties": False,
    "properties": {
        "fields": {
            "type": "object",
            "required": ["project", "issuetype", "summary"],
            "properties": {
                "project": {"type": "object", "required": ["key"]},
                "issuetype": {"type": "object", "required": ["name"]},
                "summary": {"type": "string", "minLength": 1, "maxLength": 255},
                "labels": {"type": "array", "items": {"type": "string", "pattern": r"^\S+$"}},
                "priority": {"type": "object", "required": ["name"]},
                "description": {
                    "type": "object",
                    "required": ["type", "version", "content"],
                    "properties": {
                        "type": {"const": "doc"},
                        "version": {"const": 1},
                        "content": {"type": "array", "items": _NODE},
                    },
                },
            },
        }
    },
}
JIRA_SEARCH = {
    "type": "object",
    "additionalProperties": False,
    "required": ["jql"],
    "properties": {
        "jql": _TEXT,
        "fields": {"type": "array", "items": {"type": "string"}},
        "maxResults": {"type": "integer"},
        "nextPageToken": {"type": "string"},
    },
}
JIRA_MOVE = {
    "type": "object",
    "required": ["transition"],
    "additionalProperties": False,
    "properties": {"transition": {"type": "object", "required": ["id"], "properties": {"id": _TEXT}}},
}


@dataclass
class Trackers:
    """The server. `faults` are answers to give instead, first come first served: status, document, Retry-After."""

    url: str
    issues: dict[str, list[Json]] = field(default_factory=lambda: {"github": [], "gitlab": [], "jira": []})
    faults: list[tuple[int, Any, str]] = field(default_factory=list)
    lose: int = 0  # answers of creations that never arrive, though the issue is made
    asked: list[str] = field(default_factory=list)
    workflow: bool = True  # whether Jira offers transitions

    def set_state(self, kind: str, number: str, closed: bool) -> None:
        """Somebody closes or reopens an issue there."""
        (issue,) = [one for one in self.issues[kind] if one["number"] == number]
        issue["closed"] = closed

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, str]:
        parts = urlsplit(path)
        self.asked.append(f"{method} {parts.path}")
        if self.faults:
            return self.faults.pop(0)
        query, document = dict(parse_qsl(parts.query)), json.loads(body) if body else None
        for pattern, handler in _ROUTES:
            if (match := re.fullmatch(pattern, f"{method} {parts.path}")) is not None:
                status, said = handler(self, headers, query, document, *map(unquote, match.groups()))
                return status, said, ""
        return 404, {"message": "Not Found"}, ""

    def add(self, kind: str, number: str, marker_in: str, document: Json) -> Json:
        issue = {"number": number, "closed": False, "text": marker_in, "document": document}
        self.issues[kind].append(issue)
        return issue

    def find(self, kind: str, number: str) -> Json | None:
        return next((one for one in self.issues[kind] if one["number"] == number), None)


def wrong(schema: Json, document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


def _github_shown(tracker: Trackers, issue: Json) -> Json:
    number = int(issue["number"])
    return {
        "id": 900 + number,
        "number": number,
        "title": issue["document"]["title"],
        "body": issue["text"],
        "state": "closed" if issue["closed"] else "open",
        "html_url": f"https://github.example.com/example/shop/issues/{number}",
        "url": f"{tracker.url}/repos/example/shop/issues/{number}",
    }


def _github_may(headers: dict[str, str], project: str) -> Reply | None:
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
    if headers.get("x-github-api-version") != "2022-11-28" or "user-agent" not in headers:
        return 400, {"message": "unsupported version"}
    return (404, {"message": "Not Found"}) if project != "example/shop" else None


def _github_list(tracker: Trackers, headers: dict[str, str], query: Any, document: Any, project: str) -> Reply:
    if refused := _github_may(headers, project):
        return refused
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", query["since"]), query
    assert query["state"] == "all"
    found = [_github_shown(tracker, one) for one in reversed(tracker.issues["github"])]
    begin = (int(query["page"]) - 1) * int(query["per_page"])
    return 200, found[begin : begin + int(query["per_page"])]


def _github_create(tracker: Trackers, headers: dict[str, str], query: Any, document: Any, project: str) -> Reply:
    if refused := _github_may(headers, project):
        return refused
    if problems := wrong(GITHUB_CREATE, document):
        return 422, {"message": "Validation Failed", "errors": problems}
    number = str(len(tracker.issues["github"]) + 1)
    return 201, _github_shown(tracker, tracker.add("github", number, document["body"], document))


def _github_one(
    tracker: Trackers, headers: dict[str, str], query: Any, document: Any, project: str, number: str
) -> Reply:
    if refused := _github_may(headers, project):
        return refused
    issue = tracker.find("github", number)
    if issue is None:
        return 404, {"message": "Not Found"}
    if document is not None:
        if problems := wrong(GITHUB_UPDATE, document):
            return 422, {"message": "Validation Failed", "errors": problems}
        issue["closed"], issue["reason"] = document["state"] == "closed", document.get("state_reason")
    return 200, _github_shown(tracker, issue)


def _gitlab_shown(issue: Json) -> Json:
    return {
        "id": 70_000 + int(issue["number"]),
        "iid": int(issue["number"]),
        "title": issue["document"]["title"],
        "description": issue["text"],
        "state": "closed" if issue["closed"] else "opened",
        "web_url": f"https://gitlab.example.com/example/shop/-/issues/{issue['number']}",
    }


def _gitlab(tracker: Trackers, headers: dict[str, str], query: Any, document: Any, project: str) -> Reply:
    """The list, and creating."""
    if headers.get("private-token") != TOKEN:
        return 401, {"message": "401 Unauthorized"}
    if project != "example/shop":
        return 404, {"message": "404 Project Not Found"}
    if document is None:
        assert query["in"] == "description"
        return 200, [_gitlab_shown(one) for one in tracker.issues["gitlab"] if query["search"] in one["text"]]
    if problems := wrong(GITLAB_CREATE, document):
        return 400, {"message": {"title": problems}}
    number = str(len(tracker.issues["gitlab"]) + 1)
    return 201, _gitlab_shown(tracker.add("gitlab", number, document["description"], document))


def _gitlab_one(
    tracker: Trackers, headers: dict[str, str], query: Any, document: Any, project: str, number: str
) -> Reply:
    issue = tracker.find("gitlab", number) if headers.get("private-token") == TOKEN else None
    if issue is None:
        return 404, {"message": "404 Not found"}
    if document is not None:
        if problems := wrong(GITLAB_UPDATE, document):
            return 400, {"error": "; ".join(problems)}
        issue["closed"] = document["state_event"] == "close"
    return 200, _gitlab_shown(issue)


def _jira_may(headers: dict[str, str]) -> Reply | None:
    basic = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
    return (
        None
        if headers.get("authorization") == f"Basic {basic}"
        else (401, {"errorMessages": ["Client must be authenticated"]})
    )


def _jira_search(tracker: Trackers, headers: dict[str, str], query: Any, document: Any) -> Reply:
    if refused := _jira_may(headers):
        return refused
    if wrong(JIRA_SEARCH, document):
        return 400, {"errorMessages": ["Invalid request payload. Refer to the REST API documentation and try again."]}
    match = re.fullmatch(r'project = "SHOP" AND labels = "(\S+)" ORDER BY created ASC', document["jql"])
    assert match, document["jql"]
    found = [one for one in tracker.issues["jira"] if match[1] in one["document"]["labels"]]
    return 200, {"issues": [_jira_shown(one) for one in found[: document["maxResults"]]], "isLast": True}


def _jira_shown(issue: Json) -> Json:
    name, category = ("Done", "done") if issue["closed"] else ("To Do", "new")
    status = {"name": name, "statusCategory": {"key": category}}
    return {"id": "1", "key": issue["number"], "self": "https://x", "fields": {"status": status}}


def _jira_create(tracker: Trackers, headers: dict[str, str], query: Any, document: Any) -> Reply:
    if refused := _jira_may(headers):
        return refused
    if problems := wrong(JIRA_CREATE, document):
        return 400, {"errorMessages": [], "errors": {"summary": "; ".join(problems)}}
    if document["fields"]["issuetype"]["name"] != "Task":
        return 400, {"errorMessages": [], "errors": {"issuetype": "Specify a valid issue type"}}
    number = f"SHOP-{len(tracker.issues['jira']) + 1}"
    tracker.add("jira", number, "", document["fields"])
    return 201, {"id": "10000", "key": number, "self": f"{tracker.url}/rest/api/3/issue/10000"}


def _jira_one(tracker: Trackers, headers: dict[str, str], query: Any, document: Any, number: str) -> Reply:
    issue = None if _jira_may(headers) else tracker.find("jira", number)
    return (200, _jira_shown(issue)) if issue else (404, {"errorMessages": ["Issue does not exist"], "errors": {}})


def _jira_move(tracker: Trackers, headers: dict[str, str], query: Any, document: Any, number: str) -> Reply:
    issue = tracker.find("jira", number)
    assert issue is not None
    names = {
        "11": ("To Do", "new"),
        "21": ("In Progress", "indeterminate"),
        "31": ("Won't Do", "done"),
        "41": ("Done", "done"),
    }
    if document is None:
        offered = [
            {"id": each, "name": name, "to": {"name": name, "statusCategory": {"key": category}}}
            for each, (name, category) in names.items()
        ]
        return 200, {"transitions": offered if tracker.workflow else []}
    if wrong(JIRA_MOVE, document):
        return 400, {"errorMessages": ["transition"]}
    issue["moved"], category = names[document["transition"]["id"]]
    issue["closed"] = category == "done"
    return 204, None


_ROUTES: list[tuple[str, Callable[..., Reply]]] = [
    (r"GET /repos/([\w-]+/[\w-]+)/issues", _github_list),
    (r"POST /repos/([\w-]+/[\w-]+)/issues", _github_create),
    (r"(?:GET|PATCH) /repos/([\w-]+/[\w-]+)/issues/(\d+)", _github_one),
    (r"(?:GET|POST) /api/v4/projects/([^/]+)/issues", _gitlab),
    (r"(?:GET|PUT) /api/v4/projects/([^/]+)/issues/(\d+)", _gitlab_one),
    (r"POST /rest/api/3/search/jql", _jira_search),
    (r"POST /rest/api/3/issue", _jira_create),
    (r"GET /rest/api/3/issue/([A-Z0-9-]+)", _jira_one),
    (r"(?:GET|POST) /rest/api/3/issue/([A-Z0-9-]+)/transitions", _jira_move),
]


@contextmanager
def serve_trackers() -> Iterator[Trackers]:
    """The server, until the end of the block."""
    tracker = Trackers("")

    def answering(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        status, document, wait = tracker.answer(method, path, headers, body)
        if status == 201 and tracker.lose:
            tracker.lose -= 1
            return None  # the connection breaks off before a word
        return Answer(status, json.dumps(document).encode() if document is not None else b"", wait)

    with serve(answering) as tracker.url:
        yield tracker
