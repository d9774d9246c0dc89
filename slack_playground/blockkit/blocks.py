"""Block Kit as Slack accepts it: blocks, elements, composition objects, views, with Slack's limits and error texts."""

import json
from collections.abc import Iterator

from slack_playground.api.calls import ApiError
from slack_playground.blockkit.checks import (
    Check,
    Findings,
    anything,
    boolean,
    by_type,
    choice,
    finding,
    integer,
    items,
    record,
    string,
)
from slack_playground.workspace.records import Json

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_TEXT_TOTAL = 13_200
VIEW_BYTES = 250_000

_ID = string(255, 1)
_URL = string(3000, 1)


def _text(most: int, *kinds: str, least: int = 1) -> Check:
    plain = record({"text": string(most, least)}, {"emoji": boolean})
    marked = record({"text": string(most, least)}, {"verbatim": boolean})
    return by_type({"plain_text": plain, "mrkdwn": marked}, kinds)


_CONFIRM = record(
    {"title": _text(100, "plain_text"), "text": _text(300), "confirm": _text(30, "plain_text")},
    {"deny": _text(30, "plain_text"), "style": choice("primary", "danger")},
)
_OPTION = record({"text": _text(75), "value": string(150, 1)}, {"description": _text(75), "url": _URL})
_OPTION_GROUP = record({"label": _text(75, "plain_text"), "options": items(_OPTION, 100, 1)}, {})
_FILTER = record({}, {"include": anything, "exclude_external_shared_channels": boolean, "exclude_bot_users": boolean})
_DISPATCH = record({}, {"trigger_actions_on": anything})

_ACTED: dict[str, Check] = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": boolean}
_PICKED: dict[str, Check] = {**_ACTED, "placeholder": _text(150, "plain_text")}
_SEVERAL: dict[str, Check] = {**_PICKED, "max_selected_items": integer}
_OPTIONS: dict[str, Check] = {"options": items(_OPTION, 100, 1), "option_groups": items(_OPTION_GROUP, 100, 1)}
_CHOSEN = items(_OPTION, 100, 1)
_IDS = items(string(), 100, 1)
_IMAGE: dict[str, Check] = {"image_url": _URL, "slack_file": anything}
_TYPED: dict[str, Check] = {
    **_PICKED,
    "initial_value": string(3000),
    "dispatch_action_config": _DISPATCH,
}

_ELEMENTS: dict[str, Check] = {
    "button": record(
        {"text": _text(75, "plain_text")},
        {
            **_ACTED,
            "value": string(2000),
            "url": _URL,
            "style": choice("primary", "danger"),
            "accessibility_label": string(75),
        },
    ),
    "static_select": record({}, {**_PICKED, **_OPTIONS, "initial_option": _OPTION}),
    "multi_static_select": record({}, {**_SEVERAL, **_OPTIONS, "initial_options": _CHOSEN}),
    "external_select": record({}, {**_PICKED, "initial_option": _OPTION, "min_query_length": integer}),
    "multi_external_select": record({}, {**_SEVERAL, "initial_options": _CHOSEN, "min_query_length": integer}),
    "users_select": record({}, {**_PICKED, "initial_user": string()}),
    "multi_users_select": record({}, {**_SEVERAL, "initial_users": _IDS}),
    "channels_select": record({}, {**_PICKED, "initial_channel": string(), "response_url_enabled": boolean}),
    "multi_channels_select": record({}, {**_SEVERAL, "initial_channels": _IDS}),
    "conversations_select": record(
        {},
        {
            **_PICKED,
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": _FILTER,
        },
    ),
    "multi_conversations_select": record(
        {},
        {
            **_SEVERAL,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": _FILTER,
        },
    ),
    "overflow": record({"options": items(_OPTION, 5, 1)}, {"action_id": _ID, "confirm": _CONFIRM}),
    "checkboxes": record({"options": items(_OPTION, 10, 1)}, {**_ACTED, "initial_options": items(_OPTION, 10, 1)}),
    "radio_buttons": record({"options": items(_OPTION, 10, 1)}, {**_ACTED, "initial_option": _OPTION}),
    "datepicker": record({}, {**_PICKED, "initial_date": string(10)}),
    "timepicker": record({}, {**_PICKED, "initial_time": string(5), "timezone": string()}),
    "datetimepicker": record({}, {**_ACTED, "initial_date_time": integer}),
    "plain_text_input": record({}, {**_TYPED, "multiline": boolean, "min_length": integer, "max_length": integer}),
    "email_text_input": record({}, _TYPED),
    "url_text_input": record({}, _TYPED),
    "number_input": record({"is_decimal_allowed": boolean}, {**_TYPED, "min_value": string(), "max_value": string()}),
    "rich_text_input": record({}, {**_PICKED, "initial_value": anything, "dispatch_action_config": _DISPATCH}),
    "file_input": record({}, {"action_id": _ID, "filetypes": anything, "max_files": integer}),
    "image": record({"alt_text": string(2000)}, _IMAGE),
}
_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input")
_PICKERS = tuple(kind for kind in _ELEMENTS if kind not in (*_INPUTS, "image", "button", "overflow"))
_BLOCK: dict[str, Check] = {"block_id": string(255)}

_CONTEXT = by_type(
    {
        "image": _ELEMENTS["image"],
        "plain_text": record({"text": string(3000, 1)}, {"emoji": boolean}),
        "mrkdwn": record({"text": string(3000, 1)}, {"verbatim": boolean}),
    }
)
_RICH = by_type(
    {
        "rich_text_section": record({"elements": items(anything, 1000)}, {}),
        "rich_text_list": record(
            {"elements": items(anything, 1000), "style": choice("bullet", "ordered")},
            {"indent": integer, "offset": integer, "border": integer},
        ),
        "rich_text_preformatted": record(
            {"elements": items(anything, 1000)}, {"border": integer, "language": string()}
        ),
        "rich_text_quote": record({"elements": items(anything, 1000)}, {"border": integer}),
    }
)

_BLOCKS: dict[str, Check] = {
    "section": record(
        {},
        {
            **_BLOCK,
            "text": _text(3000),
            "fields": items(_text(2000), 10, 1),
            "accessory": by_type(_ELEMENTS, ("button", "overflow", "image", *_PICKERS)),
            "expand": boolean,
        },
    ),
    "header": record({"text": _text(150, "plain_text")}, _BLOCK),
    "divider": record({}, _BLOCK),
    "context": record({"elements": items(_CONTEXT, 10, 1)}, _BLOCK),
    "actions": record(
        {"elements": items(by_type(_ELEMENTS, ("button", "overflow", *_PICKERS)), 25, 1)},
        _BLOCK,
    ),
    "input": record(
        {"label": _text(2000, "plain_text"), "element": by_type(_ELEMENTS, (*_INPUTS, *_PICKERS))},
        {**_BLOCK, "hint": _text(2000, "plain_text"), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": record({"alt_text": string(2000)}, {**_BLOCK, **_IMAGE, "title": _text(2000, "plain_text")}),
    "rich_text": record({"elements": items(_RICH, 1000)}, _BLOCK),
    "markdown": record({"text": string(12_000, 1)}, _BLOCK),
    "file": record({"external_id": string(), "source": string()}, _BLOCK),
}
_MESSAGE = items(by_type(_BLOCKS), MESSAGE_BLOCKS)
_IN_VIEW = tuple(kind for kind in _BLOCKS if kind not in ("file", "markdown"))
_VIEW_COMMON: dict[str, Check] = {
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_VIEW = by_type(
    {
        "modal": record(
            {"title": _text(24, "plain_text"), "blocks": items(by_type(_BLOCKS, _IN_VIEW), VIEW_BLOCKS)},
            {
                **_VIEW_COMMON,
                "close": _text(24, "plain_text"),
                "submit": _text(24, "plain_text"),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
        "home": record({"blocks": items(by_type(_BLOCKS, _IN_VIEW), VIEW_BLOCKS)}, _VIEW_COMMON),
    }
)


def check_message_blocks(blocks: object) -> list[Json]:
    """The blocks of a message, if Slack would take them. Raises ApiError otherwise."""
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise ApiError("invalid_blocks_format")
    found: Findings = []
    _MESSAGE(blocks, "/blocks", found)
    if not found:
        _check_details(blocks, "/blocks", found)
    if found:
        bare = [sentence.removeprefix("[ERROR] ") for sentence in found]
        raise ApiError("invalid_blocks", errors=bare, response_metadata={"messages": found})
    if sum(map(len, _texts(blocks))) > MESSAGE_TEXT_TOTAL:
        raise ApiError("msg_blocks_too_long")
    return blocks


def check_view(view: object, kind: str) -> Json:
    """A view of this kind ("modal", "home"), if Slack would take it. Raises ApiError otherwise."""
    found: Findings = []
    if not isinstance(view, dict) or view.get("type") != kind:
        finding(found, f"must provide a view of type {kind}", "/view")
        raise ApiError("invalid_arguments", response_metadata={"messages": found})
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    _VIEW(view, "/view", found)
    if not found:
        _check_details(view["blocks"], "/view/blocks", found)
        if kind == "modal" and not view.get("submit") and any(b["type"] == "input" for b in view["blocks"]):
            finding(found, "missing required field: submit", "/view")
    if found:
        raise ApiError("invalid_arguments", response_metadata={"messages": found})
    return view


def elements_of(block: Json) -> list[Json]:
    """The elements of a block that can be acted on."""
    found = list(block.get("elements", ())) if block["type"] == "actions" else []
    found += [block[place] for place in ("element", "accessory") if isinstance(block.get(place), dict)]
    return [element for element in found if element.get("type") != "image"]


def _check_details(blocks: list[Json], pointer: str, found: Findings) -> None:
    """What no single field shows: ids used twice, sections without content, selects without options."""
    block_ids: set[str] = set()
    for index, block in enumerate(blocks):
        place = f"{pointer}/{index}"
        block_id = block.get("block_id")
        if block_id and block_id in block_ids:
            finding(found, f"`block_id` already exists: {block_id}", f"{place}/block_id")
        block_ids.add(block_id or "")
        if block["type"] == "section" and not block.get("text") and not block.get("fields"):
            finding(found, "must define either `text` or `fields`", place)
        if block["type"] == "image" and not block.get("image_url") and not block.get("slack_file"):
            finding(found, "missing required field: image_url", place)
        action_ids: set[str] = set()
        for element in elements_of(block):
            action_id = element.get("action_id")
            if action_id and action_id in action_ids:
                finding(found, f"`action_id` already exists: {action_id}", place)
            action_ids.add(action_id or "")
            _check_options(element, place, found)


def _check_options(element: Json, place: str, found: Findings) -> None:
    static = element["type"] in ("static_select", "multi_static_select")
    if static and bool(element.get("options")) == bool(element.get("option_groups")):
        finding(found, "must define either `options` or `option_groups`", place)
        return
    options = list(options_of(element))
    initial = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options", [])
    if options and any(option not in options for option in initial):
        finding(found, "initial option must be one of the options", place)


def options_of(element: Json) -> Iterator[Json]:
    """All options of an element, grouped or not."""
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            if isinstance(part, dict | list):
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
