"""Slack Lists: an item of a list that Tocsin made, with the columns of tasks that `todo_mode` gives it.

Calls are the Web API's own methods, in place of an address; `bot.trackers.jobs` makes them with the bot's token. The
list and the ids of its columns are kept, as no method finds a list by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.pagers.requests import Account, HttpRequest
from bot.trackers.adapters.common import (
    Event,
    Issue,
    IssueText,
    Operation,
    Target,
    any_json,
    request,
    text_of,
    unreadable,
)

TITLE = "Slack Lists"
TITLE_COLUMN, ABOUT, PRIORITY, KEY = "title", "about", "priority", "key"
COMPLETED, ASSIGNEE, DUE = "todo_completed", "todo_assignee", "todo_due_date"
NEEDED = frozenset({TITLE_COLUMN, ABOUT, PRIORITY, KEY, COMPLETED, ASSIGNEE, DUE})
_PAGES, _PER_PAGE = 10, 200
_PRIORITIES = (("high", "High", "red"), ("medium", "Medium", "yellow"), ("low", "Low", "gray"))
_USER = re.compile(r"[UW][A-Z0-9]{2,}")


def make(target: Target) -> Operation[tuple[str, dict[str, str]]]:
    """Make the list; its id, and the ids of its columns by key."""
    choices = [{"value": value, "label": label, "color": color} for value, label, color in _PRIORITIES]
    schema = [
        {"key": TITLE_COLUMN, "name": "Action item", "type": "text", "is_primary_column": True},
        {"key": ABOUT, "name": "Incident", "type": "text"},
        {
            "key": PRIORITY,
            "name": "Priority",
            "type": "select",
            "options": {"choices": choices, "format": "single_select"},
        },
        {"key": KEY, "name": "Key", "type": "text"},
    ]
    made = any_json((yield _call("slackLists.create", name=target.project, schema=schema, todo_mode=True)))
    columns = made.get("list_metadata", {}).get("schema", []) if isinstance(made, dict) else []
    found = {_key_of(column): text_of(column, "id") for column in columns}
    list_id = text_of(made, "list_id")
    if not list_id or not found.keys() >= NEEDED:
        raise unreadable(TITLE)
    return list_id, {key: found[key] for key in sorted(NEEDED)}


def _key_of(column: Any) -> str:
    """The columns of tasks go by their type, whatever Slack calls their keys."""
    kind = text_of(column, "type")
    return kind if kind.startswith("todo_") else text_of(column, "key")


def share(target: Target, list_id: str) -> Operation[bool]:
    """Let the people of its channel read and change it."""
    yield _call("slackLists.access.set", list_id=list_id, access_level="write", channel_ids=[target.channel])
    return True


def create(target: Target, account: Account, text: IssueText, since: datetime) -> Operation[Issue]:
    """The item of that marker where there is one, else a new one."""
    cursor = ""
    for _ in range(_PAGES):
        more = {"cursor": cursor} if cursor else {}
        page = any_json((yield _call("slackLists.items.list", list_id=target.list_id, limit=_PER_PAGE, **more)))
        found = [one for one in _items(page) if text.marker in json.dumps(one.get("fields", []))]
        if found:
            return _issue(target, found[0])
        cursor = text_of(page, "response_metadata", "next_cursor")
        if not cursor:
            break
    fields = [
        _text(target, TITLE_COLUMN, text.title),
        _text(target, ABOUT, text.about),
        _text(target, KEY, text.marker),
    ]
    fields += [_cell(target, PRIORITY, select=[text.priority])] if text.priority in dict.fromkeys(_values()) else []
    fields += [_cell(target, ASSIGNEE, user=[text.owner_id])] if _USER.fullmatch(text.owner_id) else []
    fields += [_cell(target, DUE, date=[text.due_on])] if text.due_on else []
    made = any_json((yield _call("slackLists.items.create", list_id=target.list_id, initial_fields=fields)))
    return _issue(target, made.get("item") if isinstance(made, dict) else None)


def read(target: Target, account: Account, number: str) -> Operation[Issue]:
    """The item as it is now."""
    read = any_json((yield _call("slackLists.items.info", list_id=target.list_id, id=number)))
    return _issue(target, read.get("record") if isinstance(read, dict) else None)


def move(target: Target, account: Account, number: str, closed: bool, dropped: bool) -> Operation[None]:
    """Tick it, or take the tick away."""
    cells = [{"row_id": number, **_cell(target, COMPLETED, checkbox=closed)}]
    yield _call("slackLists.items.update", list_id=target.list_id, cells=cells)


def shown(target: Target, number: str) -> str:
    """What people call it."""
    return f"item of {target.project}"


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Lists have no webhook: they are read."""
    return False


def event(headers: Mapping[str, str], document: Mapping[str, Any]) -> Event | None:
    """Likewise."""
    return None


def _values() -> tuple[str, ...]:
    return tuple(value for value, _, _ in _PRIORITIES)


def _cell(target: Target, key: str, **value: object) -> dict[str, object]:
    return {"column_id": target.columns[key], **value}


def _text(target: Target, key: str, words: str) -> dict[str, object]:
    element = {"type": "rich_text_section", "elements": [{"type": "text", "text": words or "–"}]}
    return _cell(target, key, rich_text=[{"type": "rich_text", "elements": [element]}])


def _call(method: str, **arguments: object) -> HttpRequest:
    return request("POST", method, {}, arguments)


def _items(page: Any) -> list[dict[str, Any]]:
    items = page.get("items") if isinstance(page, dict) else None
    if not isinstance(items, list):
        raise unreadable(TITLE)
    return [one for one in items if isinstance(one, dict)]


def _issue(target: Target, item: Any) -> Issue:
    number = text_of(item, "id")
    if not number:
        raise unreadable(TITLE)
    completed = target.columns.get(COMPLETED)
    ticked = any(
        isinstance(field, dict) and field.get("column_id") == completed and (field.get("checkbox") is True)
        for field in item.get("fields") or []
    )
    return Issue(number, f"{target.url}/{target.list_id}?record_id={number}" if target.url else "", ticked)
