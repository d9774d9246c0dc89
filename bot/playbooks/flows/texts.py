"""From an entry of knowledge to the text of a run: a playbook's steps, or a guide's possible causes in order."""

from __future__ import annotations

import re

from bot.errors import BadRequest
from bot.memory.entries.entries import Entry
from bot.playbooks.messages import choices
from bot.playbooks.rules.foreign_steps import read_steps
from bot.playbooks.rules.steps import RunStep, RunText

_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+(.*)$")
# Sections of other people's runbooks, in the order in which steps are looked for; and those that never hold any.
_WITH_STEPS = ("step", "procedure", "mitigat", "remed", "resol", "action", "response", "recover", "diagnos")
_NO_STEPS = frozenset({"symptoms", "related"})
# Where a guide lists what to tick off: its causes, or else what to look at, or else what to do.
_LISTS = ("Causes", "Diagnosis", "Resolution")


def text_of(entry: Entry) -> RunText:
    """The entry as a run keeps it. Raises BadRequest for one that holds nothing to work through."""
    steps = _steps(entry) if entry.kind == "playbook" else _causes(entry)
    if entry.kind == "incident" or not steps:
        raise BadRequest(choices.nothing_to_do(entry.ref, entry.kind))
    return RunText(
        ref=entry.ref,
        kind=entry.kind,
        title=entry.title,
        steps=steps,
        claim=entry.success or "",
        owner=entry.owner or "",
        fix=entry.section("Resolution") if entry.kind == "guide" else "",
    )


def _steps(entry: Entry) -> tuple[RunStep, ...]:
    """The steps as the entry has them; of one that was imported without any, those that its sections spell out."""
    if not entry.steps:
        sections = sorted(entry.sections, key=lambda section: _place(section[0]))
        found = (read_steps(text) for name, text in sections if name.casefold() not in _NO_STEPS)
        return next(filter(None, found), ())
    return tuple(
        RunStep(
            number=place,
            title=step.title,
            window=step.window,
            purpose=step.purpose,
            changes_production=step.changes_production,
            commands=tuple((command.language, command.text) for command in step.commands),
            look_for=step.look_for,
            notes=step.notes,
        )
        for place, step in enumerate(entry.steps, 1)
    )


def _place(name: str) -> int:
    """Where a section stands among those that may hold the steps."""
    return next((place for place, word in enumerate(_WITH_STEPS) if word in name.casefold()), len(_WITH_STEPS))


def _causes(entry: Entry) -> tuple[RunStep, ...]:
    """The items of the first list that the guide has; what else it says to look at goes with each."""
    name = next((name for name in _LISTS if _items(entry.section(name))), "")
    look = _items(entry.section("Diagnosis")) if name == "Causes" else []
    return tuple(
        RunStep(number=place, title=title, look_for=tuple(look))
        for place, title in enumerate(_items(entry.section(name)), 1)
    )


def _items(markdown: str) -> list[str]:
    """The items of a Markdown list, each on one line; what is indented below an item belongs to it."""
    items: list[str] = []
    for line in markdown.splitlines():
        found = _ITEM.match(line)
        if found:
            items.append(found[1].strip())
        elif items and line[:1].isspace() and line.strip():
            items[-1] += f" {line.strip()}"
    return items
