"""Forms while something takes long: a note in a form's place, and the form again with what was typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import section
from bot.slack.text import shorten
from bot.text.markup import escape

_KEPT = ("type", "callback_id", "title", "submit", "close", "private_metadata", "blocks")
_LONGEST_ANSWER = 2_500  # characters of one field in a message
_CHOSEN = "selected_"  # how what was chosen begins in what Slack sends, and `initial_` in what we send


def note(form: Mapping[str, Any], words: str) -> dict[str, Any]:
    """A form that only says something, under the title of the one in whose place it stands."""
    return {
        "type": "modal",
        "title": form.get("title") or {"type": "plain_text", "text": "Incident"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [section(shorten(words, 2_900))],
    }


def refilled(form: Mapping[str, Any], refusal: str) -> dict[str, Any]:
    """The form that was sent, with what was filled in, and above it why it was not taken."""
    values = (form.get("state") or {}).get("values") or {}
    blocks = [_with_values(block, values.get(block.get("block_id")) or {}) for block in form["blocks"]]
    kept = {name: form[name] for name in _KEPT if form.get(name)}
    return kept | {"blocks": [section(f":warning: {escape(refusal)}"), *blocks][:100]}


def _with_values(block: dict[str, Any], values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    element = block.get("element") or {}
    given = values.get(element.get("action_id", ""))
    if block.get("type") != "input" or given is None:
        return block
    plain = {name: value for name, value in element.items() if not name.startswith("initial_")}
    return block | {"element": plain | _initial(given)}


def _initial(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {f"initial_{name.removeprefix(_CHOSEN)}": one for name, one in given.items() if name.startswith(_CHOSEN)}
    if given.get("value"):
        found["initial_value"] = given["value"]
    return {name: value for name, value in found.items() if value}


def typed_words(form: Mapping[str, Any]) -> str:
    """What was typed into it, a field a paragraph, for whoever would have to type it again."""
    values = (form.get("state") or {}).get("values") or {}
    labels = {block.get("block_id"): (block.get("label") or {}).get("text", "") for block in form["blocks"]}
    said = [
        f"*{escape(str(labels.get(block_id, '')))}*\n{escape(field['value'])[:_LONGEST_ANSWER]}"
        for block_id, fields in values.items()
        for field in fields.values()
        if field.get("type") == "plain_text_input" and field.get("value")
    ]
    return "\n".join(["What you typed:", *said]) if said else ""
