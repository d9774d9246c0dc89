"""slackLists.* through the real client, as strict as Slack."""

from typing import Any

import pytest
from slack_sdk import WebClient

from slack_playground.app import Playground
from tests.slack_playground.test_messages_api import refusal

SCHEMA: list[dict[str, Any]] = [
    {"key": "name", "name": "Name", "type": "text", "is_primary_column": True},
    {
        "key": "state", "name": "State", "type": "select",
        "options": {"choices": [{"value": "new", "label": "New", "color": "red"}]},
    },
]  # fmt: skip


def words(text: str) -> list[dict[str, Any]]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "elements": [section]}]


@pytest.fixture
def made(web_client: WebClient) -> tuple[str, dict[str, str]]:
    answer = web_client.slackLists_create(name="Tasks", schema=SCHEMA, todo_mode=True)
    return answer["list_id"], {column["type"]: column["id"] for column in answer["list_metadata"]["schema"]}


def test_items_are_made_changed_and_read_page_by_page(web_client: WebClient, made: tuple[str, dict[str, str]]) -> None:
    list_id, column = made
    assert set(column) == {"text", "select", "todo_completed", "todo_assignee", "todo_due_date"}
    fields: list[dict[str, Any]] = [
        {"column_id": column["text"], "rich_text": words("mend it")},
        {"column_id": column["select"], "select": ["new"]},
        {"column_id": column["todo_assignee"], "user": ["U0RESPONDER"]},
        {"column_id": column["todo_due_date"], "date": ["2026-12-04"]},
    ]
    item = web_client.slackLists_items_create(list_id=list_id, initial_fields=fields)["item"]
    web_client.slackLists_items_create(list_id=list_id)
    ticked = {"row_id": item["id"], "column_id": column["todo_completed"], "checkbox": True}
    web_client.slackLists_items_update(list_id=list_id, cells=[ticked])
    record = web_client.slackLists_items_info(list_id=list_id, id=item["id"])["record"]
    shown = {field["key"]: field for field in record["fields"]}
    assert shown["name"]["text"] == "mend it" and shown["todo_completed"]["checkbox"] is True
    first = web_client.slackLists_items_list(list_id=list_id, limit=1)
    rest = web_client.slackLists_items_list(list_id=list_id, cursor=first["response_metadata"]["next_cursor"])
    assert [len(first["items"]), len(rest["items"])] == [1, 1]
    assert rest["response_metadata"]["next_cursor"] == ""
    web_client.slackLists_access_set(list_id=list_id, access_level="write", channel_ids=["C0GENERAL"])


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("text", {"text": "plain"}, "invalid_input_type"),
        ("text", {"rich_text": [{"type": "section"}]}, "invalid_input_type"),
        ("select", {"select": ["old"]}, "invalid_option_id"),
        ("todo_completed", {"checkbox": "true"}, "invalid_input_type"),
        ("todo_completed", {"checkbox": [True]}, "invalid_input_type"),
        ("todo_assignee", {"user": ["U0NOBODY"]}, "user_not_found"),
        ("todo_due_date", {"date": ["2026-02-30"]}, "invalid_date"),
        ("todo_due_date", {"date": "2026-02-03"}, "invalid_input_type"),
        ("", {"checkbox": True}, "invalid_column_id"),
    ],
)
def test_a_cell_that_its_column_cannot_hold_is_refused(
    web_client: WebClient, made: tuple[str, dict[str, str]], key: str, value: dict[str, object], error: str
) -> None:
    list_id, column = made
    field = {"column_id": column.get(key, "Col99"), **value}
    assert refusal(web_client.slackLists_items_create, list_id=list_id, initial_fields=[field]) == error


def test_lists_refuse_what_slack_refuses(
    web_client: WebClient, made: tuple[str, dict[str, str]], playground: Playground
) -> None:
    list_id, column = made
    api = web_client
    assert refusal(api.slackLists_items_info, list_id=list_id, id="Rec0") == "record_not_found"
    assert refusal(api.slackLists_items_list, list_id="F0") == "list_not_found"
    cell = {"row_id": "Rec0", "column_id": column["todo_completed"], "checkbox": True}
    assert refusal(api.slackLists_items_update, list_id=list_id, cells=[cell]) == "invalid_row_id"
    assert refusal(api.slackLists_items_update, list_id=list_id, cells=[]) == "invalid_arguments"
    both = {"channel_ids": ["C0GENERAL"], "user_ids": ["U0RESPONDER"]}
    assert refusal(api.slackLists_access_set, list_id=list_id, access_level="read", **both) == "invalid_parameters"
    owner = {"list_id": list_id, "access_level": "owner", "channel_ids": ["C0GENERAL"]}
    assert refusal(api.slackLists_access_set, **owner) == "invalid_arguments"
    nowhere = {"list_id": list_id, "access_level": "read", "channel_ids": ["C0NOWHERE"]}
    assert refusal(api.slackLists_access_set, **nowhere) == "channel_not_found"
    two = [{**SCHEMA[0], "key": "a"}, {**SCHEMA[0], "key": "b"}]
    for schema in ([], [{"key": "a", "name": "A", "type": "poem"}], two, [{"key": "s", "name": "S", "type": "select"}]):
        assert refusal(api.slackLists_create, name="Tasks", schema=schema) == "invalid_arguments"
    playground.on_loop(lambda: setattr(playground.workspace, "free_plan", True))
    try:
        assert refusal(api.slackLists_create, name="Tasks") == "lists_disabled_user_team"
    finally:
        playground.on_loop(lambda: setattr(playground.workspace, "free_plan", False))
