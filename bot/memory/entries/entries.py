"""Knowledge files to entries: YAML front matter, then level-2 sections. A file that is not right is refused by line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BeforeValidator

from bot.errors import InvalidKnowledge
from bot.memory.entries.playbook import Command, Playbook, Step
from bot.policy.loading import PolicyModel, load_text
from bot.policy.values import Day, Text, Typed, must, one_of
from bot.severity.rules import Severity

Kind = Literal["incident", "playbook", "guide"]
KINDS: tuple[str, ...] = get_args(Kind)
CATEGORIES = (
    "api", "backup", "cache", "cdn", "configuration", "cost", "data", "database", "deployment",
    "dns", "identity", "monitoring", "network", "scaling", "security", "serverless", "storage", "streaming",
)  # fmt: skip
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{1,63}")
_STEP_HEADING = re.compile(
    r"(?P<number>\d+)[.)]\s+(?P<title>.+?)(?:\s*\((?P<start>\d+)\s*(?:–|-|to)\s*(?P<end>\d+)\s*min(?:utes)?\))?\s*"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of knowledge, as its file says it. `sections` keeps the order of the file; texts are Markdown."""

    ref: str
    kind: Kind
    title: str
    severity: Severity | None = None
    source_label: str | None = None
    date: dt.date | None = None
    services: tuple[str, ...] = ()
    platform: str | None = None
    category: str | None = None
    resolution_minutes: int | None = None
    source: str | None = None
    owner: str | None = None
    reviewed_at: dt.date | None = None
    archived_at: dt.date | None = None  # since when nobody is offered it any more
    sections: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    success: str | None = None
    path: Path | None = None

    def section(self, name: str) -> str:
        """The Markdown of the section called `name` (case does not matter); empty when there is none."""
        wanted = name.casefold()
        return next((text for heading, text in self.sections if heading.casefold() == wanted), "")

    def playbook(self) -> Playbook:
        """The entry's steps as a playbook."""
        return Playbook(ref=self.ref, title=self.title, steps=self.steps, success=self.success)


def _minutes(typed: str) -> int:
    if not re.fullmatch(r"\d{1,9}", typed):
        raise ValueError(f'"{typed}" is not a whole number of minutes.')
    return int(typed)


class FrontMatter(PolicyModel):
    """What stands above the sections of a knowledge file."""

    ref: Annotated[Text, must(REF.fullmatch, "it may hold only letters, digits and . _ : -")]
    kind: Annotated[Kind, one_of(KINDS)]
    title: Text
    severity: Annotated[Severity, one_of(tuple(Severity), Severity)] | None = None
    source_label: Text | None = None
    date: Day | None = None
    services: Annotated[tuple[Text, ...], BeforeValidator(lambda typed: typed or [])] = ()
    platform: Text | None = None
    category: Annotated[str, one_of(CATEGORIES)] | None = None
    resolution_minutes: Annotated[int, Typed(_minutes, {"type": "integer"})] | None = None
    source: Text | None = None
    owner: Text | None = None
    reviewed_at: Day | None = None
    archived_at: Day | None = None
    success: Text | None = None


def read_entries(folder: Path) -> list[Entry]:
    """All entries under `folder`/{incidents,playbooks,guides}, sorted by ref.

    Raises InvalidKnowledge naming file, line and reason for the first file that is not right, and for a ref used twice.
    A folder without entries gives an empty list. A file that vanishes while the folder is read is left out.
    """
    found: dict[str, Entry] = {}
    for path in entry_paths(folder):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:  # removed since the folder was listed: as if it had never been there
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidKnowledge(f"{path}:1: cannot be read as UTF-8 text ({error}).") from error
        entry = parse_entry(text, path)
        known = found.get(entry.ref)
        if known is not None:
            raise InvalidKnowledge(f"{path}:2: ref {entry.ref} is already used by {known.path}.")
        found[entry.ref] = entry
    return [found[ref] for ref in sorted(found)]


def entry_paths(folder: Path) -> list[Path]:
    """The files that `read_entries` reads, in order."""
    return sorted(
        path
        for part in ("incidents", "playbooks", "guides")
        for path in (folder / part).glob("**/*.md")
        if path.is_file()
    )


def parse_entry(text: str, path: Path) -> Entry:
    """The entry written in `text`. `path` is for messages and for the entry's own path; its stem must be the ref."""
    front, body, body_line = _split_front_matter(text, path)
    sections = tuple(_sections(body, body_line, path))
    names = [name.casefold() for name, _, _ in sections]
    if "symptoms" not in names:
        raise InvalidKnowledge(f"{path}:{body_line}: the section ## Symptoms is missing.")
    if len(set(names)) < len(names):
        raise InvalidKnowledge(f"{path}:{body_line}: a section appears twice.")
    return Entry(
        **front.model_dump(),
        sections=tuple((name, content) for name, content, _ in sections),
        steps=_steps_of(sections, path) if front.kind == "playbook" else (),
        path=path,
    )


def _split_front_matter(text: str, path: Path) -> tuple[FrontMatter, str, int]:
    """The front matter, the body, and the line (1-based) at which the body begins."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        raise InvalidKnowledge(f"{path}:1: front matter is missing; the first line must be ---.")
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)
    if end is None:
        raise InvalidKnowledge(f"{path}:1: front matter is not closed by a line ---.")
    front = load_text(
        "\n".join(lines[1:end]), str(path), FrontMatter, InvalidKnowledge, name="front matter", first_line=2
    )
    if path.stem != front.ref:
        raise InvalidKnowledge(f"{path}:2: front matter.ref: {front.ref!r} does not match the file name.")
    return front, "\n".join(lines[end + 1 :]) + "\n", end + 2


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True})


def _sections(body: str, first_line: int, path: Path) -> Iterator[tuple[str, str, int]]:
    """(name, Markdown text, line) of each level-2 section. Text before the first one is refused."""
    tokens = _markdown().parse(body)
    lines = body.splitlines()
    heads: list[tuple[str, int, int]] = []
    for i, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2" and token.level == 0 and token.map:
            heads.append((tokens[i + 1].content.strip(), token.map[0], token.map[1]))
    before = lines[: heads[0][1]] if heads else lines
    if any(line.strip() for line in before):
        raise InvalidKnowledge(f"{path}:{first_line}: text stands before the first section (## Symptoms).")
    for (name, _, content), following in zip(heads, [*heads[1:], ("", len(lines), 0)], strict=True):
        text = "\n".join(lines[content : following[1]]).strip("\n")
        if text.strip():  # an empty section counts as left out
            yield name, text, first_line + content


def _steps_of(sections: tuple[tuple[str, str, int], ...], path: Path) -> tuple[Step, ...]:
    for name, text, line in sections:
        if name.casefold() == "steps":
            return tuple(_parse_steps(text, line, path))
    raise InvalidKnowledge(f"{path}:1: a playbook needs the section ## Steps.")


def _parse_steps(text: str, first_line: int, path: Path) -> Iterator[Step]:
    tokens = _markdown().parse(text)
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h3"]
    if not starts:
        raise InvalidKnowledge(f"{path}:{first_line}: ## Steps holds no step (### 1. Title (0–5 min)).")
    for place, (start, end) in enumerate(zip(starts, [*starts[1:], len(tokens)], strict=True), start=1):
        line = first_line + (tokens[start].map or [0])[0]
        heading = _STEP_HEADING.fullmatch(tokens[start + 1].content.strip())
        if heading is None or int(heading["number"]) != place:
            raise InvalidKnowledge(f"{path}:{line}: a step's heading must read `### {place}. Title (0–5 min)`.")
        yield _step(heading, tokens[start + 3 : end], line, path)


def _step(heading: re.Match[str], tokens: Sequence[Token], line: int, path: Path) -> Step:
    """One step from its heading and the tokens below it."""
    facts: dict[str, str] = {}
    look_for: list[str] = []
    notes: list[str] = []
    commands: list[Command] = []
    for token in tokens:
        if token.type == "fence":
            commands.append(Command(language=token.info.strip() or "text", text=token.content.rstrip("\n")))
        elif token.type == "inline":
            content = " ".join(token.content.split())
            label, _, rest = content.partition(":")
            if label == "Look for":
                look_for.append(rest.strip())
            elif label in ("Purpose", "Changes production"):
                facts[label] = rest.strip()
            else:
                notes.append(content)
    changes = facts.get("Changes production", "").casefold().rstrip(".")
    if not changes.startswith(("yes", "no")):
        raise InvalidKnowledge(f"{path}:{line}: the step needs a line `- Changes production: yes` or `no`.")
    if "Purpose" not in facts:
        raise InvalidKnowledge(f"{path}:{line}: the step needs a line `- Purpose: …`.")
    window = (int(heading["start"]), int(heading["end"])) if heading["start"] else None
    return Step(
        number=int(heading["number"]),
        title=heading["title"].strip(),
        window=window,
        purpose=facts["Purpose"],
        changes_production=changes.startswith("yes"),
        commands=tuple(commands),
        look_for=tuple(look_for),
        notes="\n".join(notes),
    )
