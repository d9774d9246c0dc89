"""People's own documents into the knowledge folder: read, judged per file, written once, old versions kept.

No file makes it stop: each gets a status with its reason. Writing is done under a lock, whole files only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from bot.errors import InvalidKnowledge
from bot.memory.entries.entries import REF, Entry, Kind, parse_entry
from bot.memory.entries.playbook import Command, Step
from bot.memory.importing.blocks import Draft
from bot.memory.importing.facts import date_of, minutes_of, services_of, severity_of, severity_tag
from bot.memory.importing.foreign import drafts_of, step_heading
from bot.memory.importing.formats import SUFFIXES, Unreadable, to_markdown
from bot.memory.importing.kinds import is_link_list, is_template, split_front
from bot.memory.importing.labels import title_without_kind

Status = Literal["imported", "skipped", "refused"]
LARGEST = 5_000_000  # bytes; larger files are logs, not documents
FEWEST_WORDS = 12
ARCHIVE = "archive"
_MADE = ("DOC-", "PB-", "GUIDE-")  # how refs begin that we made for documents without one
_FOLDERS = {"incident": "incidents", "playbook": "playbooks", "guide": "guides"}
_WRITES = re.compile(
    r"\b(put|update|delete|create|modify|attach|detach|set|terminate|restart|reboot|promote|apply|scale|drain|rollback|"
    r"invoke|deregister|register|start|stop|kill|cordon|patch|replace|test-failover|pg_terminate_backend)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: its entries, or why there are none."""

    path: Path
    status: Status
    reason: str
    entries: tuple[Entry, ...] = ()

    def record(self) -> dict[str, object]:
        """The machine form of the file's line."""
        return {"path": str(self.path), "status": self.status, "reason": self.reason, "entries": len(self.entries)}


def entry_record(entry: Entry) -> dict[str, object]:
    """The machine form of an entry found."""
    return {
        "ref": entry.ref,
        "title": entry.title,
        "kind": entry.kind,
        "severity": entry.severity.value if entry.severity else None,
        "date": entry.date.isoformat() if entry.date else None,
        "services": list(entry.services),
        "sections": [name for name, _ in entry.sections],
        "source": entry.source,
    }


def read_documents(paths: Sequence[Path], progress: Callable[[Path], None] | None = None) -> list[FileReport]:
    """A report for every file at or under `paths`, in order. Refs that come twice keep their first entry."""
    reports: list[FileReport] = []
    seen: dict[str, Path] = {}
    for path in _files(paths):
        if progress is not None:
            progress(path)
        report = read_document(path)
        report = _kept_apart(report, seen)
        fresh = tuple(entry for entry in report.entries if entry.ref not in seen)
        if report.entries and not fresh:
            first = seen[report.entries[0].ref]
            report = FileReport(path, "skipped", f"its refs were already found in {first}")
        else:
            report = replace(report, entries=fresh)
        seen.update((entry.ref, path) for entry in fresh)
        reports.append(report)
    return reports


def _kept_apart(report: FileReport, seen: Mapping[str, Path]) -> FileReport:
    """Documents named alike (`outage.md`, `outage.txt`) whose refs we made are two: the second gets its ending."""
    path = report.path
    entries = tuple(
        replace(entry, ref=f"{entry.ref}-{path.suffix.lstrip('.').lower()}")
        if entry.ref in seen and entry.ref.startswith(_MADE) and path.suffix and seen[entry.ref].suffix != path.suffix
        else entry
        for entry in report.entries
    )
    return replace(report, entries=entries)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.is_file() or one.is_symlink())
            yield from sorted(
                one for one in inside if not any(part.startswith(".") for part in one.relative_to(path).parts)
            )
        else:
            yield path


def read_document(path: Path) -> FileReport:
    """The entries in one file; never raises for what a file holds or for its being gone."""
    try:
        if path.stat().st_size > LARGEST:
            return FileReport(path, "refused", f"larger than {LARGEST // 1_000_000} MB")
        raw = path.read_bytes()
    except OSError as error:
        return FileReport(path, "refused", f"cannot be read: {error.strerror or error}")
    try:
        text = to_markdown(path, raw)
    except Unreadable as error:
        return FileReport(path, "refused", str(error))
    reason = _not_worth(text)
    if reason:
        return FileReport(path, "skipped", reason)
    entries = _entries_of(text, path)
    if not entries:
        return FileReport(path, "skipped", "it tells of no incident, runbook or guide")
    return FileReport(path, "imported", f"{len(entries)} found", entries)


def _not_worth(text: str) -> str | None:
    """Why a text holds nothing to import."""
    words = len(split_front(text)[1].split())
    if not text.strip():
        return "empty"
    if words < FEWEST_WORDS:
        return "too short to say anything"
    if is_link_list(text):
        return "a list of links"
    if is_template(text):
        return "an empty template"
    return None


def _entries_of(text: str, path: Path) -> tuple[Entry, ...]:
    """Entries of a text: our own format as it is, anything else through drafts."""
    try:
        return (parse_entry(text, path),)
    except InvalidKnowledge:
        pass  # somebody else's format, the usual case
    name = re.sub(rf"(?:{'|'.join(re.escape(suffix) for suffix in SUFFIXES)})+$", "", path.name, flags=re.IGNORECASE)
    drafts = drafts_of(text, name)
    whole_date = date_of(f"{name}\n{text}") if len(drafts) == 1 else None
    entries: dict[str, Entry] = {}
    for number, draft in enumerate(drafts, start=1):
        entry = _entry(draft, number if len(drafts) > 1 else None, name, path)
        if entry is not None and entry.ref not in entries:
            entries[entry.ref] = replace(entry, date=entry.date or whole_date)
    return tuple(entries.values())


def _entry(draft: Draft, number: int | None, name: str, path: Path) -> Entry | None:
    sections = tuple((title.strip() or "Notes", text) for title, text in draft.sections if text.strip())
    if not sections:
        return None
    if sections[0][0] != "Symptoms":  # every entry has them; a document without is described by its first words
        sections = (("Symptoms", f"{draft.title}."), *sections)
    described = "\n".join(text for _, text in sections)
    facts = draft.facts
    tag, title = severity_tag(" ".join(draft.title.split()))
    title = title_without_kind(title)
    label = facts.get("severity") or tag or facts.get("status")
    if severity_of(label, "") is None:
        label = tag or facts.get("severity")
    kind = cast(Kind, draft.kind)
    return Entry(
        ref=draft.ref if draft.ref and REF.fullmatch(draft.ref) else _made_ref(draft, number, name),
        kind=kind,
        title=title[:120] or name,
        severity=severity_of(label, f"{draft.title}. {sections[0][1]}"),
        source_label=label,
        date=date_of(f"{facts.get('date', '')}\n{draft.title}"),
        services=services_of(facts.get("services"), described),
        platform=facts.get("platform") or facts.get("customer"),
        resolution_minutes=minutes_of(facts.get("duration")),
        source=path.name,
        sections=sections,
        steps=_steps(draft) if kind == "playbook" else (),
    )


def _made_ref(draft: Draft, number: int | None, name: str) -> str:
    """A ref for a document that has none, the same at each import: from the file's name, or the title within it."""
    prefix = {"incident": "DOC", "playbook": "PB", "guide": "GUIDE"}[draft.kind]
    label = name if number is None else f"{name}-{draft.title}"
    plain = re.sub(r"[^a-z0-9]+", "-", label.casefold()).strip("-")
    if len(plain) > 40:
        plain = plain[:32].rstrip("-") + "-" + hashlib.sha256(label.encode()).hexdigest()[:6]
    return f"{prefix}-{plain or hashlib.sha256(label.encode()).hexdigest()[:8]}"


def _steps(draft: Draft) -> tuple[Step, ...]:
    return tuple(_step(number, title, text) for number, (title, text) in enumerate(draft.steps, start=1))


def _step(number: int, title: str, text: str) -> Step:
    words, window = step_heading(title)
    fences = re.findall(r"```([A-Za-z]*)[^\n]*\n(.*?)```", text, flags=re.DOTALL)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    plain = " ".join(re.sub(r"[*_#>`]+", "", prose).split())
    commands = tuple(Command(language or "text", body.strip("\n")) for language, body in fences)
    changes = any(_WRITES.search(command.text) for command in commands)
    return Step(number, words, window, plain[:300] or words, changes, commands, (), plain[300:])


def render_entry(entry: Entry) -> str:
    """The entry as a knowledge file; `parse_entry` reads the same entry back."""
    front: dict[str, Any] = {
        "ref": entry.ref,
        "kind": entry.kind,
        "title": entry.title,
        "severity": entry.severity.value if entry.severity else None,
        "source_label": entry.source_label,
        "date": entry.date,
        "services": list(entry.services) or None,
        "platform": entry.platform,
        "category": entry.category,
        "resolution_minutes": entry.resolution_minutes,
        "source": entry.source,
        "owner": entry.owner,
        "reviewed_at": entry.reviewed_at,
        "archived_at": entry.archived_at,
        "success": entry.success,
    }
    kept = {key: value for key, value in front.items() if value is not None}
    head = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=10_000)
    parts = [f"## {name}\n{_demoted(text)}\n" for name, text in entry.sections if name.casefold() != "steps"]
    if entry.steps:
        parts.append("## Steps\n" + "\n".join(_render_step(step) for step in entry.steps))
    return f"---\n{head}---\n" + "\n".join(parts)


def _demoted(text: str) -> str:
    """Headings inside a section go below its own level; fences stay as they are."""
    lines, fenced = [], False
    for line in text.strip("\n").splitlines():
        fenced ^= line.lstrip().startswith("```")
        plain_rule = re.fullmatch(r"\s*(=+|-{2,})\s*", line) is not None  # would turn the line above into a heading
        if not fenced and (plain_rule or re.match(r"#{1,2}\s", line)):
            line = "" if plain_rule else "### " + line.lstrip("# ")
        lines.append(line)
    return "\n".join(lines)


def _render_step(step: Step) -> str:
    window = f" ({step.window_text})" if step.window else ""
    lines = [f"### {step.number}. {step.title}{window}", f"- Purpose: {step.purpose}"]
    lines.append(f"- Changes production: {'yes' if step.changes_production else 'no'}")
    for command in step.commands:
        lines += [f"```{command.language}", command.text, "```"]
    lines += [f"- Look for: {hint}" for hint in step.look_for]
    return "\n".join([*lines, *([step.notes] if step.notes else [])]) + "\n"


@dataclass(frozen=True, slots=True)
class Written:
    """What writing an entry did: `added`, `unchanged`, or `updated` (the old version is in the archive)."""

    ref: str
    outcome: Literal["added", "unchanged", "updated"]
    path: Path


def write_entries(entries: Sequence[Entry], folder: Path) -> list[Written]:
    """Write `entries` into the knowledge `folder`. Twice the same changes nothing; others wait for their turn.

    Raises InvalidKnowledge, before anything is written, when an entry would not be read back.
    """
    rendered = []
    for entry in entries:
        path = folder / _FOLDERS[entry.kind] / f"{entry.ref}.md"
        text = render_entry(entry)
        parse_entry(text, path)
        rendered.append((entry, path, text))
    folder.mkdir(parents=True, exist_ok=True)
    with _turn(folder):
        return [_write(entry, path, text, folder) for entry, path, text in rendered]


def _write(entry: Entry, path: Path, text: str, folder: Path) -> Written:
    old = path.read_text(encoding="utf-8") if path.exists() else None
    if old == text:
        return Written(entry.ref, "unchanged", path)
    if old is not None:
        version = 1 + sum(1 for _ in (folder / ARCHIVE).glob(f"{entry.ref}.v*.md"))
        _replace(folder / ARCHIVE / f"{entry.ref}.v{version}.md", old)
    _replace(path, text)
    return Written(entry.ref, "added" if old is None else "updated", path)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One importer at a time in a folder, across processes. The folder itself is locked: no file is left behind."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
