"""What became of a command or a press: facts, in the past tense. `messages/outcomes.py` says them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.incidents.rules.responders import ResponderRole
from bot.severity.rules import Severity


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a new incident is worked on.

    `refused` is why Slack refuses its channel or did so for others a moment ago; `announced_in` is the channel
    in whose thread it is worked on meanwhile, None where there is none.
    """

    channel_id: str | None
    channel_name: str
    refused: str | None = None
    announced_in: str | None = None
    asked: bool = False  # who may see it was asked, and is not answered yet


@dataclass(frozen=True, slots=True)
class Declared:
    """A request became an incident of its own."""

    ref: str


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """A request became a note of an open incident."""

    ref: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The severity or status was asked for that it has."""

    ref: str
    value: str


@dataclass(frozen=True, slots=True)
class SeverityChanged:
    ref: str
    before: Severity
    after: Severity


@dataclass(frozen=True, slots=True)
class Renamed:
    ref: str
    title: str


@dataclass(frozen=True, slots=True)
class StatusChanged:
    ref: str
    status: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    ref: str
    took_command: bool


@dataclass(frozen=True, slots=True)
class AcknowledgedBefore:
    """Somebody had acknowledged already; the pages of whoever asked now are marked acknowledged."""

    ref: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    ref: str


@dataclass(frozen=True, slots=True)
class FactsKept:
    """Resolved by another meanwhile; `names` (cause, resolution) were kept beside what is recorded."""

    ref: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    ref: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """`set_aside`: which of cause and resolution were moved to the timeline."""

    ref: str
    set_aside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClosedAsFalseAlarm:
    ref: str


@dataclass(frozen=True, slots=True)
class Merged:
    ref: str
    into: str


@dataclass(frozen=True, slots=True)
class CommandTaken:
    ref: str


@dataclass(frozen=True, slots=True)
class CommandHeld:
    """Whoever asked was in command already."""

    ref: str


@dataclass(frozen=True, slots=True)
class HandoverOffered:
    """Command is offered to `to_user`; until they accept, `commander` (None: nobody) stays in command."""

    ref: str
    to_user: str
    commander: str | None


@dataclass(frozen=True, slots=True)
class HandoverOfferedBefore:
    """The same person was asked already, by `asked_by`; None where the same request came twice."""

    to_user: str
    asked_by: str | None = None
    commander: str | None = None


@dataclass(frozen=True, slots=True)
class HandoverAcceptedBefore:
    ref: str


@dataclass(frozen=True, slots=True)
class RoleGiven:
    ref: str
    role: ResponderRole
    user_id: str
    by: str


@dataclass(frozen=True, slots=True)
class RoleHeld:
    """That person had the role already."""

    ref: str
    role: ResponderRole
    user_id: str


@dataclass(frozen=True, slots=True)
class SuggestionDecided:
    """A suggested severity was decided on before: taken, kept or overtaken (`state`); or is open still."""

    state: str
    by: str | None
    before: str
    suggested: str


Handover = HandoverOffered | HandoverOfferedBefore | HandoverAcceptedBefore | CommandTaken | CommandHeld
Ending = Resolved | FactsKept | Closed | Reopened | ClosedAsFalseAlarm | Merged
Change = Unchanged | SeverityChanged | StatusChanged | Renamed | Acknowledged | AcknowledgedBefore | SuggestionDecided
Outcome = Change | Ending | Handover | RoleGiven | RoleHeld
