"""What owners are asked about what they own, and the forms in which they answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.memory.entries.entries import Entry
from bot.memory.entries.playbook import Step
from bot.playbooks.messages.markdown import from_markdown
from bot.playbooks.messages.run import preformatted
from bot.playbooks.messages.saving import STEPS, parts_of
from bot.playbooks.rules.upkeep import RequestKind, Verdict
from bot.slack.blocks import Block, actions, button, context, option, section, select
from bot.slack.client import Message
from bot.slack.forms import field, form, text_field
from bot.slack.text import plain, shorten
from bot.text.wording import counted

REVIEW, EDIT = "upkeep_review_view", "upkeep_edit_view"
NOTES, WHOLE = "notes", "whole"
ACCEPTED = "Added to the playbook by"
_MOST_STEPS = 90  # of a form, which holds 100 blocks
_FIELDS = 10
_PROBLEMS = 10
_VERDICTS = {Verdict.RIGHT: "Still right", Verdict.CHANGE: "Change it", Verdict.DROP: "Remove"}


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a question's message shows. `used`: (runs, how many ended it); `on_call` and `ran_by` are user ids."""

    request_id: int
    kind: RequestKind
    ref: str
    title: str
    asks: int
    data: Mapping[str, Any]
    last_review: str = ""
    used: tuple[int, int] = (0, 0)
    on_call: tuple[str, ...] = ()
    ran_by: tuple[str, ...] = ()
    asked: str | None = None
    ask_at: datetime | None = None
    answered_by: str | None = None
    answer: str | None = None
    archived: bool = False


def request_message(facts: RequestFacts) -> Message:
    """The direct message that asks, or says how it was answered."""
    text, blocks = _HEADS[facts.kind](facts)
    if facts.answered_by is not None:
        done = context(f"{facts.answer} <@{facts.answered_by}>")
        if facts.data.get("notes"):
            blocks = [*blocks, section(f"To change: {plain(shorten(str(facts.data['notes']), 2000))}")]
        more = [actions(f"upkeep-{facts.request_id}", _edit(facts))] if _wants_edit(facts) else []
        return Message(text, (*blocks, done, *more))
    return Message(text, (*blocks, actions(f"upkeep:{facts.request_id}", *_buttons(facts))))


def _review(facts: RequestFacts) -> tuple[str, list[Block]]:
    runs, ended = facts.used
    record = f"used {counted(runs, 'time')}, resolved {counted(ended, 'incident')}" if runs else "not used yet"
    title = f"*{facts.ref}* {from_markdown(shorten(facts.title, 200))}"
    if facts.answered_by is not None:
        return f"{facts.ref} was reviewed", [section(title)]
    said = f"{title} is due for its review. Is every step still right?"
    who = list(dict.fromkeys([*facts.on_call, *facts.ran_by]))
    ask = f" Go through it with {_people(who)}, who are on call or ran it." if who else ""
    last = f"Last reviewed {facts.last_review}" if facts.last_review else "Never reviewed"
    return f"{facts.ref} is due for its review", [section(said), context(f"{last}; {record}.{ask}")]


def _commands(facts: RequestFacts) -> tuple[str, list[Block]]:
    problems = facts.data.get("problems", [])
    said = f"*{facts.ref}* {from_markdown(shorten(facts.title, 200))} has commands that can't be right any more."
    blocks = [section(said)]
    for problem in problems[:_PROBLEMS]:
        blocks.append(
            section(f"{plain(problem['place']).capitalize()}: {from_markdown(shorten(problem['text'], 500))}")
        )
        blocks.append(preformatted(shorten(problem["command"], 1000)))
    if len(problems) > _PROBLEMS:
        blocks.append(context(f"{len(problems) - _PROBLEMS} more: `tocsin knowledge check` lists them."))
    return f"{facts.ref} has commands that can't be right", blocks


def _archive(facts: RequestFacts) -> tuple[str, list[Block]]:
    said = f"*{facts.ref}* {from_markdown(shorten(facts.title, 200))} hasn't been used for a year. Archive it?"
    how = "An archived playbook is no longer suggested. Its versions stay, and its page brings it back."
    return f"{facts.ref} hasn't been used for a year", [section(said), context(how)]


def _lesson(facts: RequestFacts) -> tuple[str, list[Block]]:
    incident, title = str(facts.data.get("incident")), str(facts.data.get("title", ""))
    said = f"*{incident}* {plain(shorten(title, 150))} has a lesson missing from *{facts.ref}*."
    shown = preformatted(shorten(str(facts.data.get("difference", "")), 2800))
    return f"{incident} has a lesson missing from {facts.ref}", [section(said), shown]


_HEADS = {
    RequestKind.REVIEW: _review,
    RequestKind.COMMANDS: _commands,
    RequestKind.ARCHIVE: _archive,
    RequestKind.LESSON: _lesson,
}


def _buttons(facts: RequestFacts) -> list[Block]:
    value = str(facts.request_id)
    sure = f"{facts.ref} will no longer be suggested."
    first = {
        RequestKind.REVIEW: [
            button("Go through the steps…", "upkeep_review", value, style="primary"),
            button("All still right", "upkeep_right", value),
        ],
        RequestKind.COMMANDS: [_edit(facts, "primary"), button("They are right", "upkeep_right", value)],
        RequestKind.ARCHIVE: [
            button("Archive it", "upkeep_archive", value, confirm=sure),
            button("Keep it", "upkeep_right", value),
        ],
        RequestKind.LESSON: [
            button("Add to playbook", "upkeep_accept", value, style="primary"),
            button("Edit…", "upkeep_edit", value),
            button("Not needed", "upkeep_right", value),
        ],
    }[facts.kind]
    menu = {
        "type": "users_select",
        "action_id": "upkeep_delegate",
        "placeholder": {"type": "plain_text", "text": "Hand to…"},
    }
    return [*first, button("Snooze", "upkeep_snooze", value), menu]


def _edit(facts: RequestFacts, style: str | None = None) -> Block:
    return button(f"Edit {facts.ref}…", "upkeep_edit", str(facts.request_id), style=style)


def _wants_edit(facts: RequestFacts) -> bool:
    """Whether the answer was that something has to change."""
    return bool(facts.data.get("verdicts") or facts.data.get("notes")) and not facts.archived


def _people(user_ids: Sequence[str]) -> str:
    shown = [f"<@{user_id}>" for user_id in user_ids[:5]]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def review_form(request_id: int, entry: Entry) -> dict[str, Any]:
    """Each step with what it says, and what becomes of it."""
    options = [option(words, verdict.value) for verdict, words in _VERDICTS.items()]
    fields = [
        field(f"step_{step.number}", shorten(f"{step.number}. {step.title}", 150), _verdict(step, options))
        | {"hint": {"type": "plain_text", "text": shorten(_gist(step), 150)}}
        for step in entry.steps[:_MOST_STEPS]
    ]
    keep = [option("Keep it", "keep"), option("Archive the whole playbook", "archive")]
    blocks = [
        section(f"*{entry.ref}* {from_markdown(shorten(entry.title, 200))}"),
        *fields,
        text_field(NOTES, "What should change?", multiline=True, optional=True),
        field(WHOLE, "The playbook", select("The playbook", WHOLE, keep, "keep")),
    ]
    left = len(entry.steps) - _MOST_STEPS
    if left > 0:
        blocks.append(
            context(f"{left} more steps do not fit into a form; `tocsin knowledge show {entry.ref}` has them.")
        )
    return form(REVIEW, "Review a playbook", "Save", str(request_id), blocks)


def _verdict(step: Step, options: Sequence[Block]) -> Block:
    return select("Verdict", f"step_{step.number}", options, Verdict.RIGHT.value)


def _gist(step: Step) -> str:
    """The step's commands in one line, or its purpose."""
    lines = [line.strip() for command in step.commands for line in command.text.splitlines() if line.strip()]
    return " · ".join(lines) or step.purpose


def edit_form(request_id: int, ref: str, version: str, title: str, symptoms: str, steps: str) -> dict[str, Any]:
    """The parts of an entry that change. What does not fit is edited on its page."""
    shown = parts_of(steps)
    fits = len(shown) <= _FIELDS
    fields = [
        text_field(f"{STEPS}_{number}", "Steps" if number == 1 else "Steps, continued", multiline=True, initial=part)
        | {"optional": number > 1}
        for number, part in enumerate(shown, 1)
    ]
    blocks: list[Block] = [text_field("title", "What goes wrong?", initial=title, limit=200)]
    blocks.append(text_field("symptoms", "What are the symptoms?", multiline=True, initial=symptoms))
    blocks += fields if fits else [context(f"The steps of {ref} are too long for a form. Edit them on its page.")]
    return form(EDIT, "Edit a playbook", "Save", f"{request_id}:{ref}:{version}", blocks)


def verdict_line(steps: int, wrong: Mapping[str, str]) -> str:
    if not wrong:
        return f"All {steps} steps confirmed by" if steps != 1 else "The step was confirmed by"
    said = {Verdict.CHANGE: "change", Verdict.DROP: "remove"}
    numbers = {one: [number for number, verdict in wrong.items() if verdict == one] for one in said}
    parts = [f"{said[one]} step {', '.join(found)}" for one, found in numbers.items() if found]
    return f"To do: {' and '.join(parts)}. Reviewed by"


RIGHT = {
    RequestKind.REVIEW: "Confirmed by",
    RequestKind.COMMANDS: "Commands confirmed by",
    RequestKind.ARCHIVE: "Kept by",
    RequestKind.LESSON: "Declined by",
}
ARCHIVED = "Archived by"
EDITED = "Edited by"


def answered_before(ref: str, by: str | None, answer: str) -> str:
    return f"The question about {ref} has been answered: {answer} <@{by}>."


def gone(ref: str) -> str:
    return f"{ref} is no longer among the entries: it was archived or removed."


def nothing_new(ref: str, incident: str) -> str:
    return f"{ref} already includes the lesson from {incident}."


def snoozed(until: str) -> str:
    return f"You'll be asked again on {until}."


def delegated(to: str) -> str:
    return f"<@{to}> will be asked from now on."


def saved(ref: str) -> str:
    return f"{ref} is saved; the version before it is kept."
