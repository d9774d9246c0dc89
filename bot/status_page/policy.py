"""knowledge/policy/status_page.yaml, and the services of services.yaml that are public → what the page is and shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from bot.diagnostics.policy import DiagnosticsPolicy, Service
from bot.escalation.rules.roster import Contacts
from bot.policy.loading import PolicyModel, load
from bot.policy.values import Text, Typed
from bot.status_page.rules.public_text import Private, multiword
from bot.status_page.rules.published import Component

_ADDRESS = {"type": "string", "pattern": "^https?://"}
_CONTACT = {"type": "string", "pattern": "^(https?://|mailto:)"}


def _address(typed: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>|\"]+", typed):
        raise ValueError(f'"{typed}" is not an address such as https://status.example.com.')
    return typed.rstrip("/")


def _contact(typed: str) -> str:
    if not re.fullmatch(r"(https?://|mailto:)[^\s<>|\"]+", typed):
        raise ValueError(
            f'"{typed}" is neither an address such as https://example.com/help nor mailto:help@example.com.'
        )
    return typed


class StatusPageFile(PolicyModel):
    """What the status page is called and where its readers turn to."""

    title: Text
    about: Text | None = None
    contact: Annotated[str, Typed(_contact, _CONTACT)] | None = None
    address: Annotated[str, Typed(_address, _ADDRESS)] | None = None


@dataclass(frozen=True, slots=True)
class StatusPagePolicy:
    """`contact` and `address` are web addresses; without `address` the page is where Tocsin's own pages are."""

    title: str = "Status"
    about: str | None = None
    contact: str | None = None
    address: str | None = None


def load_status_page(path: Path) -> StatusPagePolicy:
    """The policy that the file describes; without it, the plain page. Raises InvalidPolicy with file and line."""
    if not path.exists():
        return StatusPagePolicy()
    file = load(path, StatusPageFile)
    return StatusPagePolicy(file.title, file.about, file.contact, file.address)


def components(services: DiagnosticsPolicy) -> tuple[Component, ...]:
    """The public services, group by group as the file names them first, and within a group by `order` and then so."""
    public = [one for one in services.services.values() if one.public is not None]
    groups = list(dict.fromkeys(one.public.group for one in public if one.public is not None))
    public.sort(key=lambda one: (groups.index(one.public.group), one.public.order) if one.public else (0, 0))
    return tuple(_component(one) for one in public)


def _component(service: Service) -> Component:
    public = service.public
    assert public is not None
    return Component(service.name, id_of(f"{public.group}/{public.name}"), public.name, public.group, public.about)


def id_of(words: str) -> str:
    """An id as Statuspage has them: twelve letters and digits, which say nothing."""
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def private(services: DiagnosticsPolicy, contacts: Contacts, names: Iterable[str] = ()) -> Private:
    """What must not be published: our names for services and what runs in them, people, and channels.

    `names` are what people of the incident are called in Slack.
    """
    shown = [one.public.name for one in services.services.values() if one.public]
    inside = [name for one in services.services.values() for name in (one.name, *(each.name for each in one.resources))]
    accounts = [account.number for account in services.accounts.values() if account.number]
    channels = [contacts.channels.announcement, contacts.channels.stakeholder, contacts.channels.support]
    people = multiword([*contacts.people, *names])
    words = frozenset(filter(None, [*inside, *accounts, *channels])) | people
    return Private(words, frozenset(shown) | {word for name in shown for word in name.split()})
