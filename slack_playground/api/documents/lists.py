"""slackLists.*: lists with typed columns, their items, and who may see them. Paid plans only."""

import re
from collections.abc import Mapping
from datetime import date

from slack_playground.api.calls import ApiError, Call, Method, cursor_of, position_of
from slack_playground.workspace.records import Json, SlackList

MOST_ITEMS = 1000
MOST_CELLS = 100
LONGEST_NAME = 255
# The key of a cell's value by the type of its column; those of tasks are made with `todo_mode`.
VALUES = {
    "text": "rich_text",
    "date": "date",
    "user": "user",
    "select": "select",
    "checkbox": "checkbox",
    "number": "number",
    "link": "link",
    "todo_completed": "checkbox",
    "todo_assignee": "user",
    "todo_due_date": "date",
}
_TODO = (
    ("Col00", "todo_completed", "Completed"),
    ("Col01", "todo_assignee", "Assignee"),
    ("Col02", "todo_due_date", "Due Date"),
)
_NOT_VALUES = frozenset({"column_id", "row_id"})


def create(call: Call) -> Json:
    """slackLists.create: standalone, owned by the caller, with the columns of `schema` and those of tasks."""
    if call.workspace.free_plan:
        raise ApiError("lists_disabled_user_team")
    name = call.needed("name")
    if len(name) > LONGEST_NAME:
        raise ApiError("over_title_length_maximum")
    schema = call.structure("schema")
    columns = _columns(call, [{"key": "name", "name": "Name", "type": "text"}] if schema is None else schema)
    if call.flag("todo_mode"):
        columns += [{"id": known, "key": kind, "name": title, "type": kind} for known, kind, title in _TODO]
    made = SlackList(call.workspace.new_id("F"), name, columns, {}, {call.user_id: "owner"}, call.workspace.now())
    call.workspace.lists[made.id] = made
    return {"list_id": made.id, "list_metadata": {"schema": columns, "subtask_schema": []}}


def _columns(call: Call, schema: object) -> list[Json]:
    if not isinstance(schema, list) or not schema:
        raise ApiError("invalid_arguments")
    columns: list[Json] = []
    for column in schema:
        named = isinstance(column, dict) and all(isinstance(column.get(name), str) for name in ("key", "name", "type"))
        if not named or column["type"] not in VALUES or column["type"].startswith("todo_"):
            raise ApiError("invalid_arguments")
        if column["type"] == "select" and not _choices(column):
            raise ApiError("invalid_arguments")
        columns.append({"id": call.workspace.new_id("Col"), **column})
    primary = [column for column in columns if column.get("is_primary_column")]
    keys = {column["key"] for column in columns}
    if len(primary) > 1 or any(column["type"] != "text" for column in primary) or len(keys) < len(columns):
        raise ApiError("invalid_arguments")
    return columns


def _choices(column: Mapping[str, object]) -> set[str]:
    options = column.get("options")
    choices = options.get("choices") if isinstance(options, dict) else None
    whole = isinstance(choices, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), str) for name in ("value", "label", "color"))
        for one in choices
    )
    return {one["value"] for one in choices} if whole and isinstance(choices, list) else set()


def set_access(call: Call) -> Json:
    """slackLists.access.set: for channels or for people, not both."""
    found = _list(call)
    channels, users, level = call.listed("channel_ids"), call.listed("user_ids"), call.needed("access_level")
    if bool(channels) == bool(users):
        raise ApiError("invalid_parameters")
    if level not in ("read", "write", "owner") or (level == "owner" and channels):
        raise ApiError("invalid_arguments")
    for channel_id in channels:
        channel = call.workspace.channels.get(channel_id)
        if channel is None or not call.workspace.may_see(call.user_id, channel):
            raise ApiError("channel_not_found")
    if any(user_id not in call.workspace.users for user_id in users):
        raise ApiError("user_not_found")
    found.access.update(dict.fromkeys([*channels, *users], level))
    return {}


def create_item(call: Call) -> Json:
    """slackLists.items.create."""
    found = _list(call)
    if len(found.items) >= MOST_ITEMS:
        raise ApiError("over_row_maximum")
    fields = call.structure("initial_fields")
    if fields is not None and not isinstance(fields, list):
        raise ApiError("invalid_args")
    cells = dict(_cell(call, found, field) for field in fields or [])
    now = int(call.workspace.now())
    item: Json = {
        "id": call.workspace.new_id("Rec"),
        "list_id": found.id,
        "date_created": now,
        "created_by": call.user_id,
        "updated_by": call.user_id,
        "updated_timestamp": str(now),
        "fields": list(cells.values()),
    }
    found.items[item["id"]] = item
    return {"item": item}


def update_items(call: Call) -> Json:
    """slackLists.items.update: cells, all of them or none."""
    found, cells = _list(call), call.structure("cells")
    if not isinstance(cells, list) or not cells or len(cells) > MOST_CELLS:
        raise ApiError("invalid_arguments")
    changes = []
    for cell in cells:
        item = found.items.get(str(cell.get("row_id"))) if isinstance(cell, dict) else None
        if item is None:
            raise ApiError("invalid_row_id")
        if not cell.get("column_id"):
            raise ApiError("column_id_not_provided")
        changes.append((item, *_cell(call, found, cell)))
    for item, column_id, value in changes:
        write_cell(item, column_id, value)
        item["updated_by"], item["updated_timestamp"] = call.user_id, str(int(call.workspace.now()))
    return {}


def write_cell(item: Json, column_id: str, value: Json) -> None:
    """Put a value into an item's cell, in place of the one before."""
    item["fields"] = [field for field in item["fields"] if field["column_id"] != column_id] + [value]


def list_items(call: Call) -> Json:
    """slackLists.items.list: a page, in the order in which they were made."""
    items = list(_list(call).items.values())
    start = int(position_of(call) or 0)
    end = start + call.number("limit", 100, 1000)
    following = cursor_of(end) if end < len(items) else ""
    return {"items": items[start:end], "response_metadata": {"next_cursor": following}}


def item_info(call: Call) -> Json:
    """slackLists.items.info."""
    found = _list(call)
    item = found.items.get(call.needed("id"))
    if item is None:
        raise ApiError("record_not_found")
    return {"list": {"id": found.id, "title": found.name}, "record": item, "subtasks": []}


def _list(call: Call) -> SlackList:
    found = call.workspace.lists.get(call.needed("list_id"))
    if found is None or call.user_id not in found.access:
        raise ApiError("list_not_found")
    return found


def _cell(call: Call, found: SlackList, field: object) -> tuple[str, Json]:
    """A cell's column, and the cell as it is read back."""
    if not isinstance(field, dict):
        raise ApiError("invalid_args")
    column = next((one for one in found.columns if one["id"] == field.get("column_id")), None)
    if column is None:
        raise ApiError("invalid_column_id")
    given = {name: value for name, value in field.items() if name not in _NOT_VALUES}
    kind = VALUES[column["type"]]
    if set(given) != {kind}:
        raise ApiError("invalid_input_type")
    _check_value(call, column, kind, given[kind])
    cell: Json = {"key": column["key"], "column_id": column["id"], kind: given[kind], "value": given[kind]}
    if kind == "rich_text":
        cell["text"] = _plain(given[kind])
    return column["id"], cell


def _check_value(call: Call, column: Mapping[str, object], kind: str, value: object) -> None:
    if kind == "checkbox":
        if not isinstance(value, bool):
            raise ApiError("invalid_input_type")
        return
    if not isinstance(value, list):
        raise ApiError("invalid_input_type")
    if kind == "rich_text" and any(not isinstance(one, dict) or one.get("type") != "rich_text" for one in value):
        raise ApiError("invalid_input_type")
    if kind == "user" and any(user_id not in call.workspace.users for user_id in value):
        raise ApiError("user_not_found")
    if kind == "select" and not set(map(str, value)) <= _choices(column):
        raise ApiError("invalid_option_id")
    if kind == "date" and not all(_is_date(one) for one in value):
        raise ApiError("invalid_date")


def _is_date(value: object) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) and date.fromisoformat(str(value)))
    except ValueError:
        return False


def _plain(blocks: object) -> str:
    """The words of rich text."""
    if isinstance(blocks, list):
        return "".join(_plain(one) for one in blocks)
    if isinstance(blocks, dict):
        return str(blocks.get("text", "")) + _plain(blocks.get("elements"))
    return ""


METHODS = {
    "slackLists.create": Method(create, ("lists:write",)),
    "slackLists.access.set": Method(set_access, ("lists:write",)),
    "slackLists.items.create": Method(create_item, ("lists:write",)),
    "slackLists.items.update": Method(update_items, ("lists:write",)),
    "slackLists.items.list": Method(list_items, ("lists:read",)),
    "slackLists.items.info": Method(item_info, ("lists:read",)),
}
