"""What the timeline says of runs, and why a press was refused. Pure."""

from __future__ import annotations

from datetime import datetime

from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.rules.steps import Outcome, RunState, RunText
from bot.slack.text import person, plain, shorten
from bot.text.markup import instant

_TITLE = 120
OUTCOMES = {Outcome.DONE: "Done", Outcome.NOT_HELPED: "Did not help", Outcome.SKIPPED: "Skipped"}
_OF_CAUSES = {Outcome.DONE: "Confirmed", Outcome.NOT_HELPED: "Ruled out", Outcome.SKIPPED: "Skipped"}


def outcome_word(text: RunText, outcome: Outcome) -> str:
    """ "Did not help" of a step, "Ruled out" of a guide's cause."""
    return (_OF_CAUSES if text.is_guide else OUTCOMES)[outcome]


def place(text: RunText, number: int) -> str:
    """`PB-lambda step 2 of 5`, `GUIDE-5xx cause 1 of 3`."""
    return f"{text.ref} {'cause' if text.is_guide else 'step'} {number} of {len(text.steps)}"


def title(text: RunText, number: int) -> str:
    return from_markdown(shorten(text.step(number).title, _TITLE))


def started(text: RunText, by: str) -> str:
    what = "Guide" if text.is_guide else "Playbook"
    return f"{what} {text.ref} started by {person(by)}: {from_markdown(shorten(text.title, 200))}"


def decided(text: RunText, number: int, outcome: Outcome, by: str, line: str) -> str:
    """`line` is what the person wrote, as they wrote it."""
    said = f" – {plain(shorten(line, 1000))}" if line else ""
    word = outcome_word(text, outcome).lower()
    return f"{place(text, number)}, {title(text, number)}: marked “{word}” by {person(by)}{said}"


def assigned(text: RunText, number: int, user_id: str, by: str) -> str:
    whose = f"{person(by)} takes" if user_id == by else f"{person(by)} assigns {person(user_id)} to"
    return f"{whose} {place(text, number)}, {title(text, number)}."


def late(text: RunText, number: int, minute: int, following: str) -> str:
    """`following`: what the escalation matrix says next; empty where nothing is to come."""
    window = text.step(number).window
    span = f"{window[0]}–{window[1]} min" if window else ""
    head = f"{place(text, number)}, {title(text, number)}, is over its window ({span}): minute {minute}."
    return f"{head} {following}" if following else head


def next_page(role: str, at: datetime) -> str:
    return f"The {role} is paged next, {instant(at)}, unless it's resolved."


NO_NEXT_PAGE = "Escalation has no further page planned. `/incident escalate` pages a role now."


def stopped(text: RunText, number: int, by: str) -> str:
    return f"{text.ref} stopped at {place(text, min(number, len(text.steps)))} by {person(by)}."


# Why a press was refused


def decided_before(text: RunText, number: int, outcome: Outcome, by: str | None, at: datetime) -> str:
    word = outcome_word(text, outcome)
    return f"{place(text, number)} was already marked “{word}” by {person(by)}, {instant(at)}. Nothing was changed."


def not_current(text: RunText, number: int, current: int) -> str:
    return f"{place(text, number)} isn't the current one. {text.ref} is at {current} of {len(text.steps)}."


def crossed(text: RunText, current: int, by: str | None) -> str:
    return (
        f"{person(by)} decided the step before at the same moment, so nothing was changed. "
        f"Now it's {place(text, current)}, {title(text, current)}: press again to apply it to that step."
    )


def ended_before(text: RunText, state: RunState, by: str | None, at: datetime | None) -> str:
    when = f", {instant(at)}" if at else ""
    if state is RunState.FINISHED:
        return f"{text.ref} is finished: every step was decided{when}. Nothing was changed."
    who = f"by {person(by)}" if by else "with its incident"
    return f"{text.ref} was stopped {who}{when}. `/incident playbook {text.ref}` starts it again."


def no_such_step(ref: str, number: int) -> str:
    return f"{ref} has no step {number}. Nothing was changed."
