"""What became of a command or a press, said to whoever asked. Pure."""

from __future__ import annotations

from typing import assert_never

from bot.incidents.rules.responders import EXPECTED
from bot.lifecycle.rules.outcomes import (
    Acknowledged,
    AcknowledgedBefore,
    Change,
    Closed,
    ClosedAsFalseAlarm,
    CommandHeld,
    CommandTaken,
    Declared,
    Ending,
    FactsKept,
    Handover,
    HandoverAcceptedBefore,
    HandoverOffered,
    HandoverOfferedBefore,
    Merged,
    NoteAdded,
    Outcome,
    Renamed,
    Reopened,
    Resolved,
    RoleGiven,
    RoleHeld,
    SeverityChanged,
    StatusChanged,
    SuggestionDecided,
    Unchanged,
)
from bot.slack.text import person
from bot.text.markup import escape

_ENDINGS = (Resolved, FactsKept, Closed, Reopened, ClosedAsFalseAlarm, Merged)
_HANDOVERS = (HandoverOffered, HandoverOfferedBefore, HandoverAcceptedBefore, CommandTaken, CommandHeld)


def sentence(outcome: Outcome) -> str:
    """For the person who asked, and in their place of a suggestion that was decided on."""
    if isinstance(outcome, _ENDINGS):
        return _ending(outcome)
    if isinstance(outcome, _HANDOVERS):
        return _handover(outcome)
    if isinstance(outcome, RoleGiven | RoleHeld):
        return _role(outcome)
    return _change(outcome)


def decided_before(outcome: Declared | NoteAdded) -> str:
    """To whoever presses a second button of the question before declaring."""
    if isinstance(outcome, Declared):
        return f"This was already declared as {outcome.ref}."
    return f"This was already added to {outcome.ref}."


def _change(outcome: Change) -> str:
    match outcome:
        case Unchanged(ref, value):
            return f"{ref} is already {value}."
        case SeverityChanged(ref, before, after):
            return f"{ref} is now {after}, was {before}."
        case StatusChanged(ref, status):
            return f"{ref} is now {status}."
        case Renamed(ref, title):
            return f"{ref} is now called “{escape(title)}”."
        case Acknowledged(ref, took_command):
            now = " You're in command now; `/incident handover @someone` hands it over." if took_command else ""
            return f"You acknowledged {ref}. Pages to on-call stop; pages to leads continue until it's resolved.{now}"
        case AcknowledgedBefore(ref, by):
            whose = f" by {person(by)}" if by else ""
            return f"{ref} was already acknowledged{whose}; your own pages are marked acknowledged."
        case SuggestionDecided():
            return _suggestion(outcome)
    assert_never(outcome)


def _suggestion(outcome: SuggestionDecided) -> str:
    match outcome.state:
        case "taken":
            return f"{person(outcome.by)} changed it from {outcome.before} to {outcome.suggested}."
        case "kept":
            return f"{person(outcome.by)} kept {outcome.before}."
        case "overtaken":
            return "This suggestion is out of date."
    return "No one has decided yet."


def _ending(outcome: Ending) -> str:
    match outcome:
        case Resolved(ref):
            return f"{ref} is resolved. `/incident close` asks for cause and resolution and drafts the review."
        case FactsKept(ref, names):
            return f"{ref} was already resolved. Saved for the review: {' and '.join(names)}."
        case Closed(ref):
            return f"{ref} is closed. The review draft follows in a moment."
        case ClosedAsFalseAlarm(ref):
            return f"{ref} is closed as a false alarm. All pages stop. `/incident reopen` reopens it."
        case Merged(ref, into):
            return f"{ref} is merged into {into}. Its messages are on the timeline of {into}."
        case Reopened(ref, set_aside):
            return f"{ref} is open again. Escalation restarts.{_set_aside(set_aside)}"
    assert_never(outcome)


def _set_aside(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    stand = "is" if len(names) == 1 else "are"
    kept = f" The earlier {' and '.join(names)} {stand} on the timeline, as “before reopening”."
    return kept + (" The resolve and close forms offer the cause again." if "cause" in names else "")


def _handover(outcome: Handover) -> str:
    match outcome:
        case CommandTaken(ref):
            return f"You're now in command of {ref}."
        case CommandHeld(ref):
            return f"You're already in command of {ref}."
        case HandoverAcceptedBefore(ref):
            return f"You already accepted command of {ref}."
        case HandoverOffered(ref, to_user, commander):
            return f"Asked {person(to_user)} to take command of {ref}. Until they accept, {_stays(commander)}."
        case HandoverOfferedBefore(to_user, None):
            return f"You already asked {person(to_user)}."
        case HandoverOfferedBefore(to_user, asked_by, commander):
            return (
                f"{person(to_user)} was already asked, by {person(asked_by)}. Until they accept, {_stays(commander)}."
            )
    assert_never(outcome)


def _stays(commander: str | None) -> str:
    return f"{person(commander)} is in command" if commander else "no one is in command"


def _role(outcome: RoleGiven | RoleHeld) -> str:
    if isinstance(outcome, RoleHeld):
        return f"{person(outcome.user_id)} is already {outcome.role} of {outcome.ref}."
    if outcome.by != outcome.user_id:
        return f"{person(outcome.user_id)} is {outcome.role} of {outcome.ref}, and was told what is expected."
    return f"You are {outcome.role} of {outcome.ref}. {EXPECTED[outcome.role]}"
