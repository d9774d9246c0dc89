"""What a message of Slack's says, wherever in it the words stand: text, blocks, attachments, files. Pure.

People forward messages and share files, and other bots put their alerts into blocks or attachments with or without a
text: whatever judges, records or quotes a message reads it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.text.markup import escape
from bot.text.masking import mask

# Messages with these subtypes are people's own words; the others tell of joins, topics and the like.
_WORDS = frozenset({None, "file_share", "thread_broadcast", "me_message"})
_LONGEST_NAME = 120
_LONGEST = 12_000  # characters taken out of blocks and attachments; Slack shows about as much
PUSHPIN = "pushpin"  # the reaction that marks a message as key
CLIPBOARD = "clipboard"  # the reaction that makes it an action item


def is_a_persons(message: Mapping[str, Any]) -> bool:
    """True for what a person said, not for what a bot did or Slack tells of."""
    return message.get("subtype") in _WORDS and bool(message.get("user")) and not message.get("bot_id")


def is_a_bots(message: Mapping[str, Any], own_user_id: str) -> bool:
    """True for what another app or bot posted, such as an alert."""
    return (
        message.get("subtype") in (None, "bot_message")
        and bool(message.get("bot_id"))
        and message.get("user") != own_user_id
    )


def names_of_bot(message: Mapping[str, Any]) -> list[str]:
    """The names and ids under which the bot that posted a message is known, the steadiest first."""
    profile = message.get("bot_profile") or {}
    found = (message.get("bot_id"), message.get("app_id"), profile.get("name"), message.get("username"))
    return [str(name) for name in found if name]


def words_of(message: Mapping[str, Any]) -> str:
    """All that it says in Slack's markup, a part a line, the names of files last; empty where it says nothing.

    Previews that Slack made of links are not what somebody said, and stay out; a message that was forwarded stays in.
    """
    said = str(message.get("text") or "").strip()
    parts = [said] if said else list(_of_blocks(message.get("blocks")))
    known = " ".join(parts)
    for attachment in message.get("attachments") or []:
        parts += [part for part in _of_attachment(attachment) if part not in known]
    parts = ["\n".join(parts)[:_LONGEST] if len(parts) > 1 else "".join(parts)]
    files = [_link(file) for file in message.get("files") or []]
    return "\n".join(part for part in (*parts, f"Shared {', '.join(files)}" if files else "") if part)


def _of_attachment(attachment: Mapping[str, Any]) -> Iterator[str]:
    forwarded = attachment.get("is_msg_unfurl") or attachment.get("is_share")
    if not forwarded and (attachment.get("from_url") or attachment.get("original_url")):
        return
    said = [str(attachment.get(name) or "").strip() for name in ("pretext", "title", "text")]
    said += _of_fields(attachment.get("fields"))
    if not any(said):
        said = list(_of_blocks(attachment.get("blocks")))
        for quoted in attachment.get("message_blocks") or []:
            said += _of_blocks((quoted.get("message") or {}).get("blocks"))
    if not any(said):
        said = [str(attachment.get("fallback") or "").strip()]
    yield from (part for part in said if part)


def _of_fields(fields: Any) -> list[str]:
    """Old-style fields: `{"title": "Severity", "value": "critical"}` → Severity: critical."""
    pairs = [(str(field.get("title") or "").strip(), str(field.get("value") or "").strip()) for field in fields or []]
    return [": ".join(part for part in pair if part) for pair in pairs if any(pair)]


def _of_blocks(blocks: Any) -> Iterator[str]:
    """The words of Block Kit blocks, one text object a line; buttons and inputs are no words."""
    for block in blocks or []:
        kind = block.get("type")
        if kind in ("section", "header"):
            yield from (_text(one) for one in (block.get("text"), *(block.get("fields") or [])) if one)
        elif kind == "context":
            yield from (
                _text(one) for one in block.get("elements") or [] if one.get("type") in ("mrkdwn", "plain_text")
            )
        elif kind == "rich_text":
            yield from (line for line in _rich(block.get("elements")).splitlines() if line.strip())
        elif kind in ("markdown", "video", "image"):
            words = block.get("text") or block.get("alt_text") or ""
            yield words if isinstance(words, str) else _text(words)


def _text(part: Any) -> str:
    """A text object's words; plain text is escaped, as markup is what is returned."""
    words = str(part.get("text") or "")
    return escape(words) if part.get("type") == "plain_text" else words


def _rich(elements: Any) -> str:
    """Rich text as markup: lists and quotes a line each, mentions and links as Slack writes them in text."""
    said = ""
    for element in elements or []:
        kind = element.get("type", "")
        if kind == "rich_text_list":
            said += "".join(f"\n• {_rich([item])}" for item in element.get("elements") or [])
        elif kind.startswith("rich_text_"):
            said += f"\n{_rich(element.get('elements'))}"
        else:
            said += _rich_piece(element)
    return said.strip("\n")


def _rich_piece(piece: Mapping[str, Any]) -> str:
    kind = piece.get("type")
    if kind == "link":
        label = f"|{escape(str(piece['text']))}" if piece.get("text") else ""
        return f"<{piece.get('url', '')}{label}>"
    if kind == "emoji":
        return f":{piece.get('name', '')}:"
    mentions = {"user": "<@{user_id}>", "channel": "<#{channel_id}>", "usergroup": "<!subteam^{usergroup_id}>"}
    if kind in mentions:
        return mentions[kind].format_map(
            {name: piece.get(name, "") for name in ("user_id", "channel_id", "usergroup_id")}
        )
    if kind == "broadcast":
        return f"<!{piece.get('range', 'channel')}>"
    return escape(str(piece.get("text") or ""))


def _link(file: Mapping[str, Any]) -> str:
    """A file is kept as a link, never as a copy."""
    name = escape(mask(str(file.get("title") or file.get("name") or "file")))[:_LONGEST_NAME].replace("|", "¦")
    address = str(file.get("permalink") or file.get("url_private") or "")
    return (
        f"<{address}|{name}>" if address.startswith(("https://", "http://")) and not set("<>|") & set(address) else name
    )
