"""What jobs need to speak to pagers: secrets by name, the sender, and links that answer a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.pagers.requests import Account, HttpAnswer, HttpRequest, NotConfigured


@dataclass(frozen=True, slots=True)
class Pagers:
    """`secret` reads an environment variable; `answer_link` is empty where no browser could reach it."""

    secret: Callable[[str], str | None]
    send: Callable[[HttpRequest], HttpAnswer]
    answer_link: Callable[[str], str] = lambda key: ""

    def account(self, key: str, token: str, url: str) -> Account:
        """The account that these variables hold. Raises NotConfigured with the name of what is missing or unusable."""
        return Account(self._value(key), self._value(token), url)

    def _value(self, name: str) -> str:
        if not name:
            return ""
        value = (self.secret(name) or "").strip()
        if not value:
            raise NotConfigured(f"{name} is not set")
        if not value.isascii() or not value.isprintable():
            raise NotConfigured(f"{name} holds characters that cannot be sent")
        return value
