"""Generic builders of forms, and reading back what was filled in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import option, select
from bot.slack.text import shorten

LONGEST_FIELD = 3000  # characters
Values = Mapping[str, str]  # what was filled in, by the name of its field
_KEPT = "Leave this empty to keep what is recorded ({:,} characters, more than Slack lets a form show):"


def form(callback_id: str, title: str, submit: str, metadata: str, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": metadata,
        "blocks": blocks,
    }


def text_field(
    name: str, label: str, *, multiline: bool = False, optional: bool = False, limit: int = LONGEST_FIELD, **extra: Any
) -> dict[str, Any]:
    """A field to type into. `extra`: `initial` and `placeholder` words, and `watched`, to hear of each character.

    Where `initial` is longer than the field, the field begins empty, may stay so, and shows the beginning below it:
    nothing of what was recorded may be cut by sending a form untouched. A watched field, on which nothing recorded
    depends, begins with as much as it holds.
    """
    whole = str(extra.get("initial") or "")
    if len(whole) > limit and not extra.get("watched"):
        kept = text_field(name, label, multiline=multiline, optional=True, limit=limit)
        return kept | {"hint": {"type": "plain_text", "text": f"{_KEPT.format(len(whole))} {shorten(whole, 1500)}"}}
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": multiline,
        "max_length": limit,
    }
    if extra.get("initial"):
        element["initial_value"] = shorten(str(extra["initial"]), limit)
    if extra.get("placeholder"):
        element["placeholder"] = {"type": "plain_text", "text": str(extra["placeholder"])}
    if not extra.get("watched"):
        return field(name, label, element, optional)
    element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    return field(name, label, element, optional) | {"dispatch_action": True}


def person_field(
    name: str, label: str, optional: bool = False, initial: str | None = None, hint: str = ""
) -> dict[str, Any]:
    """A field in which to choose somebody of the workspace."""
    element: dict[str, Any] = {"type": "users_select", "action_id": name}
    block = field(name, label, element | ({"initial_user": initial} if initial else {}), optional)
    return block | {"hint": {"type": "plain_text", "text": hint}} if hint else block


def choice_field(
    name: str, label: str, choices: Mapping[str, str], initial: str | None = None, optional: bool = False
) -> dict[str, Any]:
    """A field in which to choose one of up to a hundred: `choices` are labels by what is read back."""
    options = [option(label, value) for value, label in choices.items()][:100]
    return field(name, label, select("Choose", name, options, initial), optional)


def field(name: str, label: str, element: dict[str, Any], optional: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": element,
        "optional": optional,
    }


def text_in_parts(text: str, limit: int = LONGEST_FIELD) -> list[str]:
    """A text that no field holds, for several: split between lines where there are some, else between words."""
    parts = []
    while len(text) > limit:
        at = max(text.rfind("\n", limit // 2, limit), 0) or max(text.rfind(" ", limit // 2, limit), 0) or limit
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*parts, text]


def initial_values(view: Mapping[str, Any]) -> dict[str, str]:
    """What the fields to type into held when the form was opened; Slack keeps what was typed while that is the same."""
    elements = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    return {element["action_id"]: str(element.get("initial_value") or "") for element in elements}


def read_values(view: Mapping[str, Any]) -> dict[str, str]:
    """The submitted fields by name, stripped; an empty field is an empty string."""
    values: dict[str, str] = {}
    for fields in view["state"]["values"].values():
        for name, field in fields.items():
            chosen = field.get("selected_option") or {}
            values[name] = str(field.get("value") or chosen.get("value") or field.get("selected_user") or "").strip()
    return values
