"""Text for Slack: what people wrote, so that it formats nothing and pings nobody, and the tokens of Slack's markup.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.text.markup import escape

# Marks that turn the direction of everything after them: in a title they would turn the rest of our line too.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def unturned(text: str) -> str:
    """Without the marks that turn the direction of what follows; words of any script stay as they are."""
    return _TURNING.sub("", text)


# What would format, and what stands for it where it would: Slack's markup knows no way to quote a mark.
_ALIKE = {"*": "\u2217", "_": "\u02cd", "~": "\u223c"}
_ADDRESS = re.compile(r"https?://[^\s<>`|]+")  # Slack makes a link of it, and reads no marks in that


def plain(text: str) -> str:
    """What a person wrote, on one line of markup, as it was written.

    `*`, `_` and `~` stay as typed, as in `/var/log/*.gz`, `a_b` and `~/bin`, but where two of a kind would make what is
    between them bold, slanted or struck: only those become characters that look alike. Backticks become apostrophes, as
    one would reach for the next of our own. Where every character must be as typed, use `as_typed`.
    """
    shown = escape(" ".join(unturned(text).split())).replace("`", "'")
    for mark, alike in _ALIKE.items():
        shown = _unformatted(shown, mark, alike)
    return shown


def _unformatted(text: str, mark: str, alike: str) -> str:
    """The text, its marks replaced where one opens a format and a later one closes it."""
    if text.count(mark) < 2:
        return text
    seen = _ADDRESS.sub(lambda address: "x" * len(address[0]), text)
    own = re.escape(mark)
    opening = [found.start() for found in re.finditer(rf"(?<![^\W_])(?<!{own}){own}(?!{own})(?=[^\s])", seen)]
    closing = [found.start() for found in re.finditer(rf"(?<=[^\s]){own}(?![^\W_])", seen)]
    if not opening or not closing or closing[-1] <= opening[0]:
        return text
    letters = list(text)
    for at in {*opening, *closing}:
        letters[at] = alike
    return "".join(letters)


def bold(text: str) -> str:
    """The same in bold; no mark of its own can end that early."""
    return f"*{plain(text).replace('*', _ALIKE['*'])}*"


def code(text: str) -> str:
    """What is to be typed or copied: nothing in it is a mark, but it can hold no backtick."""
    return f"`{escape(' '.join(unturned(text).split())).replace('`', chr(39))}`"


def as_typed(text: str) -> list[dict[str, Any]]:
    """A person's words as elements of rich text, which reads no marks in them: copied, they are what was typed.

    Nobody is mentioned by them. Addresses become links that say nothing else.
    """
    words, elements, at = unturned(text), [], 0
    for found in _LINKED.finditer(words):
        elements += [_piece(words[at : found.start()]), {"type": "link", "url": found[0]}]
        at = found.end()
    return [element for element in (*elements, _piece(words[at:])) if element.get("text") != ""]


# Stricter than a reader's eye: an address that Slack refuses would keep the whole message from being posted.
_LINKED = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?(?:/[A-Za-z0-9_~/%#=&?.+-]{0,1000}[A-Za-z0-9_/=-])?"
)


def _piece(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def rich(*lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A block of rich text, a line for each sequence of elements."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(line)} for line in lines]}


def strong(text: str) -> dict[str, Any]:
    """Our own words in bold, as an element of rich text."""
    return _piece(text, bold=True)


def said(text: str) -> dict[str, Any]:
    """Our own words as an element of rich text."""
    return _piece(text)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fit(text: str, limit: int) -> str:
    """Already escaped text cut to `limit` characters without leaving half an entity or half a mention."""
    text = unturned(text)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    start = cut.rfind("&", max(0, len(cut) - 5))
    return (cut[:start] if start >= 0 and ";" not in cut[start:] else cut) + "…"


def person(user_id: str | None) -> str:
    return f"<@{user_id}>" if user_id else "nobody yet"


def is_person(place: str) -> bool:
    """True for a user id, false for a channel's."""
    return place[:1] in ("U", "W")


def is_bot_user(user: Mapping[str, Any]) -> bool:
    """True for a bot, and for Slack's own, which Slack does not call one."""
    return bool(user.get("is_bot")) or user.get("id") == "USLACKBOT"


def secret_stands(link: str | None) -> str:
    """To whoever posted a secret: it is masked with us, and stands in Slack until they take it away."""
    where = f"<{link}|Open the message>" if link else "Open the message"
    return (
        "Your message seems to hold a secret. Tocsin keeps it masked, but it still stands in Slack, where everybody in "
        f"this channel reads it. {where}, delete it (\u22ee, then Delete message), and rotate the secret."
    )
