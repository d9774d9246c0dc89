"""Taking one person out of what is kept: their words, their names and their id, wherever they stand in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

SOMEBODY = "a responder"
REMOVED = "Removed: its author was erased."
MESSAGE_REMOVED = "Message, removed: its author was erased."
_SHORTEST = 8  # characters: shorter words are taken out only where they are all that is said


@dataclass(frozen=True)
class Person:
    """Who is erased. `names` are what they are called anywhere, addresses included; `stand_in` is kept for their id."""

    user_id: str
    names: tuple[str, ...]
    stand_in: str

    @cached_property
    def _mention(self) -> re.Pattern[str]:
        return re.compile(rf"<@{re.escape(self.user_id)}(?:\|[^>]*)?>")

    @cached_property
    def _id(self) -> re.Pattern[str]:
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(self.user_id)}(?![A-Za-z0-9])")

    @cached_property
    def _named(self) -> re.Pattern[str] | None:
        names = sorted((re.escape(name) for name in self.names if name), key=len, reverse=True)
        # Not within longer words, nor within addresses and other names such as ann-marie.
        return re.compile(rf"(?<![\w.-])@?(?:{'|'.join(names)})(?![\w-])", re.IGNORECASE) if names else None

    def without_names(self, text: str) -> str:
        """The text without mentions, names and the id of this person."""
        text = self._mention.sub(SOMEBODY, text)
        if self._named is not None:
            text = self._named.sub(SOMEBODY, text)
        return self._id.sub(self.stand_in, text)

    def without_names_in_key(self, key: str) -> str:
        """A key of a JSON document: only where it is the person, as other keys are words of ours."""
        called = key.casefold() in {name.casefold() for name in self.names}
        return SOMEBODY if called else self._id.sub(self.stand_in, key)


@dataclass(frozen=True)
class Words:
    """What somebody wrote about one incident: each as it is kept, and as a page would show it."""

    said: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _long(self) -> tuple[str, ...]:
        return tuple(sorted((one for one in self.said if len(one) >= _SHORTEST), key=len, reverse=True))

    def without(self, text: str) -> str:
        """The text without those words; also where they were cut short."""
        if text.strip() in self.said:
            return REMOVED
        for one in self._long:
            text = text.replace(one, REMOVED)
        begun = text.strip().removesuffix("…").rstrip()
        if text.strip().endswith("…") and len(begun) >= _SHORTEST and any(one.startswith(begun) for one in self._long):
            return REMOVED
        return text


def scrubbed(value: Any, person: Person, words: Words) -> Any:
    """The same value of a column, a JSON document included, without the person; keys of documents too."""
    if isinstance(value, str):
        return person.without_names(words.without(value)) if value != MESSAGE_REMOVED else value
    if isinstance(value, list):
        return [scrubbed(one, person, words) for one in value]
    if isinstance(value, dict):
        return {person.without_names_in_key(key): scrubbed(one, person, words) for key, one in value.items()}
    return value


def own_lines(text: str, base: Sequence[str]) -> list[str]:
    """The lines of an edited section that were not drafted before them."""
    drafted = set(base)
    return [line for line in text.splitlines() if line.strip() and line.strip() not in drafted]
