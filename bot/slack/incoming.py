"""What a message of Slack's says: a person's own words, and the files with it as links. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.text.markup import escape
from bot.text.masking import mask

# Messages with these subtypes are people's own words; the others tell of joins, topics and the like.
_WORDS = frozenset({None, "file_share", "thread_broadcast", "me_message"})
_LONGEST_NAME = 120
PUSHPIN = "pushpin"  # the reaction that marks a message as key
CLIPBOARD = "clipboard"  # the reaction that makes it an action item


def is_a_persons(message: Mapping[str, Any]) -> bool:
    """True for what a person said, not for what a bot did or Slack tells of."""
    return message.get("subtype") in _WORDS and bool(message.get("user")) and not message.get("bot_id")


def words_of(message: Mapping[str, Any]) -> str:
    """Its text in Slack's markup, and below it the files it carries; empty where it says nothing."""
    files = [_link(file) for file in message.get("files") or []]
    return "\n".join(part for part in (message.get("text"), f"Shared {', '.join(files)}" if files else "") if part)


def _link(file: Mapping[str, Any]) -> str:
    """A file is kept as a link, never as a copy."""
    name = escape(mask(str(file.get("title") or file.get("name") or "file")))[:_LONGEST_NAME].replace("|", "¦")
    address = str(file.get("permalink") or file.get("url_private") or "")
    return (
        f"<{address}|{name}>" if address.startswith(("https://", "http://")) and not set("<>|") & set(address) else name
    )
