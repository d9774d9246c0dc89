"""`tocsin knowledge …`: search, import, list, show, export, remove, check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import BadRequest, InvalidKnowledge, InvalidSettings
from bot.extras import Extra
from bot.incidents.queries import incidents
from bot.memory import queries as knowledge
from bot.memory.entries.documents import from_document
from bot.memory.entries.entries import Entry, entry_paths, parse_entry
from bot.memory.flows import learn
from bot.memory.flows.learn import LearnResult, Outcome
from bot.memory.flows.live import Memory
from bot.memory.importing.importer import FileReport, Written, entry_record, read_documents, write_entries
from bot.memory.tables import KnowledgeVersion
from bot.settings import Settings
from bot.store.engine import Database
from bot.wiring.building import build_live_memory, build_memory, open_database

if TYPE_CHECKING:  # what reads commands is loaded only to check them
    from bot.playbooks.checks.commands import CommandChecker, CommandProblem

FOLDER = "folder"
DATABASE = "database"
_NO_CHECKER = f"Shell commands were not checked: run `{Extra.CHECK.command}` for that."
_WAIT = 60  # seconds for another import to end
_BUSY = f"Another import is still running after {_WAIT} seconds. Nothing was changed. Try again later."


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found in each file, and the outcome of each entry; a dry run has no outcomes."""

    files: tuple[FileReport, ...]
    learnt: dict[str, LearnResult]
    commands: dict[str, tuple[CommandProblem, ...]] = field(default_factory=dict)  # by ref; imported all the same

    @property
    def failed(self) -> bool:
        """True when something was refused and nothing was found, or an entry was refused."""
        nothing = not any(report.entries for report in self.files)
        refused = any(report.status == "refused" for report in self.files)
        return (nothing and refused) or any(item.outcome is Outcome.REFUSED for item in self.learnt.values())

    def records(self) -> Iterator[dict[str, object]]:
        """For machines: each file's record, and after it one for each entry found in it."""
        for report in self.files:
            yield report.record()
            for entry in report.entries:
                record: dict[str, object] = {"path": str(report.path), "status": report.status}
                if entry.ref in self.learnt:
                    record |= {"outcome": self.learnt[entry.ref].outcome.value}
                if problems := self.commands.get(entry.ref):
                    record |= {"commands": [asdict(problem) for problem in problems]}
                yield entry_record(entry) | record

    def lines(self) -> Iterator[str]:
        """For people: each file with its entries or the reason why there are none, then the sums."""
        for report in self.files:
            yield f"{report.status:8}  {report.path}: {report.reason}"
            for entry in report.entries:
                learnt = self.learnt.get(entry.ref)
                outcome = f" ({learnt.outcome}{': ' + learnt.reason if learnt.reason else ''})" if learnt else ""
                yield f"          {entry.kind} {entry.ref}: {entry.title}{outcome}"
                yield from (f"            {_sentence(problem)}" for problem in self.commands.get(entry.ref, ()))
        files = Counter(report.status for report in self.files)
        sums = [f"{count} {status}" for status in ("imported", "skipped", "refused") if (count := files[status])]
        outcomes = Counter(item.outcome for item in self.learnt.values())
        counts = [f"{outcomes[outcome]} {outcome}" for outcome in Outcome if outcomes[outcome]]
        yield f"Files: {', '.join(sums) or 'none'}. Entries: {', '.join(counts) or 'none imported'}."


@dataclass(frozen=True, slots=True)
class Known:
    """An entry with where it is held; `since` and `by` of those in the database."""

    entry: Entry
    where: str
    origin: str
    since: datetime | None = None
    by: str = ""

    def record(self) -> dict[str, object]:
        """The line for machines."""
        entry = self.entry
        return {
            "ref": entry.ref,
            "kind": entry.kind,
            "title": entry.title,
            "severity": entry.severity.value if entry.severity else None,
            "date": entry.date.isoformat() if entry.date else None,
            "where": self.where,
            "origin": self.origin,
            "since": self.since.isoformat() if self.since else None,
            "by": self.by or None,
        }


def has_database(settings: Settings) -> bool:
    """Whether there is a database: the configured one, or an embedded one that was used before."""
    return settings.database_url is not None or (settings.data_folder / "postgres" / "PG_VERSION").exists()


def import_documents(
    settings: Settings,
    paths: Sequence[Path],
    by: str,
    now: datetime,
    *,
    dry_run: bool,
    progress: Callable[[Path], None],
    say: Callable[[str], None],
) -> Imported:
    """Read the documents; keep their entries unless this is a dry run, which needs no database.

    Raises BadRequest where another import does not end.
    """
    files = tuple(read_documents(paths, progress))
    entries = [replace(entry, path=report.path) for report in files for entry in report.entries]
    commands = {entry.ref: found for entry in entries if (found := tuple(_commands(entry)))}
    if dry_run or not entries:
        return Imported(files, {}, commands)
    with open_database(settings) as database, database.transaction() as session:
        if not knowledge.try_to_lock(session):
            say("Another import is running; waiting for it.")
            if not knowledge.wait_for_lock(session, _WAIT):
                raise BadRequest(_BUSY)
        ours = incidents.known_refs(session, [entry.ref for entry in entries])
        learnt = learn.learn(session, entries, by, now, ours)
    return Imported(files, {item.ref: item for item in learnt}, commands)


def remove(settings: Settings, ref: str, by: str, now: datetime) -> str:
    """Remove an entry from the database; the sentence about the result. Raises BadRequest for an unknown ref."""
    folder = {entry.ref: entry for entry in _readable(settings)}
    with open_database(settings) as database, database.transaction() as session:
        if not knowledge.wait_for_lock(session, _WAIT):
            raise BadRequest(_BUSY)
        held = knowledge.find(session, ref)
        if (held is None or held.document is None) and ref in folder:
            raise BadRequest(f"{ref} is a file. Delete {folder[ref].path} and restart Tocsin.")
        learn.forget(session, ref, by, now)
    back = f" The file {folder[ref].path} is used again." if ref in folder else ""
    return f"{ref} removed; its versions are kept.{back}"


def list_known(settings: Settings) -> list[Known]:
    """All entries by ref; an entry in the database wins over the file of the same ref."""
    known = {entry.ref: Known(entry, FOLDER, str(entry.path)) for entry in _readable(settings)}
    for row in _rows(settings):
        entry = _parsed(row)
        if isinstance(entry, Entry):
            known[row.ref] = Known(entry, DATABASE, row.origin, row.added_at, row.added_by)
    return [known[ref] for ref in sorted(known)]


def find_known(settings: Settings, ref: str) -> Known:
    """The entry that a search would find. Raises BadRequest for an unknown ref."""
    for known in list_known(settings):
        if known.entry.ref == ref:
            return known
    raise BadRequest(f"There is no entry {ref}. `tocsin knowledge list` shows them all.")


def list_versions(settings: Settings, ref: str) -> list[KnowledgeVersion]:
    """What the database holds of a ref, the oldest first; nothing where there is no database."""
    if not has_database(settings):
        return []
    with open_database(settings) as database, database.transaction() as session:
        return list(knowledge.list_versions(session, ref))


def check(settings: Settings) -> Iterator[tuple[bool, str]]:
    """All findings on folder and database: (whether it must be fixed, a line)."""
    if not Extra.CHECK.is_installed:
        yield False, _NO_CHECKER
    paths: dict[str, Path] = {}
    for path in entry_paths(settings.knowledge_folder):
        found = _read(path)
        if isinstance(found, str):
            yield True, found
        elif found.ref in paths:
            yield True, f"{path}:2: ref {found.ref} is already used by {paths[found.ref]}."
        else:
            paths[found.ref] = path
            yield from _checked_commands(found, path)
    try:
        rows = _rows(settings)
    except InvalidSettings as error:
        yield True, str(error)
        rows = []
    for row in rows:
        entry = _parsed(row)
        if isinstance(entry, str):
            yield True, f"database: {entry} Import it again, or run `tocsin knowledge remove {row.ref}`."
            continue
        for problem in _commands(entry):
            yield problem.certain, f"database: {row.ref}: {_sentence(problem)}"
        if row.ref in paths:
            yield False, f"{row.ref} is in the database ({row.origin}) and in {paths[row.ref]}: the database is used."
    yield False, f"{len(paths)} entries in {settings.knowledge_folder}, {len(rows)} in the database."


@cache
def _checker() -> CommandChecker:
    from bot.playbooks.checks.commands import CommandChecker

    return CommandChecker()


def _commands(entry: Entry) -> list[CommandProblem]:
    """What is wrong with the entry's commands; nothing where the libraries to read them are missing."""
    return _checker().check(entry) if Extra.CHECK.is_installed else []


def _checked_commands(entry: Entry, path: Path) -> Iterator[tuple[bool, str]]:
    """The problems of a file's commands, each with the line on which the command stands."""
    problems = _commands(entry)
    lines = path.read_text(encoding="utf-8").splitlines() if problems else []
    for problem in problems:
        number = next((place for place, line in enumerate(lines, 1) if problem.command in line), 1)
        yield problem.certain, f"{path}:{number}: {_sentence(problem)}"


def _sentence(problem: CommandProblem) -> str:
    note = "" if problem.certain else "note: "
    return f"{note}{problem.place}: {problem.text} ({problem.command})"


def search_memory(settings: Settings, say: Callable[[str], None]) -> Memory:
    """What a search covers: the folder, and the database where there is one."""
    if not has_database(settings):
        return build_memory(settings)
    try:
        with open_database(settings) as database:
            return build_live_memory(settings, database).current()
    except InvalidSettings as error:
        say(f"Searching the knowledge folder only. {error}")
        return build_memory(settings)


def _rows(settings: Settings) -> Sequence[KnowledgeVersion]:
    if not has_database(settings):
        return []
    with open_database(settings) as database, database.transaction() as session:
        return knowledge.list_at(session)


def _parsed(row: KnowledgeVersion) -> Entry | str:
    """The entry, or why it is none."""
    try:
        return from_document(row.document or {})
    except InvalidKnowledge as error:
        return str(error)


def export_entries(database: Database, folder: Path, *, everything: bool) -> list[Written]:
    """Our own closed incidents as files of a knowledge folder; with `everything`, what was imported or edited as well.

    Twice the same changes nothing. Raises InvalidKnowledge.
    """
    with database.transaction() as session:
        rows = [row for row in knowledge.list_at(session) if everything or row.incident_id is not None]
    return write_entries([from_document(row.document or {}) for row in rows], folder)


def _read(path: Path) -> Entry | str:
    """The entry of a file, or why it is none. A file that vanished meanwhile is reported, too."""
    try:
        return parse_entry(path.read_text(encoding="utf-8"), path)
    except InvalidKnowledge as error:
        return str(error)
    except (OSError, UnicodeDecodeError) as error:
        return f"{path}:1: cannot be read as UTF-8 text ({error})."


def _readable(settings: Settings) -> Iterator[Entry]:
    """The folder's entries that can be read; `check` names the others."""
    found = (_read(path) for path in entry_paths(settings.knowledge_folder))
    return (entry for entry in found if isinstance(entry, Entry))
