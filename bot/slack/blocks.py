"""Generic Block Kit builders. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.slack.text import fit, shorten

Block = dict[str, Any]


def section(text: str, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": {"type": "mrkdwn", "text": fit(text, 3000)}}
    return block | {"accessory": accessory} if accessory else block


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": fit(text, 2000)}]}


def button(text: str, action_id: str, value: str, style: str | None = None, confirm: str | None = None) -> Block:
    block: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": shorten(text, 75)},
        "action_id": action_id,
        "value": value,
    }
    if style:
        block["style"] = style
    return block | {"confirm": confirmation(confirm)} if confirm else block


def confirmation(text: str) -> Block:
    """What Slack asks before it passes a press on."""
    return {
        "title": {"type": "plain_text", "text": "Are you sure?"},
        "text": {"type": "plain_text", "text": text},
        "confirm": {"type": "plain_text", "text": "Yes"},
        "deny": {"type": "plain_text", "text": "No"},
    }


def option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": shorten(text, 75)}, "value": value}


def select(placeholder: str, action_id: str, options: Sequence[Block], chosen: str | None = None) -> Block:
    block: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": {"type": "plain_text", "text": placeholder},
        "options": list(options),
    }
    initial = next((item for item in options if item["value"] == chosen), None)
    return block | {"initial_option": initial} if initial else block


def actions(block_id: str, *elements: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def overflow(action_id: str, options: Sequence[Block]) -> Block:
    return {"type": "overflow", "action_id": action_id, "options": list(options)}
