"""What a checked command does, and what is wrong with it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from bot.text.nearest import nearest


class Effect(enum.IntEnum):
    """The more a command can do, the higher; of several commands the highest counts."""

    READS = 0
    UNKNOWN = 1
    CHANGES = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence about a command. `certain` is False for what may be right all the same, or was not checked."""

    text: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """What one command does, and its problems."""

    effect: Effect
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with its place: the line within the text that was checked (from 0), and the command."""

    line: int
    problem: Problem


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """`; did you mean get-role?`, or nothing where no word is near."""
    near = nearest(typed, known)
    return f"; did you mean {near}?" if near else "."


def words(text: str) -> frozenset[str]:
    """The words of a list that is written like a sentence."""
    return frozenset(text.split())
