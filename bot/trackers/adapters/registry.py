"""The adapters by the word that trackers.yaml has for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from bot.pagers.requests import Account
from bot.trackers.adapters import github, gitlab, jira, slack_lists
from bot.trackers.adapters.common import Event, Issue, IssueText, Operation, Target


class Adapter(Protocol):
    """What each adapter module has."""

    TITLE: str

    def create(self, target: Target, account: Account, text: IssueText, since: datetime) -> Operation[Issue]: ...

    def read(self, target: Target, account: Account, number: str) -> Operation[Issue]: ...

    def move(self, target: Target, account: Account, number: str, closed: bool, dropped: bool) -> Operation[None]: ...

    def shown(self, target: Target, number: str) -> str: ...

    def is_signed(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool: ...

    def event(self, headers: Mapping[str, str], document: Mapping[str, Any]) -> Event | None: ...


ADAPTERS: dict[str, Adapter] = {"github": github, "gitlab": gitlab, "jira": jira, "slack": slack_lists}
