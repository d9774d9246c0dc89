"""What may not stand on a public page: names of people, channels, incidents, hosts and of what runs inside. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.text.masking import mask

_FORMS = (
    re.compile(r"\b(?:INC|SEC|DRILL|CASE|NFI|PB)-[A-Za-z0-9-]+\b"),  # references
    re.compile(r"<[@#!][^>]*>"),  # Slack's mentions, should they be pasted
    re.compile(r"\b[UWCGDTSB]\d[A-Z0-9]{7,}\b"),  # Slack's ids
    re.compile(r"(?<![\w@.])@[\w.-]*\w"),  # @somebody
    re.compile(r"(?<![\w&#])#[a-z][\w-]*"),  # #a-channel; `#12` is a number
    re.compile(r"\barn:aws[\w-]*:\S+"),
    re.compile(r"\b(?:i|vpc|subnet|sg|eni|vol|ami)-[0-9a-f]{8,17}\b"),
    re.compile(r"\b(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})\b"),
    re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:internal|local|corp|lan|intranet)\b", re.IGNORECASE),
    re.compile(r"\bhttps?://[\w.-]*slack\.com/\S+"),
)
_MOST = 5  # are named in a refusal


@dataclass(frozen=True, slots=True)
class Private:
    """What is not for the public: `names` of people, resources and channels; `public` are words that may stand."""

    names: frozenset[str]
    public: frozenset[str] = frozenset()


def private_words(text: str, private: Private) -> list[str]:
    """The words of a text that may not be published, as they are written, each once; empty where it may."""
    found = [match.group() for form in _FORMS for match in form.finditer(text)]
    allowed = {name.casefold() for name in private.public}
    for name in sorted(private.names, key=len, reverse=True):
        if name.casefold() in allowed or len(name) < 3:
            continue
        found += re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)
    if mask(text) != text:
        found.append("a secret")
    whole = [one for one in dict.fromkeys(found) if not any(one != other and one in other for other in found)]
    return whole[:_MOST]


def without_private_words(text: str, private: Private) -> str:
    """The text for a form to begin with: sentences and lines that say something private are left out."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return " ".join(part for part in parts if part.strip() and not private_words(part, private))


def sentence(words: str) -> str:
    """What was typed into a field, for a text of several: with a capital and a full stop.

    A word that has capitals or digits of its own, such as `orders-DB2` or `iOS`, begins as it was written.
    """
    said = words.strip()
    first = said.partition(" ")[0]
    said = said[:1].upper() + said[1:] if first.islower() and first.isalpha() else said
    return said if not said or said.endswith((".", "!", "?", "…", ":", "。")) else f"{said}."


def multiword(names: Collection[str]) -> frozenset[str]:
    """Of people's names those of several words: a first name alone may be a word like any other."""
    return frozenset(name for name in names if len(name.split()) > 1)
