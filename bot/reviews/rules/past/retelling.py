"""Words of a past incident told again: people by what they were in it, and nothing that leads back to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.text.markup import MENTION, quiet

COLLEAGUE, RESPONDER = "a colleague", "a responder"
_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|[^<>]*)?>")
_MESSAGE = re.compile(r"<https://[\w.-]+\.slack\.com/archives/[^<>]*>|https://[\w.-]+\.slack\.com/archives/\S+")
_SHORTEST_NAME = 3  # a shorter one is found in other words


@dataclass(frozen=True, slots=True)
class Cast:
    """Who was what in a past incident.

    `roles` are by Slack id, `names` what those are called, `hidden` what would lead readers to it: its references and
    channels.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    hidden: Collection[str] = ()

    def role(self, user_id: str | None) -> str:
        """`the on-call engineer`, `a responder`, `a colleague`; an app for nobody."""
        return self.roles.get(user_id, COLLEAGUE) if user_id else "an app"

    def retell(self, markup: str) -> str:
        """Slack's markup without mentions, which would ping, without names, and without the way back."""
        text = MENTION.sub(lambda mention: self.role(mention[1]), markup)
        text = _MESSAGE.sub("(a message)", _CHANNEL.sub("a channel", text))
        text = quiet(text)
        for user_id, name in sorted(self.names.items(), key=lambda pair: -len(pair[1])):
            if len(name) >= _SHORTEST_NAME:
                text = _word(name).sub(self.role(user_id), text)
        for words in sorted(self.hidden, key=len, reverse=True):
            text = _word(words).sub("that incident", text)
        return text


def _word(words: str) -> re.Pattern[str]:
    """These words by themselves, an @ or # before them included."""
    return re.compile(rf"(?<![\w-])[@#]?{re.escape(words)}(?![\w-])", re.IGNORECASE)
