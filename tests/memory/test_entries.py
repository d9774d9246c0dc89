"""Reading knowledge files: what is understood, and what is refused with file, line and reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InvalidKnowledge
from bot.memory.entries.documents import content_hash, from_document, to_document
from bot.memory.entries.entries import parse_entry, read_entries
from bot.severity.rules import Severity

SHIPPED = Path(__file__).parents[2] / "knowledge"

INCIDENT = """---
ref: INC-2030-0001
kind: incident
title: Lamp factory portal went dark
severity: P1
source_label: SEV-2
date: 2030-02-03
services: [RDS, Lambda]
category: database
resolution_minutes: 45
reviewed_at: 2030-03-01
---
## Symptoms
- Dark portal.

```bash
## not a heading but a comment in a fence
```

## Root cause
The fuse.
"""

PLAYBOOK = """---
ref: PB-lamp
kind: playbook
title: Lamps out
success: 9 of 10 within 12 minutes
---
## Symptoms
- Dark.

## Steps
### 1. Look at the fuse (0–5 min)
- Purpose: See whether it blew.
- Changes production: no
```bash
aws lambda get-function --function-name {function}
```
- Look for: soot
- Look for: a smell
### 2. Replace it
- Purpose: Light again.
- Changes production: yes
```sql
SELECT 1;
```
```bash
aws sts get-caller-identity
```
The example is called `kitchen`.

## Related
- INC-2030-0001
"""


def parse(text: str, name: str = "INC-2030-0001") -> object:
    return parse_entry(text, Path("incidents") / f"{name}.md")


def test_an_incident_is_read_whole() -> None:
    entry = parse_entry(INCIDENT, Path("incidents/INC-2030-0001.md"))
    assert (entry.ref, entry.kind, entry.severity, entry.source_label) == (
        "INC-2030-0001",
        "incident",
        Severity.P1,
        "SEV-2",
    )
    assert entry.date == dt.date(2030, 2, 3)
    assert entry.services == ("RDS", "Lambda")
    assert entry.resolution_minutes == 45
    assert [name for name, _ in entry.sections] == ["Symptoms", "Root cause"]
    assert "## not a heading" in entry.section("symptoms")
    assert entry.section("Lesson") == ""


def test_a_playbook_gives_its_steps() -> None:
    playbook = parse_entry(PLAYBOOK, Path("playbooks/PB-lamp.md")).playbook()
    look, replace = playbook.steps
    assert (look.number, look.title, look.window, look.window_text) == (1, "Look at the fuse", (0, 5), "0–5 min")
    assert look.commands[0].text == "aws lambda get-function --function-name {function}"
    assert look.look_for == ("soot", "a smell")
    assert not look.changes_production
    assert replace.changes_production
    assert replace.window is None
    assert [command.language for command in replace.commands] == ["sql", "bash"]
    assert "kitchen" in replace.notes
    assert playbook.success == "9 of 10 within 12 minutes"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("---\nref", "ref", ":1: front matter is missing"),
        ("reviewed_at: 2030-03-01\n---\n", "reviewed_at: 2030-03-01\n", ":1: front matter is not closed"),
        ("title: Lamp", "title: [Lamp", "not valid YAML"),
        ("title: Lamp factory portal went dark\n", "", ':2: front matter: "title" is missing'),
        ("kind: incident", "kind: story", ':3: front matter.kind: unknown "story". Known: incident, playbook, guide'),
        ("severity: P1", "severity: SEV-1", ':5: front matter.severity: unknown "SEV-1". Known: P0, P1, P2, P3'),
        ("category: database", "category: lamps", 'front matter.category: unknown "lamps"'),
        ("date: 2030-02-03", "date: February", ':7: front matter.date: "February" is not a date'),
        ("date: 2030-02-03", "date: 2030-02-31", "is not a date"),
        ("services: [RDS, Lambda]", "services: RDS", "front matter.services: expected a list"),
        ("resolution_minutes: 45", "resolution_minutes: soon", "whole number of minutes"),
        (
            "ref: INC-2030-0001",
            "ref: INC-2030-0002",
            ":2: front matter.ref: 'INC-2030-0002' does not match",
        ),
        ("ref: INC-2030-0001", "ref: ../up", "may hold only letters"),
        ("category: database", "colour: red", 'front matter: unknown key "colour"'),
        ("## Symptoms", "## Signs", "the section ## Symptoms is missing"),
        ("## Symptoms", "Hello\n\n## Symptoms", "text stands before the first section"),
        ("## Root cause", "## Symptoms", "a section appears twice"),
    ],
)
def test_what_is_not_right_is_refused_with_place_and_reason(old: str, new: str, reason: str) -> None:
    assert old in INCIDENT
    with pytest.raises(InvalidKnowledge) as refusal:
        parse(INCIDENT.replace(old, new, 1))
    assert str(refusal.value).startswith("incidents/INC-2030-0001.md:")
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("## Steps", "## Stages", "needs the section ## Steps"),
        ("### 2. Replace it", "### 3. Replace it", "must read `### 2. Title"),
        ("- Changes production: no\n", "", "Changes production"),
        ("- Purpose: Light again.\n", "", "Purpose"),
        ("### 1.", "#### 1.", "must read `### 1."),
    ],
)
def test_a_step_that_is_not_right_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(InvalidKnowledge) as refusal:
        parse(PLAYBOOK.replace(old, new, 1), "PB-lamp")
    assert reason in str(refusal.value)


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_entries_come_sorted_from_all_folders(tmp_path: Path) -> None:
    write(tmp_path, "playbooks/PB-lamp.md", PLAYBOOK)
    write(tmp_path, "incidents/2030/INC-2030-0001.md", INCIDENT)
    assert [entry.ref for entry in read_entries(tmp_path)] == ["INC-2030-0001", "PB-lamp"]


def test_no_folder_and_no_files_give_no_entries(tmp_path: Path) -> None:
    assert read_entries(tmp_path) == []
    assert read_entries(tmp_path / "nowhere") == []


def test_a_ref_used_twice_is_refused_with_both_files(tmp_path: Path) -> None:
    first = write(tmp_path, "guides/INC-2030-0001.md", INCIDENT)
    second = write(tmp_path, "incidents/INC-2030-0001.md", INCIDENT)
    with pytest.raises(InvalidKnowledge) as refusal:
        read_entries(tmp_path)
    assert str(first) in str(refusal.value)
    assert str(second) in str(refusal.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "incidents/INC-2030-0001.md", b"\xff\xfe\x00")
    with pytest.raises(InvalidKnowledge, match="UTF-8"):
        read_entries(tmp_path)


def test_a_file_removed_while_the_folder_is_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "playbooks/PB-lamp.md", PLAYBOOK)
    gone = tmp_path / "incidents" / "INC-2030-0001.md"
    gone.parent.mkdir()
    gone.symlink_to(tmp_path / "removed.md")
    assert [entry.ref for entry in read_entries(tmp_path)] == ["PB-lamp"]


def test_the_shipped_knowledge_is_complete() -> None:
    entries = read_entries(SHIPPED)
    kinds = [entry.kind for entry in entries]
    assert (kinds.count("incident"), kinds.count("playbook"), kinds.count("guide")) == (57, 8, 15)
    refs = {entry.ref for entry in entries}
    assert {"CASE-2026-0142", "LESSON-10", "SEC-2023-0156", "NFI-2024-0020", "PB-cache", "GUIDE-snapstart"} <= refs
    assert all(entry.steps for entry in entries if entry.kind == "playbook")
    assert all(entry.section("Resolution") for entry in entries if entry.ref.startswith("NFI-"))


# What versions before this one stored of a playbook.
STORED: dict[str, Any] = {
    "ref": "PB-lamp",
    "kind": "playbook",
    "title": "A lamp is dark",
    "severity": "P2",
    "date": "2030-02-03",
    "services": ["Lamp"],
    "resolution_minutes": 12,
    "reviewed_at": None,
    "sections": [["Symptoms", "- It is dark 🔥"]],
    "steps": [
        {
            "number": 1,
            "title": "Look at the fuse",
            "window": [0, 5],
            "purpose": "Find out.",
            "changes_production": False,
            "commands": [["bash", "aws lambda list-functions"]],
            "look_for": ["soot"],
            "notes": "",
        },
        {
            "number": 2,
            "title": "Replace it",
            "window": None,
            "purpose": "Light again.",
            "changes_production": True,
            "commands": [],
            "look_for": [],
            "notes": "With care.",
        },
    ],
    "source_label": None,
    "platform": "AWS",
    "category": "serverless",
    "source": None,
    "owner": None,
    "success": "9 of 10",
}


def test_a_stored_entry_is_read_and_written_back_as_it_was() -> None:
    entry = from_document(STORED)
    assert (entry.severity, entry.date, entry.path) == (Severity.P2, dt.date(2030, 2, 3), None)
    assert (entry.steps[0].window, entry.steps[0].commands[0].text) == ((0, 5), "aws lambda list-functions")
    assert to_document(entry) == STORED
    assert content_hash(to_document(replace(entry, path=Path("PB-lamp.md")))) == content_hash(STORED)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "story"}, "PB-lamp: kind: "),
        ({"severity": "P7"}, "PB-lamp: severity: "),
        ({"date": "soon"}, "PB-lamp: date: "),
        ({"title": ""}, "PB-lamp: ref, kind and title do not make an entry"),
        ({"ref": "../up"}, "../up: ref, kind and title do not make an entry"),
        ({"sections": [["Signs", "dark"]]}, "PB-lamp: the section Symptoms is missing"),
        ({"steps": [{"number": 1}]}, "PB-lamp: steps.0.title: is missing"),
        ({"sections": None}, "PB-lamp: sections: "),
    ],
)
def test_a_stored_entry_that_is_none_is_refused_by_its_ref(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidKnowledge) as refusal:
        from_document(STORED | changed)
    assert str(refusal.value).startswith(reason)
