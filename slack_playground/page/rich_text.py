"""People's messages as Slack's clients send them: beside the text, the same words as one rich_text block."""

import html
import re
import uuid

from slack_playground.workspace.records import Json

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_PIECE = re.compile(
    r"<@(?P<user>[UW]\w+)(?:\|[^>]*)?>"
    r"|<#(?P<channel>C\w+)(?:\|[^>]*)?>"
    r"|<!subteam\^(?P<group>S\w+)(?:\|[^>]*)?>"
    r"|<!(?P<range>channel|here|everyone)(?:\|[^>]*)?>"
    r"|<(?P<url>[a-z]+:[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|:(?P<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<!\w)\*(?P<bold>\S(?:[^*\n]*\S)?)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>\S(?:[^_\n]*\S)?)_(?!\w)"
    r"|(?<!\w)~(?P<strike>\S(?:[^~\n]*\S)?)~(?!\w)"
)
_IDS = {"user": "user_id", "channel": "channel_id", "group": "usergroup_id", "range": "range"}
_KINDS = {"group": "usergroup", "range": "broadcast"}


def client_fields(stored: str) -> Json:
    """The fields that a person's client adds to a message with this stored text."""
    return {"client_msg_id": str(uuid.uuid4()), "blocks": [rich_text(stored)]}


def rich_text(stored: str) -> Json:
    """The rich_text block of a stored text."""
    elements: list[Json] = []
    for index, part in enumerate(_FENCE.split(stored)):
        if index % 2:
            elements.append(_element("preformatted", [_text(part)]))
        else:
            elements += _paragraphs(part)
    return {"type": "rich_text", "block_id": uuid.uuid4().hex[:5], "elements": elements}


def _paragraphs(text: str) -> list[Json]:
    """Sections and quotes; lines of one kind that follow each other are one element."""
    found: list[tuple[str, list[str]]] = []
    for line in text.strip("\n").split("\n") if text.strip("\n") else []:
        kind = "quote" if line.startswith("&gt;") else "section"
        words = line.removeprefix("&gt;").lstrip() if kind == "quote" else line
        if found and found[-1][0] == kind:
            found[-1][1].append(words)
        else:
            found.append((kind, [words]))
    return [_element(kind, _pieces("\n".join(lines))) for kind, lines in found]


def _element(kind: str, pieces: list[Json]) -> Json:
    return {"type": f"rich_text_{kind}", "elements": pieces}


def _pieces(text: str) -> list[Json]:
    pieces: list[Json] = []
    end = 0
    for found in _PIECE.finditer(text):
        if found.start() > end:
            pieces.append(_text(text[end : found.start()]))
        pieces.append(_piece(str(found.lastgroup if found["url"] is None else "url"), found))
        end = found.end()
    return [*pieces, _text(text[end:])] if end < len(text) else pieces


def _piece(name: str, found: re.Match[str]) -> Json:
    if name in _IDS:
        return {"type": _KINDS.get(name, name), _IDS[name]: found[name]}
    if name == "url":
        label = {"text": html.unescape(found["label"])} if found["label"] else {}
        return {"type": "link", "url": html.unescape(found["url"]), **label}
    if name == "emoji":
        return {"type": "emoji", "name": found["emoji"]}
    return {**_text(found[name]), "style": {name: True}}


def _text(stored: str) -> Json:
    return {"type": "text", "text": html.unescape(stored)}
