"""Steps of a playbook that was written by other rules than ours: headings or numbered items, with fences. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.playbooks.rules.steps import RunStep
from bot.playbooks.rules.written_steps import commands_in, only_reads

_HEADING = re.compile(r"^#{3,6}\s+(?:(?:step\s+)?\d+\s*[.):–-]?\s*)?(?P<title>\S.*)$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:\d+[.)]|step\s+\d+\s*[.):–-]?)\s+(?P<title>\S.*)$", re.IGNORECASE)
_WINDOW = re.compile(r"\s*\(?\b(?P<first>\d{1,4})\s*(?:–|-|to)\s*(?P<last>\d{1,4})\s*min(?:ute)?s?\)?", re.IGNORECASE)
_LABELLED = re.compile(
    r"^\W*(?P<label>purpose|goal|look for|expect(?:ed)?|verify|changes production)\W*:\W*(?P<text>.+)$",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(?P<language>\w*)")


@dataclass(slots=True)
class _Step:
    title: str
    lines: list[str] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    labelled: dict[str, list[str]] = field(default_factory=dict)


def read_steps(markdown: str) -> tuple[RunStep, ...]:
    """The steps of a section: one for each heading, or, where it has none, for each numbered item. Empty for prose."""
    lines = markdown.splitlines()
    for pattern in (_HEADING, _NUMBERED):
        found = list(_parted(lines, pattern))
        if found:
            return tuple(_finished(number, step) for number, step in enumerate(found, 1))
    return ()


def _parted(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[_Step]:
    step: _Step | None = None
    fence: list[str] | None = None
    language = ""
    for line in lines:
        opening = _FENCE.match(line)
        if opening and fence is None:
            fence, language = [], opening["language"] or "bash"
        elif opening and fence is not None:
            if step is not None and any(text.strip() for text in fence):
                step.commands.append((language, _dedented(fence)))
            fence = None
        elif fence is not None:
            fence.append(line)
        elif heading := pattern.match(line):
            if step is not None:
                yield step
            step = _Step(heading["title"].replace("**", "").strip())
        elif step is not None:
            _take(step, line)
    if step is not None:
        if fence:  # a fence that was never closed
            step.commands.append((language, _dedented(fence)))
        yield step


def _dedented(lines: Sequence[str]) -> str:
    """A fence below an item of a list, without the list's indentation."""
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return "\n".join(line[min(indents, default=0) :] for line in lines).strip("\n")


def _take(step: _Step, line: str) -> None:
    """A line of prose: labelled, or a note; commands between backticks in it can be copied too."""
    found = _LABELLED.match(line)
    if found:
        step.labelled.setdefault(found["label"].lower(), []).append(found["text"].strip())
        return
    commands, _ = commands_in(line.strip())
    step.commands += [("bash", command) for command in commands]
    if line.strip():
        step.lines.append(line.strip())


def _finished(number: int, step: _Step) -> RunStep:
    window = _WINDOW.search(step.title)
    changes = " ".join(step.labelled.get("changes production", [])).casefold()
    said = changes.startswith("yes") if changes[:1] in ("y", "n") else None
    look = [text for label in ("look for", "expect", "expected", "verify") for text in step.labelled.get(label, [])]
    reads = all(only_reads(command) for _, command in step.commands)
    return RunStep(
        number=number,
        title=(_WINDOW.sub("", step.title).strip(" :–-") or step.title) if window else step.title,
        window=(int(window["first"]), int(window["last"])) if window else None,
        purpose=" ".join(text for label in ("purpose", "goal") for text in step.labelled.get(label, [])),
        changes_production=not reads if said is None else said,
        commands=tuple(step.commands),
        look_for=tuple(look),
        notes="\n".join(step.lines),
    )
