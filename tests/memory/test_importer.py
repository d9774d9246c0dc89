"""Other people's documents: every style gives its entries, all else its reason, and nothing is lost or doubled."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from bot.memory.entries.entries import Entry, read_entries
from bot.memory.importing.importer import (
    FileReport,
    entry_record,
    read_document,
    read_documents,
    render_entry,
    write_entries,
)
from bot.severity.rules import Severity

SHIPPED = Path(__file__).parents[2] / "knowledge"

POST_MORTEM = """# OPS-2031-014 Ferry timetable stood still

**Severity:** SEV-2
**Date:** 4 May 2031
**Services:** Amazon SQS, AWS Lambda (timetable-writer)
**Time to resolve:** 1h 20m

## Summary
Passengers saw departures of the day before; new ones stayed in the queue and did not show.

## Root cause
The writer had lost its permission to read the queue.

## Resolution
Gave the permission back.

```bash
aws sqs get-queue-attributes --queue-url {queue}
```

## Action items
- Alarm on the age of the oldest message
"""

LABELLED = """Harbour Office reports

CLASSIFICATION: internal

INCIDENT: HRB-2030-0007
DATE: March 3, 2030
SEVERITY: SEV-1
SERVICES: Amazon RDS
TITLE: Berth planner down
SUMMARY: The entire planner was unreachable for every shift.
ROOT CAUSE: The disk of the database was full.
RESOLUTION: Grew the disk.
PREVENTION:
1. Alarm at 80 percent.

INCIDENT: HRB-2030-0008
DATE: March 9, 2030
SEVERITY: SEV-3
SERVICES: Amazon S3
TITLE: Tide charts a day old
SUMMARY: Pilots looked at charts of the day before.
ROOT CAUSE: The upload ran with an expired key.
RESOLUTION: New key.
"""

RUNBOOK = """# BerthQueueGrowing

## Meaning
The queue of berth requests holds more than a hundred and keeps growing.

## Impact
Ships wait outside without an answer.

## Diagnosis
See whether the workers run.

```shell
kubectl get pods -n berth
```

## Mitigation
Restart them one after the other.

```shell
kubectl rollout restart deployment/berth-worker -n berth
```
"""

STORIES = """What the harbour taught me, in three nights.

1. The crane that would not lift
The incident: Every lift order came back as refused.
What it actually was: Two clocks disagreed and the signature had expired.
The fix: Set the clocks right.
# sync
Lesson learned: Watch clock drift.
2. The lights that stayed on
The scenario: Quay lights burned all day.
The fix:
1. Switch them by hand
2. Fix the sensor
Lesson learned: Test sensors.
3. The gate that opened twice
The incident: Lorries passed without a ticket.
The fix: Debounce the button.
"""

LOG_OF_SEVERAL = """# Incident log

## Incident on 2031-02-01 - Mooring app rejected logins
- **Impact**: nobody on the quay could log in
- **Resolution**: restarted the identity proxy

## Incident on 2031-02-17 - Mooring app slow
- **Impact**: pages took twenty seconds
- **Resolution**: added an index
"""

FRONT_MATTER = """---
title: Pilot roster vanished
severity: high
date: 2031-06-01
---
# Pilot roster vanished <%= partial "x" %>

| Field | Value |
|---|---|
| Services | EKS, Redis |

## What happened
The roster page was blank for all pilots during the morning shift change.

## Fix
Restored last night's copy.
"""

TEMPLATE = """# Post-mortem template

## Summary
_(e.g. what happened in two sentences)_

## Impact
> Who was affected, and how badly?

## Root cause
TODO

## Timeline
| Time | Event |
|---|---|
| | |

## Action items
- [ ]
"""

LINKS = "# Reading list\n\n" + "\n".join(
    f"- [A long story about harbour number {n}](https://example.com/{n})" for n in range(12)
)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(folder: Path, name: str, content: str) -> tuple[Entry, ...]:
    report = read_document(written(folder, name, content))
    assert report.status == "imported", report.reason
    return report.entries


def test_a_post_mortem_is_one_incident_with_its_facts(tmp_path: Path) -> None:
    (entry,) = imported(tmp_path, "ferry.md", POST_MORTEM)
    record = entry_record(entry)
    assert record == {
        "ref": "OPS-2031-014",
        "title": "OPS-2031-014 Ferry timetable stood still",
        "kind": "incident",
        "severity": "P1",
        "date": "2031-05-04",
        "services": ["SQS", "Lambda (timetable-writer)"],
        "sections": ["Symptoms", "Root cause", "Resolution", "Prevention"],
        "source": "ferry.md",
    }
    assert entry.source_label == "SEV-2"
    assert entry.resolution_minutes == 80
    assert "aws sqs get-queue-attributes" in entry.section("Resolution")


def test_labelled_reports_are_one_incident_each(tmp_path: Path) -> None:
    down, old = imported(tmp_path, "reports", LABELLED)
    assert (down.ref, down.severity, down.services) == ("HRB-2030-0007", Severity.P0, ("RDS",))
    assert (old.ref, old.severity, old.title) == ("HRB-2030-0008", Severity.P3, "Tide charts a day old")
    assert down.date is not None
    assert down.date.isoformat() == "2030-03-03"
    assert "Alarm at 80 percent" in down.section("Prevention")


def test_a_runbook_is_a_playbook_whose_writing_step_is_marked(tmp_path: Path) -> None:
    (entry,) = imported(tmp_path, "BerthQueueGrowing.md", RUNBOOK)
    assert (entry.kind, entry.title) == ("playbook", "BerthQueueGrowing")
    assert [step.changes_production for step in entry.steps] == [False, True]
    assert entry.steps[0].commands[0].text == "kubectl get pods -n berth"
    assert "Ships wait" in entry.section("Symptoms")


def test_numbered_stories_are_told_apart_from_numbered_lines(tmp_path: Path) -> None:
    stories = imported(tmp_path, "stories.txt", STORIES)
    assert [story.title for story in stories] == [
        "The crane that would not lift",
        "The lights that stayed on",
        "The gate that opened twice",
    ]
    assert "Fix the sensor" in stories[1].section("Resolution")
    assert stories[0].section("Root cause").startswith("Two clocks")
    assert len({story.ref for story in stories}) == 3


def test_several_incidents_in_one_file_are_several_entries(tmp_path: Path) -> None:
    first, second = imported(tmp_path, "log.html.md.erb", LOG_OF_SEVERAL)
    assert "rejected logins" in first.title
    assert (first.date and first.date.isoformat(), second.date and second.date.isoformat()) == (
        "2031-02-01",
        "2031-02-17",
    )


def test_front_matter_tables_and_template_tags_are_understood(tmp_path: Path) -> None:
    (entry,) = imported(tmp_path, "roster.md", FRONT_MATTER)
    assert (entry.title, entry.severity, entry.services) == ("Pilot roster vanished", Severity.P1, ("EKS", "Redis"))
    assert entry.date is not None
    assert "<%" not in entry.section("Symptoms")


def test_a_document_in_our_own_format_stays_as_it_is(tmp_path: Path) -> None:
    path = SHIPPED / "incidents" / "NFI-2024-0002.md"
    (entry,) = imported(tmp_path, "NFI-2024-0002.md", path.read_text(encoding="utf-8"))
    shipped = next(one for one in read_entries(SHIPPED) if one.ref == "NFI-2024-0002")
    assert replace(entry, path=None) == replace(shipped, path=None)


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        ("", "skipped", "empty"),
        ("   \n\n", "skipped", "empty"),
        ("see chat", "skipped", "too short"),
        (TEMPLATE, "skipped", "template"),
        (LINKS, "skipped", "links"),
        (b"%PDF-1.7 ...", "refused", "PDF"),
        (b"\x89PNG\x00\x00", "refused", "binary"),
        (b"caf\xe9 " * 30, "skipped", "no incident"),
        (b"caf\xe9 \x01\x02" * 30, "refused", "UTF-8"),
        (b"a " * 3_000_000, "refused", "larger"),
    ],
)
def test_what_cannot_be_imported_says_why(tmp_path: Path, content: str | bytes, status: str, reason: str) -> None:
    report = read_document(written(tmp_path, "document.md", content))
    assert (report.status, report.entries) == (status, ())
    assert reason in report.reason


def test_a_file_that_has_gone_is_refused(tmp_path: Path) -> None:
    report = read_document(tmp_path / "gone.md")
    assert report.status == "refused"
    assert "cannot be read" in report.reason


@pytest.mark.parametrize(
    "content",
    [
        "# " * 400 + "x " * 20,
        "---\nbroken: [\n---\n" + POST_MORTEM,
        "```\nnever closed " + "word " * 40,
        "| a |\n" * 50,
        "- " * 500 + "deep list of nothing much at all and some more words here to read",
        "SEVERITY:\nDATE:\nTITLE:\nSUMMARY:\n" * 5,
        "## Steps\n### Step 1: x\n### Step 2: y\n## Other\n### Step 1: z\n" + "words " * 30,
        "\u202e\u0000".replace("\u0000", "") + "🔥 " * 100,
        POST_MORTEM.replace("\n", "\r\n"),
    ],
)
def test_odd_documents_never_raise_and_can_be_written_back(tmp_path: Path, content: str) -> None:
    report = read_document(written(tmp_path, "odd.md", content))
    write_entries(report.entries, tmp_path / "knowledge")
    assert len(read_entries(tmp_path / "knowledge")) == len(report.entries)


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    entries = [entry for report in reports(tmp_path) for entry in report.entries]
    folder = tmp_path / "knowledge"
    assert {done.outcome for done in write_entries(entries, folder)} == {"added"}
    before = {path: path.read_bytes() for path in folder.rglob("*.md")}
    assert {done.outcome for done in write_entries(entries, folder)} == {"unchanged"}
    assert {path: path.read_bytes() for path in folder.rglob("*.md")} == before
    assert len(read_entries(folder)) == len(entries)


def reports(folder: Path) -> list[FileReport]:
    for name, content in (("a.md", POST_MORTEM), ("b", LABELLED), ("c/d.md", RUNBOOK), (".git/x.md", POST_MORTEM)):
        written(folder / "documents", name, content)
    return read_documents([folder / "documents"])


def test_a_folder_is_read_without_hidden_files(tmp_path: Path) -> None:
    assert [report.path.name for report in reports(tmp_path)] == ["a.md", "b", "d.md"]


def test_a_changed_document_updates_its_entry_and_keeps_the_old_version(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    write_entries(imported(tmp_path, "ferry.md", POST_MORTEM), folder)
    for cause in ("The key had expired.", "The clock was wrong."):
        changed = POST_MORTEM.replace("The writer had lost its permission to read the queue.", cause)
        (done,) = write_entries(imported(tmp_path, "ferry.md", changed), folder)
        assert done.outcome == "updated"
    (entry,) = read_entries(folder)
    assert entry.section("Root cause") == "The clock was wrong."
    kept = sorted(path.name for path in (folder / "archive").iterdir())
    assert kept == ["OPS-2031-014.v1.md", "OPS-2031-014.v2.md"]
    assert "lost its permission" in (folder / "archive" / kept[0]).read_text(encoding="utf-8")


def test_a_ref_found_in_two_files_is_imported_once(tmp_path: Path) -> None:
    one, two = written(tmp_path, "one.md", POST_MORTEM), written(tmp_path, "two.md", POST_MORTEM)
    first, second = read_documents([one, two])
    assert (first.status, second.status) == ("imported", "skipped")
    assert str(one) in second.reason


ROUNDS = 40


def _import(folder: Path, own: Path, together: Barrier) -> None:
    """One of two people, who at the same moments import the same document in ever new versions."""
    for number in range(ROUNDS):
        path = written(
            own, "ferry.md", POST_MORTEM.replace("Gave the permission back", f"Fixed it the {number}th time")
        )
        entries = read_document(path).entries
        together.wait()
        write_entries(entries, folder)


def test_two_people_importing_at_once_keep_each_version_once(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    people = [context.Process(target=_import, args=(folder, tmp_path / name, together)) for name in ("one", "two")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert [person.exitcode for person in people] == [0, 0]
    assert len(read_entries(folder)) == 1
    assert len(list((folder / "archive").iterdir())) == ROUNDS - 1
    assert not list(folder.rglob("*.part"))


def test_shipped_entries_survive_being_rendered(tmp_path: Path) -> None:
    for entry in read_entries(SHIPPED):
        (done,) = write_entries([entry], tmp_path)
        back = next(one for one in read_entries(tmp_path) if one.ref == entry.ref)
        assert (back.title, back.severity, back.date, back.services) == (
            entry.title,
            entry.severity,
            entry.date,
            entry.services,
        )
        assert [step.commands for step in back.steps] == [step.commands for step in entry.steps]
        assert render_entry(back) == done.path.read_text(encoding="utf-8")
