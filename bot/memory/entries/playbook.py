"""A playbook as it is written: timed steps with commands to copy. Nothing here runs a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Command(NamedTuple):
    """Text to copy, in the language of its fence: `bash`, `sql` or `json`."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a playbook. The window is minutes since the start; None where the source names none."""

    number: int
    title: str
    window: tuple[int, int] | None
    purpose: str
    changes_production: bool
    commands: tuple[Command, ...]
    look_for: tuple[str, ...]
    notes: str = ""

    @property
    def window_text(self) -> str:
        """`0–5 min`, or an empty string."""
        return f"{self.window[0]}–{self.window[1]} min" if self.window else ""


@dataclass(frozen=True, slots=True)
class Playbook:
    """The steps under one reference, with the figures that say how well they have worked."""

    ref: str
    title: str
    steps: tuple[Step, ...]
    success: str | None = None
