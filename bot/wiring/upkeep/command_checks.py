"""The monthly check of commands, in a process of its own: what reads them would stay in the bot's memory."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor

from bot.extras import Extra
from bot.memory.entries.entries import Entry

_LONGEST = 300  # seconds


def check_apart(entries: list[Entry]) -> Mapping[str, list[dict[str, str]]]:
    """What must be wrong with commands, by ref; nothing where `tocsin[check]` is not installed. Raises TimeoutError."""
    if not Extra.CHECK.is_installed:
        return {}
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        return child.submit(check_entries, entries).result(timeout=_LONGEST)


def check_entries(entries: list[Entry]) -> dict[str, list[dict[str, str]]]:
    """The same in this process."""
    from bot.playbooks.checks.commands import CommandChecker

    checker = CommandChecker()
    found = {
        entry.ref: [
            {"place": problem.place, "command": problem.command, "text": problem.text}
            for problem in checker.check(entry)
            if problem.certain
        ]
        for entry in entries
    }
    return {ref: problems for ref, problems in found.items() if problems}
