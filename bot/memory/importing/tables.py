"""Tables whose rows are incidents: an incident log, a register of outages."""

from __future__ import annotations

from bot.memory.importing.blocks import ID, Draft
from bot.memory.importing.facts import date_of
from bot.memory.importing.labels import fact_name, folded, section_name
from bot.memory.importing.tree import tables_of

_IDS = frozenset({"id", "incident id", "ref", "reference", "ticket", "case", "number", "nr", "no", "key", "vorfall nr"})
_TASKS = frozenset(
    {"owner", "assignee", "due", "due date", "verantwortlich", "responsable", "responsavel", "担当", "期限"}
)


def incidents_of_tables(body: str) -> list[Draft]:
    """A draft for each row of a table that lists incidents; none where no table of the text does."""
    drafts: list[Draft] = []
    for head, rows in tables_of(body):
        names = [_column(cell) for cell in head]
        if len(rows) < 2 or not _lists_incidents(head, names):
            continue
        drafts += [draft for row in rows if (draft := _draft(names, row)) is not None]
    return drafts if len(drafts) >= 2 else []


def _column(cell: str) -> str:
    """What a column holds: `id`, a fact, a section, or its own heading."""
    if folded(cell) in _IDS:
        return "id"
    return fact_name(cell) or section_name(cell) or folded(cell)


def _lists_incidents(head: list[str], names: list[str]) -> bool:
    """It says what happened, and when or which one, and why or what was done; and it is no list of tasks."""
    if _TASKS & {folded(cell) for cell in head}:
        return False
    what = {"title", "Symptoms"} & set(names)
    which = {"date", "id"} & set(names)
    more = {"Root cause", "Resolution", "duration", "services", "severity"} & set(names)
    return bool(what and which and more) and "Timeline" not in names


def _draft(names: list[str], row: list[str]) -> Draft | None:
    cells = [(name, cell) for name, cell in zip(names, row, strict=True) if cell and cell not in ("-", "–", "n/a")]
    facts = {name: cell for name, cell in cells if name == name.lower()}
    sections = [(name, cell) for name, cell in cells if name != name.lower()]
    title = facts.get("title") or next((cell for name, cell in sections if name == "Symptoms"), "")
    if not title or not (sections or date_of(facts.get("date", ""))):
        return None
    identity = ID.search(" ".join(row))
    if not any(name == "Symptoms" for name, _ in sections):
        sections.insert(0, ("Symptoms", title))
    return Draft(identity[1] if identity else None, title, "incident", facts, tuple(sections))
