"""The commands of an entry, checked: can a shell, AWS, a database read them, and do they what their step says?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt

from bot.memory.entries.entries import Entry
from bot.memory.entries.playbook import Step
from bot.playbooks.checks.aws import AwsModels, check_aws
from bot.playbooks.checks.finding import Checked, Effect, Finding, Problem
from bot.playbooks.checks.programs import check_program
from bot.playbooks.checks.shell import FILLED, Command, NotChecked, NotShell, Word, read_commands
from bot.playbooks.checks.sql import check_sql
from bot.playbooks.rules import placeholders
from bot.playbooks.rules.foreign_steps import read_steps
from bot.playbooks.rules.steps import RunStep

_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console"})
_SQLS = frozenset({"sql", "postgres", "postgresql", "psql", "mysql", "mariadb"})
_JSONS = frozenset({"json"})
_BEFORE = frozenset({"sudo", "nohup", "time", "exec", "command", "builtin"})  # programs that start the one after them
# A command in the middle of a sentence is only mentioned: `aws lambda get-function`.
_MENTIONED = re.compile(r"(?:aws [a-z0-9-]+ [a-z]|kubectl [a-z]|redis-cli \S+ )")
_LIKE_A_COMMAND = re.compile(r"(?:\$ )?(?:aws|kubectl|curl|redis-cli|psql)\s+\S")
_FENCE = re.compile(r"```.*?```", re.DOTALL)
_PROMPT = re.compile(r"^\$ ", re.MULTILINE)
_DECLARED = re.compile(r"\{([A-Za-z][\w-]*)\}")


@dataclass(frozen=True, slots=True)
class CommandProblem:
    """What is wrong with a command of an entry. `command` is the line at fault, as the entry has it."""

    place: str  # "step 2", or the section
    command: str
    text: str
    certain: bool


class CommandChecker:
    """Checks entries one after the other; what is read of AWS's models is kept."""

    def __init__(self) -> None:
        self._models = AwsModels()

    def check(self, entry: Entry) -> list[CommandProblem]:
        """All problems of an entry's commands, in order."""
        steps = list(_steps(entry))
        said = [_FENCE.sub("", text) for _, text in entry.sections]
        prose = "\n".join([*(step.prose for _, step, _ in steps), *said])
        found: list[CommandProblem] = []
        for place, step, marked in steps:
            found += self._step(place, step, prose, marked=marked)
        covered = {name for name, _ in entry.sections if name.casefold() == "steps"} if entry.steps else set()
        for name, text in entry.sections:
            if name not in covered and not (steps and _holds_steps(text, steps)):
                found += self._section(name, text)
        return found

    def _step(self, place: str, step: RunStep, prose: str, *, marked: bool) -> Iterator[CommandProblem]:
        effects = [Effect.READS]
        for language, text in step.commands:
            checked, findings = self.read(language, text)
            effects.append(checked)
            yield from _placed(place, text, findings)
            yield from _placed(place, text, _undeclared(language, text, prose))
            if marked and checked is Effect.CHANGES and not step.changes_production:
                says = "The step says that it changes nothing, but this command can."
                yield CommandProblem(place, self._changing_line(language, text), says, certain=True)
            elif marked and checked is Effect.UNKNOWN and not step.changes_production and not findings:
                says = "The step says that it changes nothing; whether this command does is not known here."
                yield CommandProblem(place, _line(text, 0), says, certain=False)
        if marked and step.changes_production and step.commands and max(effects) is Effect.READS:
            says = "The step says that it changes production, but its commands only read."
            yield CommandProblem(place, _line(step.commands[0][1], 0), says, certain=False)

    def _changing_line(self, language: str, text: str) -> str:
        """The first line whose command changes something."""
        if language.lower() in _SHELLS:
            for command in read_commands(_PROMPT.sub("  ", _filled(text, language))):
                if self._command(command, whole=True).effect is Effect.CHANGES:
                    return _line(text, command.line)
        return _line(text, 0)

    def _section(self, name: str, text: str) -> Iterator[CommandProblem]:
        """Fences and commands between backticks of a section that is no list of steps."""
        for token in _markdown().parse(text):
            if token.type in ("fence", "code_block"):
                language = token.info.strip() or ("bash" if _LIKE_A_COMMAND.match(token.content) else "text")
                yield from _placed(name, token.content, self.read(language, token.content)[1])
            for child in token.children or ():
                if child.type == "code_inline" and _MENTIONED.match(child.content):
                    yield from _placed(name, child.content, self._mention(child.content))

    def _mention(self, text: str) -> list[Finding]:
        if "…" in text or "..." in text:
            return []
        return [finding for finding in self.read("bash", text, whole=False)[1] if finding.problem.certain]

    def read(self, language: str, text: str, *, whole: bool = True) -> tuple[Effect, list[Finding]]:
        """What the text does, and its problems, by the language of its fence."""
        kind = language.lower()
        filled = _filled(text, language)
        if kind in _SHELLS:
            return self._shell(_PROMPT.sub("  ", filled), whole=whole)
        if kind in _SQLS:
            checked = check_sql(filled, kind)
            return checked.effect, [Finding(0, problem) for problem in checked.problems]
        if kind in _JSONS:
            return Effect.READS, list(_json(filled))
        return Effect.UNKNOWN if kind not in ("text", "") else Effect.READS, []

    def _shell(self, script: str, *, whole: bool) -> tuple[Effect, list[Finding]]:
        try:
            commands = read_commands(script)
        except NotShell as error:
            return Effect.UNKNOWN, [Finding(error.line, Problem(f"A shell cannot read this: {error}."))]
        except NotChecked as error:
            return Effect.UNKNOWN, [Finding(0, Problem(f"This was not checked. {error}", certain=False))]
        effects, findings = [Effect.READS], []
        for command in commands:
            checked = self._command(command, whole=whole)
            effects.append(checked.effect)
            findings += [Finding(command.line, problem) for problem in checked.problems]
        return max(effects), findings

    def _command(self, command: Command, *, whole: bool) -> Checked:
        words = _started(command.words)
        if not words or not words[0].fixed:
            return Checked(Effect.UNKNOWN if words else Effect.READS)
        program = words[0].text.rsplit("/", 1)[-1]
        if program == "aws":
            return check_aws(words[1:], self._models, whole=whole)
        return check_program(program, words[1:])


def _started(words: Sequence[Word]) -> Sequence[Word]:
    while words and words[0].text in _BEFORE:
        words = words[1:]
        while words and words[0].text.startswith("-"):
            words = words[1:]
    return words


def _filled(text: str, language: str) -> str:
    """The text with a word in place of each placeholder: `<name>` would be a redirection."""
    values = {placeholders.key_of(name): FILLED for name in placeholders.find(text, language)}
    return placeholders.fill(text, values, language)


def _json(text: str) -> Iterable[Finding]:
    """A document, or the members of one: a fragment is for reading into another."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        try:
            json.loads(f"{{{text.strip().rstrip(',')}}}")
        except json.JSONDecodeError:
            yield Finding(error.lineno - 1, Problem(f"The JSON cannot be read: {error.msg}."))


def _undeclared(language: str, text: str, prose: str) -> Iterator[Finding]:
    """Placeholders that no sentence of the entry explains. `<function name>` explains itself."""
    explained = {placeholders.key_of(name) for name in _DECLARED.findall(prose)}
    for name in placeholders.find(text, language):
        if f"{{{name}}}" in text and f"{{{{{name}" not in text and placeholders.key_of(name) not in explained:
            line = text[: text.index(f"{{{name}}}")].count("\n")
            yield Finding(line, Problem(f"The placeholder {{{name}}} is not explained: name it in the step's purpose."))


def _steps(entry: Entry) -> Iterator[tuple[str, RunStep, bool]]:
    """(place, step, whether the mark is the author's) of each step that the entry, or a section of it, spells out."""
    for number, step in enumerate(entry.steps, 1):
        yield f"step {number}", _as_run(number, step), True
    if entry.kind != "playbook" or entry.steps:
        return
    for name, text in entry.sections:
        for read in read_steps(text):
            yield f"{name}, step {read.number}", read, "hanges production" in text


def _as_run(number: int, step: Step) -> RunStep:
    return RunStep(
        number=number,
        title=step.title,
        window=step.window,
        purpose=step.purpose,
        changes_production=step.changes_production,
        commands=tuple((command.language, command.text) for command in step.commands),
        look_for=step.look_for,
        notes=step.notes,
    )


def _holds_steps(section: str, steps: Sequence[tuple[str, RunStep, bool]]) -> bool:
    """Whether the commands of a section were checked with its steps."""
    found = read_steps(section)
    return bool(found) and any(step == known for step in found for _, known, _ in steps)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _placed(place: str, text: str, findings: Iterable[Finding]) -> Iterator[CommandProblem]:
    for one in findings:
        yield CommandProblem(place, _line(text, one.line), one.problem.text, one.problem.certain)


def _line(text: str, number: int) -> str:
    lines = text.splitlines() or [""]
    return lines[min(number, len(lines) - 1)].strip()
