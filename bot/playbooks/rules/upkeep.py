"""What owners are asked, when, and what an incident taught that a playbook does not say. Pure."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from bot.playbooks.rules.written_steps import WrittenStep, to_markdown

MOST_ASKS = 3  # after that a question that nobody answers is let rest until it comes up anew
_SPACES = re.compile(r"\s+")


class RequestKind(enum.StrEnum):
    REVIEW = "review"
    COMMANDS = "commands"
    ARCHIVE = "archive"
    LESSON = "lesson"


class Verdict(enum.StrEnum):
    """What becomes of a step, by somebody who reviewed it."""

    RIGHT = "right"
    CHANGE = "change"
    DROP = "drop"


def is_due(last: date | None, every: timedelta | None, today: date) -> bool:
    """Whether it is time again; what was never done is. `every` None: never."""
    return every is not None and (last is None or last + every <= today)


def new_commands(said: Iterable[WrittenStep], playbook: str) -> list[WrittenStep]:
    """Of the steps that were done, those with a command that the playbook's text does not have, with such commands
    alone."""
    known = _SPACES.sub(" ", playbook)
    found = []
    for step in said:
        fresh = tuple(command for command in step.commands if _SPACES.sub(" ", command).strip() not in known)
        if fresh:
            found.append(WrittenStep(step.title, fresh))
    return found


def with_lesson(steps: str, fresh: Sequence[WrittenStep], ref: str, resolution: str) -> str:
    """The section Steps with one step more for each that was new, or for the resolution where no command was."""
    added = list(fresh) or [WrittenStep(f"What ended {ref}", ())]
    texts = [to_markdown([step]) for step in added]
    if resolution:
        words = " ".join(resolution.split())[:600]
        texts[-1] = re.sub(
            r"(?m)^- Purpose: .*$", lambda _: f"- Purpose: What ended {ref}: {words}", texts[-1], count=1
        )
    return "\n\n".join([steps.strip("\n"), *texts])


def without_steps(steps: str, dropped: Collection[int]) -> str:
    """The section Steps without those of these numbers."""
    parts = re.split(r"(?m)^(?=###\s)", steps)
    return "".join(part for place, part in enumerate(parts) if place not in dropped or not part.startswith("###"))


def difference(before: str, after: str) -> str:
    """The lines that differ, with one line around each place, and "…" between places."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]
    return "\n".join("…" if line.startswith("@@") else line for line in lines).removeprefix("…\n")


def next_ask(asks: int, now: datetime, again_after: timedelta) -> datetime | None:
    """When a question that was asked so often is asked again; None: no more."""
    return now + again_after if asks < MOST_ASKS else None
