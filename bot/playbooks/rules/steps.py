"""A playbook or guide as a run keeps it: the text at the moment it began, and the arithmetic of its time windows."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any


class Outcome(enum.StrEnum):
    """What became of a step. Of a guide's cause, DONE reads "confirmed" and NOT_HELPED "ruled out"."""

    DONE = "done"
    NOT_HELPED = "not_helped"
    SKIPPED = "skipped"


class RunState(enum.StrEnum):
    RUNNING = "running"
    FINISHED = "finished"  # every step is decided
    STOPPED = "stopped"  # by a person, or because the incident ended


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step, or one possible cause of a guide. `window` is minutes since the run began; commands are
    (language, text)."""

    number: int
    title: str
    window: tuple[int, int] | None = None
    purpose: str = ""
    changes_production: bool = False
    commands: tuple[tuple[str, str], ...] = ()
    look_for: tuple[str, ...] = ()
    notes: str = ""

    @property
    def prose(self) -> str:
        """Everything that is written about the step, without its commands."""
        return "\n".join([self.title, self.purpose, *self.look_for, self.notes])

    def over_at(self, run_began: datetime, step_began: datetime) -> datetime | None:
        """When the step is over its window (aware UTC); None where the source names no window.

        A step that begins late keeps the length of its window: those who are behind are not called late at each step.
        """
        if self.window is None:
            return None
        first, last = self.window
        length = timedelta(minutes=max(0, last - first))
        return max(run_began + timedelta(minutes=last), step_began + length)


@dataclass(frozen=True, slots=True)
class RunText:
    """What a run works through. `claim` is what the source says of its success, `fix` a guide's section Resolution."""

    ref: str
    kind: str  # playbook or guide
    title: str
    steps: tuple[RunStep, ...]
    claim: str = ""
    owner: str = ""
    fix: str = ""

    @property
    def is_guide(self) -> bool:
        return self.kind == "guide"

    def step(self, number: int) -> RunStep:
        """The step of that number, from 1."""
        return self.steps[number - 1]

    def as_document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def from_document(document: Mapping[str, Any]) -> RunText:
    """The text that `as_document` wrote."""
    return RunText(
        ref=document["ref"],
        kind=document["kind"],
        title=document["title"],
        steps=tuple(_step(step) for step in document["steps"]),
        claim=document["claim"],
        owner=document["owner"],
        fix=document["fix"],
    )


def _step(document: Mapping[str, Any]) -> RunStep:
    window = document["window"]
    return RunStep(
        number=document["number"],
        title=document["title"],
        window=(window[0], window[1]) if window else None,
        purpose=document["purpose"],
        changes_production=document["changes_production"],
        commands=tuple((language, text) for language, text in document["commands"]),
        look_for=tuple(document["look_for"]),
        notes=document["notes"],
    )


def minute(began: datetime, now: datetime) -> int:
    """Whole minutes since the run began; 0 in its first."""
    return max(0, int((now - began).total_seconds() // 60))


def next_look(began: datetime, over_at: datetime | None, now: datetime) -> datetime | None:
    """When the message of a run has to be drawn again: at the next full minute of the run, or when the step is over.

    None for a step without a window, and after the window has ended: what is over is said once.
    """
    if over_at is None or now >= over_at:
        return None
    return min(over_at, began + timedelta(minutes=minute(began, now) + 1))
