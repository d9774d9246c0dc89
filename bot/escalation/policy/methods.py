"""The methods of a person in contacts.yaml: how they are paged outside Slack, in order, and after how long."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import combinations
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from bot.escalation.rules.matrix import Role
from bot.escalation.rules.methods import MAIL, SECRETS, TEXT, Method
from bot.pagers.services import SERVICES
from bot.policy.loading import PolicyModel
from bot.policy.values import Duration, Many, Text, Typed, each_once, must, one_of

# What each service needs beside its key, and what it may have.
_NEEDS_TOKEN = {"pushover": "the application's token", "webhook": "the secret that signs"}
_MAY_HAVE_TOKEN = {*_NEEDS_TOKEN, "ntfy"}
_MAY_HAVE_URL = {"pagerduty", "opsgenie", "pushover"}
_SECRET = re.compile(rf"{SECRETS}[A-Z0-9_]{{1,60}}")
_LOCAL = ("127.0.0.1", "localhost", "::1")
_LONGEST = timedelta(hours=12)


def _variable(typed: str) -> str:
    if not _SECRET.fullmatch(typed):
        # Not repeated: where the secret itself was written here, it must not show in an error.
        raise ValueError(
            f"write the name of an environment variable that begins with {SECRETS}, never the secret itself."
        )
    return typed


def _address(typed: str) -> str:
    parts = urlsplit(typed)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if safe and parts.hostname and not parts.username and not parts.query:
        return typed.rstrip("/")
    raise ValueError("write an address such as https://events.eu.pagerduty.com, without anything secret in it.")


Variable = Annotated[str, Typed(_variable, {"type": "string", "pattern": f"^{_SECRET.pattern}$"})]
Address = Annotated[str, Typed(_address, {"type": "string", "pattern": "^https?://"})]
Roles = Annotated[Many[Annotated[Role, one_of(tuple(Role), Role)]], must(each_once, "a role is named twice. Keep one.")]


class MethodModel(PolicyModel):
    """One way to reach a person outside Slack. `key` and `token` name environment variables."""

    by: Annotated[str, one_of((*SERVICES, MAIL, TEXT))]
    after: Annotated[Duration, must(lambda after: after <= _LONGEST, "it waits for 12 h at most.")] | None = None
    roles: Roles = Field((), alias="for")
    key: Variable | None = None
    token: Variable | None = None
    url: Address | None = None
    user: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> MethodModel:
        if self.by in (MAIL, TEXT):
            if self.key or self.token or self.url:
                raise ValueError(f"{self.by} goes to the person's own address; remove key, token and url.")
            return self
        if self.key is None:
            raise ValueError(f"{self.by} needs `key`: the name of the variable that holds {_KEYS[self.by]}.")
        if self.by in _NEEDS_TOKEN and self.token is None:
            raise ValueError(f"{self.by} needs `token`: the name of the variable that holds {_NEEDS_TOKEN[self.by]}.")
        if self.token is not None and self.by not in _MAY_HAVE_TOKEN:
            raise ValueError(f"{self.by} has no `token`; its `key` is all it needs.")
        if self.url is not None and self.by not in _MAY_HAVE_URL:
            raise ValueError(f"{self.by} has no `url`; its address is what the variable in `key` holds.")
        return self

    def method(self) -> Method:
        """As the rules have it."""
        return Method(
            self.by,
            self.after or timedelta(),
            self.roles,
            self.key or "",
            self.token or "",
            self.url or "",
            self.user or "",
        )


_KEYS = {
    "pagerduty": "the integration key",
    "opsgenie": "the API key",
    "ntfy": "the topic's address",
    "pushover": "the user key",
    "grafana": "the integration's address",
    "webhook": "the receiver's address",
}


def different(models: tuple[MethodModel, ...]) -> tuple[MethodModel, ...]:
    """Raises ValueError where two of the methods are the same."""
    methods = [model.method() for model in models]
    for one, other in combinations(methods, 2):
        if one.name == other.name and (set(one.roles or Role) & set(other.roles or Role)):
            raise ValueError("two methods are the same for one role. Keep one, or give each roles of its own.")
    return models
