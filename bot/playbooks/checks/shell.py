"""A shell script to its simple commands, by bashlex. Nothing is run or expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bashlex

# What bash knows and bashlex does not: tests in double brackets, arrays, arithmetic commands.
_BEYOND = re.compile(r"\[\[|\w\+?=\(|\(\(|<<<|\bcoproc\b|\|&")
FILLED = "placeholder0"  # stands in a command for a placeholder, which is filled in later
_QUOTED_DELIMITER = re.compile(r"<<(-?)\s*(['\"])(\w+)\2")


class NotShell(Exception):
    """The text is no shell script. `line` counts from 0."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


class NotChecked(Exception):
    """The text uses what bashlex cannot read."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without its quotes. What stands in it is not known in full where the shell puts something in."""

    text: str
    fixed: bool = True


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command: the program, its words, the line on which it begins (from 0)."""

    words: tuple[Word, ...]
    line: int


def read_commands(script: str) -> list[Command]:
    """All simple commands of a script in order, those within substitutions, too.

    Raises NotShell where bash would refuse it, and NotChecked where it holds what bashlex cannot read.
    """
    lines = script.splitlines()
    if all(not line.strip() or line.lstrip().startswith("#") for line in lines):
        return []
    readable = _QUOTED_DELIMITER.sub(lambda found: f"<<{found[1]} {found[3]} ", script)
    try:
        trees = bashlex.parse(readable)
    except NotImplementedError as error:
        raise NotChecked("It uses what bashlex cannot read.") from error
    except bashlex.errors.ParsingError as error:
        if _BEYOND.search(script):
            raise NotChecked("It uses what bashlex cannot read.") from error
        place = min(error.position, len(readable))
        raise NotShell(error.message, readable[:place].count("\n")) from error
    except (AttributeError, TypeError, IndexError, AssertionError, RecursionError) as error:
        raise NotChecked(f"bashlex could not read it ({type(error).__name__}).") from error
    return sorted((one for tree in trees for one in _commands(tree, readable)), key=lambda command: command.line)


def _commands(node: Any, script: str) -> Iterator[Command]:
    if node.kind == "command":
        words = tuple(
            Word(part.word, not part.parts and FILLED not in part.word) for part in node.parts if part.kind == "word"
        )
        if words:
            yield Command(words, script[: node.pos[0]].count("\n"))
    for name in ("parts", "list"):
        for part in getattr(node, name, None) or ():
            yield from _commands(part, script)
    if getattr(node, "command", None) is not None:
        yield from _commands(node.command, script)
