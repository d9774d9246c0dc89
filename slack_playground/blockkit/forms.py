"""What a person has filled into blocks: state as Slack reports it, and the checks that Slack's own client makes."""

import re

from slack_playground.blockkit.blocks import elements_of, options_of
from slack_playground.workspace.records import Json

# element type → (field of the state, field of the initial value, value when empty)
FIELDS: dict[str, tuple[str, str, object]] = {
    "plain_text_input": ("value", "initial_value", None),
    "email_text_input": ("value", "initial_value", None),
    "url_text_input": ("value", "initial_value", None),
    "number_input": ("value", "initial_value", None),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "file_input": ("files", "", []),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "checkboxes": ("selected_options", "initial_options", []),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "users_select": ("selected_user", "initial_user", None),
    "multi_users_select": ("selected_users", "initial_users", []),
    "channels_select": ("selected_channel", "initial_channel", None),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
}

_CHECKED_BY_PATTERN = {
    "email_text_input": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "Enter a valid email address."),
    "url_text_input": (re.compile(r"https?://\S+"), "Enter a valid URL."),
    "number_input": (re.compile(r"-?\d+(\.\d+)?"), "Enter a number."),
}


def state_values(blocks: list[Json], filled: Json) -> Json:
    """`{block_id: {action_id: state}}` of every element that keeps state; what was not touched has its initial value.

    `filled` has the same shape; a bare text stands for a typed text or for the value of an option.
    """
    values: Json = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] not in FIELDS:
                continue
            given = (filled.get(block["block_id"]) or {}).get(element["action_id"])
            values.setdefault(block["block_id"], {})[element["action_id"]] = element_state(element, given)
    return values


def element_state(element: Json, given: object) -> Json:
    """The state of one element: what was given, or its initial value."""
    field, initial, empty = FIELDS[element["type"]]
    if given is None:
        value = element.get(initial, empty)
    elif isinstance(given, dict):
        value = given.get(field, empty)
    else:
        value = given
    if field == "selected_option":
        value = _option(element, value)
    elif field == "selected_options":
        chosen = value if isinstance(value, list) else [value]
        value = [option for choice in chosen if (option := _option(element, choice))]
    elif field == "value" and value == "":
        value = None
    return {"type": element["type"], field: value}


def complaints(blocks: list[Json], values: Json) -> dict[str, str]:
    """What Slack's client says beside a field before it sends the form; empty if all is well."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = values[block["block_id"]][element["action_id"]]
        value = state[FIELDS[element["type"]][0]]
        if value in (None, [], "") or (isinstance(value, str) and not value.strip()):
            if not block.get("optional"):
                found[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and (complaint := _text_complaint(element, value)):
            found[block["block_id"]] = complaint
    return found


def _text_complaint(element: Json, value: str) -> str:
    if element["type"] in _CHECKED_BY_PATTERN:
        pattern, sentence = _CHECKED_BY_PATTERN[element["type"]]
        if not pattern.fullmatch(value):
            return sentence
    if len(value) < element.get("min_length", 0):
        return f"Enter at least {element['min_length']} characters."
    if element["type"] == "plain_text_input" and len(value) > element.get("max_length", 3000):
        return f"Enter at most {element.get('max_length', 3000)} characters."
    return ""


def _option(element: Json, choice: object) -> object:
    """The element's option that was chosen, by itself or by its value; None if it has no such option."""
    value = choice.get("value") if isinstance(choice, dict) else choice
    if value is None:
        return None
    if element["type"].endswith("external_select"):
        return choice
    return next((option for option in options_of(element) if option.get("value") == value), None)
