"""What the menu of /incident offers of a subcommand: a form for its words, its answer at once, or why nothing."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.errors import BadRequest, FormRefused
from bot.incidents.rules.incident import Incident, Status
from bot.incidents.tables import IncidentRow
from bot.slack.blocks import Block
from bot.slack.forms import Values, form

CHOOSE, SENT = "menu_choose", "menu_view"  # the action of choosing an offer, and the form that one opens


class Group(enum.StrEnum):
    """Under which heading an offer stands. Slack shows up to five behind one button."""

    RECORD = "Record"
    PEOPLE = "People"
    LOOK_UP = "Look up"
    FOLLOW_UP = "Follow up"
    CHANGE = "Change the incident"
    MORE = "More"


class Where(enum.StrEnum):
    """Of which incident the menu speaks; ELSEWHERE of none."""

    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ELSEWHERE = "elsewhere"


OPEN = frozenset({Where.OPEN})
BEFORE_CLOSED = frozenset({Where.OPEN, Where.RESOLVED})
OVER = frozenset({Where.RESOLVED, Where.CLOSED})
OF_INCIDENT = BEFORE_CLOSED | OVER
ELSEWHERE = frozenset({Where.ELSEWHERE})
OPEN_OR_ELSEWHERE = OPEN | ELSEWHERE


def where(incident: Incident | None) -> Where:
    if incident is None:
        return Where.ELSEWHERE
    return Where.OPEN if incident.status.is_open else Where(Status(incident.status).value)


Available = Callable[[AppContext, IncidentRow | None, str], bool]


def _always(context: AppContext, row: IncidentRow | None, user_id: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The subcommand's answer at once, or the form that its words open by themselves."""

    label: str
    group: Group
    where: frozenset[Where]
    rest: str = ""  # the words after the subcommand's own
    available: Available = _always


# (session, context, user id, incident) → the fields. Raises BadRequest where there is nothing to choose from.
BuildFields = Callable[[Session, AppContext, str, IncidentRow | None], list[Block]]
# (session, context, user id, now, what was filled in): raises FormRefused for what the subcommand would not understand.
CheckValues = Callable[[Session, AppContext, str, datetime, Values], None]


def _unchecked(session: Session, context: AppContext, user_id: str, now: datetime, values: Values) -> None:
    """The subcommand itself refuses what it cannot take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that is sent as the command that one might have typed."""

    label: str
    group: Group
    where: frozenset[Where]
    fields: BuildFields
    words: Callable[[Values], str]  # what was filled in as the words after the subcommand's own, in Slack's markup
    submit: str = "Save"
    person: str = ""  # the field of whoever is appointed: a refusal of Slack's shows there
    check: CheckValues = _unchecked
    available: Available = _always

    def view(self, key: str, blocks: list[Block], row: IncidentRow | None, channel_id: str) -> dict[str, Any]:
        metadata = {"offer": key, "incident": row.incident_id if row else None, "channel": channel_id}
        return form(SENT, self.label, self.submit, json.dumps(metadata), blocks)


@dataclass(frozen=True, slots=True)
class Buttons:
    """The menu has buttons or selects of its own for it, by these action ids."""

    action_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Why the menu does not offer it."""

    why: str


Offer = Shown | Form
InMenu = Mapping[str, Offer] | Buttons | NotOffered  # offers by a name of their own, which buttons carry


@dataclass(frozen=True, slots=True)
class Listed:
    """An offer as the menu shows it. `key` is the subcommand's word and the offer's name."""

    key: str
    label: str
    group: Group


@contextmanager
def at_field(name: str) -> Iterator[None]:
    """What is refused inside shows under that field."""
    try:
        yield
    except FormRefused:
        raise
    except BadRequest as refused:
        raise FormRefused({name: str(refused)}) from None
