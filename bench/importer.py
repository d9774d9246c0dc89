"""`python -m bench importer`: documents as people's offices write them, and the share that the importer reads right.

Each document of `bench/documents` names the entries that a person finds in it: title, date, severity and sections, or
its kind, or none. Documents that no text can hold are made of Markdown by pandoc.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pypandoc

from bench.figures import figure
from bot.memory.entries.entries import Entry
from bot.memory.importing.importer import read_document

FOLDER = Path(__file__).parent / "documents"
SETS = ("terse", "formal", "later")  # each was read once before anything was corrected by it: 84, 70 and 58 % then
_MADE = (".docx", ".odt", ".rtf")
_WIDE = ".utf16"
_BOUND = 10.0  # per cent of each set that may be read wrongly


@dataclass(frozen=True, slots=True)
class Document:
    """A file's name and text, and what is to be found in it: lines as they stand behind `>>`."""

    name: str
    text: str
    expected: tuple[str, ...]


def read_set(name: str) -> list[Document]:
    """The documents of `bench/documents/NAME.txt`."""
    documents = []
    for block in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("==== ")[1:]:
        lines = block.splitlines()
        expected = [line[3:] for line in lines[1:] if line.startswith(">> ")]
        documents.append(Document(lines[0], "\n".join(lines[1 + len(expected) :]) + "\n", tuple(expected)))
    return documents


def write_document(document: Document, folder: Path) -> Path:
    """The file as its program would have written it."""
    path = folder / document.name
    if path.suffix in _MADE:
        command = [pypandoc.get_pandoc_path(), "--from", "markdown", "--standalone", "--output", str(path)]
        subprocess.run(command, input=document.text.encode(), check=True, timeout=60)
    else:
        path.write_bytes(document.text.encode("utf-16" if _WIDE in path.name else "utf-8"))
    return path


def mistakes(document: Document, folder: Path) -> list[str]:
    """What the importer reads otherwise than a person, one sentence each; empty where all is right."""
    found = read_document(write_document(document, folder)).entries
    if document.expected == ("none",):
        return [f"found {entry.title!r}" for entry in found]
    if document.expected[0].startswith("kind "):
        kinds = [entry.kind for entry in found]
        return [] if kinds == [document.expected[0].split()[1]] else [f"kinds {kinds}"]
    if len(found) != len(document.expected):
        return [f"{len(found)} entries: {[entry.title for entry in found]}"]
    return [
        f"{given} instead of {wanted}"
        for entry, line in zip(found, document.expected, strict=True)
        for wanted, given in _compared(line, entry)
    ]


def _compared(line: str, entry: Entry) -> list[tuple[str, str]]:
    """(wanted, found) of each fact that differs."""
    title, date, severity, sections = (part.strip() for part in line.split(" | "))
    wanted = [title, date, severity, ",".join(sorted(sections.split(",")))]
    named = {name for name, _ in entry.sections}
    shown = ",".join(sorted(named & {*sections.split(",")}))
    found = [entry.title.replace("’", "'"), str(entry.date), str(entry.severity), shown]
    return [(one, other) for one, other in zip(wanted, found, strict=True) if one != other]


def measure(sets: Sequence[str] = SETS) -> None:
    """Print the share of each set that is right, and what is wrong with the others."""
    for name in sets:
        documents = read_set(name)
        with tempfile.TemporaryDirectory() as folder:
            wrong = {document.name: mistakes(document, Path(folder)) for document in documents}
        for document, said in wrong.items():
            for sentence in said:
                print(f"    {name}/{document}: {sentence}")
        right = sum(not said for said in wrong.values())
        figure(f"documents read wrongly, of {len(documents)}, {name}", 100 - 100 * right / len(documents), "%", _BOUND)


if __name__ == "__main__":
    measure()
