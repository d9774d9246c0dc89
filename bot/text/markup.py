"""What people type and what Slack wraps it in: reading words tolerantly, and markup back to plain text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{5,}")
MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")  # of a person, whose id it captures
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
EMOJI = re.compile(r"(?<![\w:])(?::(?=[a-z0-9_+'-]*[a-z+-])[a-z0-9_+'-]+:)+(?!\w)")
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)")
_LOUD = re.compile(r"<!(channel|here|everyone|subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")


def plain_text(markup: str, names: Mapping[str, str] | None = None) -> str:
    """Slack's markup as plain words: links by their address, entities as characters.

    Mentions are names: those of `names` by id, else their label, else a plain word; never an id.

    Slack makes links of what people type: `api.example.com` comes back as it was typed, without the scheme that Slack
    put before it.
    """

    known = names or {}

    def word(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign:
            return _named(sign, target, label, known)
        bare = _SCHEME.sub("", target)
        return label if label and label.rstrip("/") == bare.rstrip("/") else target.removeprefix("mailto:")

    text = _TOKEN.sub(word, markup)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _named(sign: str, target: str, label: str | None, names: Mapping[str, str]) -> str:
    """What a mention reads as, by name; by a plain word, never by the id, where none is known."""
    kind, _, group = target.partition("^")
    if sign == "!":
        name = names.get(group) or (label or "").removeprefix("@")
        return name if kind == "date" else f"@{name or ('group' if group else kind)}"
    name = names.get(target) or label or ""
    if sign == "#":
        return f"#{name}" if name else "a private channel"
    return f"@{name or 'somebody'}"


def labelled(markup: str, names: Mapping[str, str]) -> str:
    """Slack's markup with these names, by id, as the labels of its mentions: display names in place of handles."""

    def word(match: re.Match[str]) -> str:
        sign, target, _ = match.groups()
        name = names.get(target.partition("^")[2] if sign == "!" else target) if sign else None
        return f"<{sign}{target}|{'@' * (sign == '!')}{escape(name).replace('|', ' ')}>" if name else match.group(0)

    return _TOKEN.sub(word, markup)


def escape(text: str) -> str:
    """Plain words as Slack's markup: `<!channel>` or `<@U…>` in them pings nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quiet(markup: str, names: Mapping[str, str] | None = None) -> str:
    """A person's words, repeated by us: mentions become names, so that nobody is pinged by text; links stay links."""
    known = names or {}

    def word(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign == "@":
            return "@" + (escape(known.get(target, "")) or label or "somebody")
        return escape(_named(sign, target, label, known)) if sign == "!" else match.group(0)

    return _TOKEN.sub(word, markup)


def storable(text: str) -> str:
    """Without the characters that PostgreSQL's text cannot hold: NUL and lone surrogates."""
    return text if text.isprintable() else _UNSTORABLE.sub("", text)


def storable_json(document: Any) -> Any:
    """A JSON document whose every text, names of fields included, PostgreSQL can hold."""
    if isinstance(document, str):
        return storable(document)
    if isinstance(document, list):
        return [storable_json(one) for one in document]
    if isinstance(document, dict):
        return {storable(name): storable_json(one) for name, one in document.items()}
    return document


def without_emoji(text: str) -> str:
    """Without emoji codes (`:fire:`), which are decoration: a title or a judgement is made of the other words."""
    return re.sub(r"[ \t]{2,}", " ", EMOJI.sub("", text)).strip() if ":" in text else text


def says_something(text: str) -> bool:
    """False for what has no letter and no digit, emoji aside: it would make no title."""
    return any(character.isalnum() for character in EMOJI.sub("", text))


def harmless(markup: str) -> str:
    """Slack's markup without the words that would ping a whole channel or group."""
    return _LOUD.sub(lambda match: "@" + match.group(1).split("^")[0], markup)


def at_of(ts: str) -> datetime:
    """The instant that a stamp of Slack's names."""
    return datetime.fromtimestamp(float(ts), tz=UTC)


def instant(at: datetime, seconds: bool = False) -> str:
    """An instant in Slack's markup, shown in each reader's own time."""
    clock, plain = ("{time_secs}", f"{at:%Y-%m-%d %H:%M:%S}") if seconds else ("{time}", f"{at:%Y-%m-%d %H:%M}")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {clock}|{plain} UTC>"
