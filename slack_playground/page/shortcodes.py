"""Emoji as Slack stores them: by their names between colons."""

import re
from functools import cache
from pathlib import Path

# The page's own table, so that there is one.
_TABLE = Path(__file__).parent / "static" / "emoji.js"
_PICTURE = "[\U0001f000-\U0001faff\u2600-\u27bf\u23e9-\u23fa\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u203c\u2049\u2139]"
_EMOJI = re.compile(
    f"(?P<picture>{_PICTURE}\ufe0f?(?:\u200d{_PICTURE}\ufe0f?)*)(?P<tone>[\U0001f3fb-\U0001f3ff])?"
    "|(?P<key>[0-9#*])\ufe0f\u20e3"
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {str(digit): word for digit, word in enumerate(_WORDS)}


@cache
def _names() -> dict[str, str]:
    listed = re.search(r"LINES = `\n(.*?)`", _TABLE.read_text(encoding="utf-8"), re.DOTALL)
    pairs = [pair.rpartition("=") for pair in listed[1].split()] if listed else []
    return {picture.replace("\ufe0f", ""): name for name, _, picture in reversed(pairs)}


def with_shortcodes(text: str) -> str:
    """The text with the emoji that the page knows by their names: a fire becomes `:fire:`. All else stays."""
    return text if text.isascii() else _EMOJI.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    if key := found["key"]:
        return f":{_DIGITS[key]}:" if key in _DIGITS else found[0]
    picture = found["picture"].replace("\ufe0f", "")
    name = _names().get(picture)  # one that the page has no name for stays a picture: by a made-up name it showed none
    tone = f"::skin-tone-{ord(found['tone']) - 0x1F3F9}" if found["tone"] else ""
    return f":{name}{tone}:" if name else found[0]
