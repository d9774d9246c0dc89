"""`tocsin knowledge …` and `tocsin metrics` as scripts use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.memory import queries as knowledge
from bot.settings import REPOSITORY
from bot.store.engine import Database
from tests.console.test_command_line import NO_DATABASE, Shell
from tests.support.commands import LONGEST
from tests.support.rows import NOON

PRINTER = """INCIDENT: OPS-2026-0007
SEVERITY: SEV-2
SYMPTOMS: The label printer service answers 503, warehouse staff cannot print shipping labels at all.
ROOT CAUSE: Expired licence key of the label renderer.
RESOLUTION: A new licence key was installed and the service restarted.
"""
SHIPPED = REPOSITORY / "knowledge"


@pytest.fixture
def tocsin(data_folder: Path, database: Database) -> Iterator[Shell]:
    yield Shell(data_folder, database.url)
    with database.transaction() as session:
        session.execute(text("truncate knowledge_versions, knowledge_state, suggestion_votes"))


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder of somebody's documents, good and bad."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "printer.txt").write_text(PRINTER)
    (folder / "scan.pdf").write_bytes(b"%PDF-1.7 whatever")
    (folder / "short.md").write_text("# Notes\n")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A knowledge folder of two entries."""
    place = tmp_path / "knowledge"
    (place / "incidents").mkdir(parents=True)
    for ref in ("LESSON-01", "LESSON-02"):
        (place / "incidents" / f"{ref}.md").write_text((SHIPPED / "incidents" / f"{ref}.md").read_text())
    (place / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text())
    return place


def records(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


# -- import ------------------------------------------------------------------------------------------------------------


def test_a_dry_run_needs_no_database_and_says_what_becomes_of_each_file(data_folder: Path, documents: Path) -> None:
    ended = Shell(data_folder, NO_DATABASE)("knowledge", "import", str(documents), "--dry-run", "--json")
    assert ended.returncode == 0
    files = {Path(item["path"]).name: item for item in records(ended.stdout) if "ref" not in item}
    assert {name: item["status"] for name, item in files.items()} == {
        "printer.txt": "imported",
        "scan.pdf": "refused",
        "short.md": "skipped",
    }
    assert all(item["reason"] for item in files.values())
    (entry,) = [item for item in records(ended.stdout) if "ref" in item]
    assert (entry["ref"], entry["kind"], entry["source"], entry["status"]) == (
        "OPS-2026-0007",
        "incident",
        "printer.txt",
        "imported",
    )
    assert {"title", "severity", "date", "services", "sections"} <= entry.keys()
    assert "outcome" not in entry


def test_importing_twice_changes_nothing_and_a_changed_document_keeps_its_old_version(
    tocsin: Shell, database: Database, documents: Path
) -> None:
    def outcome() -> str:
        ended = tocsin("knowledge", "import", str(documents), "--json")
        assert ended.returncode == 0
        (entry,) = [item for item in records(ended.stdout) if "ref" in item]
        return str(entry["outcome"])

    assert [outcome(), outcome()] == ["added", "unchanged"]
    (documents / "printer.txt").write_text(PRINTER.replace("Expired", "Missing"))
    assert [outcome(), outcome()] == ["updated", "unchanged"]
    with database.transaction() as session:
        versions = knowledge.list_versions(session, "OPS-2026-0007")
        causes = [dict((row.document or {})["sections"])["Root cause"] for row in versions]
    assert [cause.split()[0] for cause in causes] == ["Expired", "Missing"]
    shown = tocsin("knowledge", "show", "OPS-2026-0007")
    assert "Missing licence key" in shown.stdout and "Expired" not in shown.stdout
    assert "version 1:" in shown.stderr and "version 2:" in shown.stderr


def test_a_path_that_is_not_there_is_refused_with_the_reason(tocsin: Shell, tmp_path: Path) -> None:
    ended = tocsin("knowledge", "import", str(tmp_path / "nowhere.md"))
    assert ended.returncode == 1
    assert "refused" in ended.stdout and "nowhere.md: cannot be read" in ended.stdout


def test_two_imports_at_once_wait_for_each_other(tocsin: Shell, database: Database, documents: Path) -> None:
    command = [sys.executable, "-m", "bot", "knowledge", "import", str(documents / "printer.txt")]
    with database.transaction() as session:
        assert knowledge.try_to_lock(session)
        waiting = subprocess.Popen(
            command, env=tocsin.environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr is not None
        assert waiting.stderr.readline() == "Another import is running; waiting for it.\n"
        assert knowledge.find(session, "OPS-2026-0007") is None
    said, _ = waiting.communicate(timeout=LONGEST)
    assert waiting.returncode == 0
    assert "1 added" in said


# -- list, show, remove, search ----------------------------------------------------------------------------------------


def test_list_show_and_remove_tell_where_an_entry_is_held(tocsin: Shell, documents: Path) -> None:
    tocsin("knowledge", "import", str(documents))
    known = {item["ref"]: item for item in records(tocsin("knowledge", "list", "--json").stdout)}
    assert known["OPS-2026-0007"]["where"] == "database"
    assert known["OPS-2026-0007"]["origin"].endswith("printer.txt")
    assert known["LESSON-01"]["where"] == "folder"
    assert "LESSON-01" not in tocsin("knowledge", "list", "--kind", "playbook").stdout
    assert json.loads(tocsin("knowledge", "show", "LESSON-01", "--json").stdout)["document"]["ref"] == "LESSON-01"
    assert tocsin("knowledge", "remove", "OPS-2026-0007").returncode == 0
    for words in (("remove", "OPS-2026-0007"), ("show", "OPS-2026-0007"), ("remove", "NO-SUCH")):
        ended = tocsin("knowledge", *words)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert "`tocsin knowledge list`" in ended.stderr
    of_the_folder = tocsin("knowledge", "remove", "LESSON-01")
    assert of_the_folder.returncode == 1
    assert "LESSON-01.md" in of_the_folder.stderr


def test_search_finds_what_was_imported_and_goes_on_without_a_database(
    tocsin: Shell, data_folder: Path, documents: Path
) -> None:
    words = ("knowledge", "search", "label", "printer", "answers", "503")
    tocsin("knowledge", "import", str(documents))
    assert tocsin(*words).stdout.startswith("OPS-2026-0007 ")
    without = Shell(data_folder, NO_DATABASE)(*words)
    assert without.returncode == 0
    assert "OPS-2026-0007" not in without.stdout
    assert "Searching the knowledge folder only." in without.stderr


# -- check -------------------------------------------------------------------------------------------------------------


def test_check_counts_what_is_well(tocsin: Shell, documents: Path) -> None:
    tocsin("knowledge", "import", str(documents))
    ended = tocsin("knowledge", "check")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 in the database" in ended.stdout


def test_check_names_every_broken_file_with_line_and_reason(tocsin: Shell, folder: Path) -> None:
    incidents = folder / "incidents"
    good = (incidents / "LESSON-01.md").read_text()
    (incidents / "BROKEN-1.md").write_text("---\nref: [unclosed\n---\n## Symptoms\nx\n")
    (incidents / "BROKEN-2.md").write_text(good.replace("ref: LESSON-01", "ref: BROKEN-2\nseverity: P9\nx: 1"))
    (incidents / "BROKEN-3.md").write_bytes(b"\xff\xfe\x00")
    (folder / "guides").mkdir()
    (folder / "guides" / "LESSON-01.md").write_text(good)
    ended = tocsin("knowledge", "check", TOCSIN_KNOWLEDGE=str(folder))
    assert ended.returncode == 1
    assert {line.split(":")[0].rsplit("/", 1)[1] for line in ended.stderr.splitlines()} == {
        "BROKEN-1.md",
        "BROKEN-2.md",
        "BROKEN-3.md",
        "LESSON-01.md",
    }
    assert "ref LESSON-01 is already used by" in ended.stderr


def test_a_folder_with_a_broken_file_is_refused_at_the_start_with_line_and_reason(tocsin: Shell, folder: Path) -> None:
    (folder / "incidents" / "BROKEN-1.md").write_text("---\nref: BROKEN-1\nkind: tale\n---\n## Symptoms\nx\n")
    ended = tocsin("similar", "checkout", TOCSIN_KNOWLEDGE=str(folder))
    assert ended.returncode == 1
    assert 'BROKEN-1.md:3: front matter.kind: unknown "tale". Known: incident, playbook, guide' in ended.stderr


def test_check_names_an_entry_of_the_database_that_stands_before_the_folder_s(tocsin: Shell, folder: Path) -> None:
    changed = (folder / "incidents" / "LESSON-01.md").read_text().replace("## Symptoms", "## Symptoms\n- Changed.")
    ours = folder.parent / "LESSON-01.md"
    ours.write_text(changed)
    assert "1 added" in tocsin("knowledge", "import", str(ours)).stdout
    ended = tocsin("knowledge", "check", TOCSIN_KNOWLEDGE=str(folder))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "LESSON-01 is in the database" in ended.stdout and "the database is used" in ended.stdout
    removed = tocsin("knowledge", "remove", "LESSON-01", TOCSIN_KNOWLEDGE=str(folder))
    assert "is used again" in removed.stdout


def test_check_names_a_broken_document_of_the_database(tocsin: Shell, database: Database) -> None:
    broken = knowledge.NewVersion("BROKEN", {"ref": "BROKEN", "kind": "incident", "title": "t"}, "x", "by hand")
    with database.transaction() as session:
        knowledge.add(session, [broken], "somebody", NOON)
    ended = tocsin("knowledge", "check")
    assert ended.returncode == 1
    assert ended.stderr.startswith("database: BROKEN: the section Symptoms is missing.")
    assert "tocsin knowledge remove BROKEN" in ended.stderr
    assert tocsin("knowledge", "remove", "BROKEN").returncode == 0
    assert tocsin("knowledge", "check").returncode == 0


def test_an_empty_folder_knows_nothing_and_says_so(tocsin: Shell, tmp_path: Path) -> None:
    (tmp_path / "vocabulary.yaml").write_text((SHIPPED / "vocabulary.yaml").read_text())
    ended = tocsin("knowledge", "search", "checkout", TOCSIN_KNOWLEDGE=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "No match.\n")
    assert tocsin("knowledge", "list", TOCSIN_KNOWLEDGE=str(tmp_path)).stdout == ""
    assert "0 entries" in tocsin("knowledge", "check", TOCSIN_KNOWLEDGE=str(tmp_path)).stdout


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_metrics_count_the_majority_of_each_suggestion_by_month(tocsin: Shell, database: Database) -> None:
    cast = (("a", "R-1", "U1", True), ("a", "R-1", "U2", True), ("a", "R-1", "U3", False), ("a", "R-2", "U1", False))
    now = datetime.now(UTC)
    with database.transaction() as session:
        for key, ref, user, helped in cast:
            knowledge.vote(session, key, ref, user, place=1, helped=helped, now=now)
    figures = json.loads(tocsin("metrics", "--json", "--months", "2").stdout)["suggestions"]
    assert figures == {
        "precision_at_3": 0.5,
        "helped": 1,
        "judged": 2,
        "months": [{"month": f"{now:%Y-%m}", "precision_at_3": 0.5, "helped": 1, "judged": 2}],
    }
    assert f"{now:%Y-%m}  50% (1 of 2 suggestions helped)" in tocsin("metrics").stdout


def test_metrics_without_votes_say_so(tocsin: Shell) -> None:
    assert "Nobody has voted on a suggestion yet." in tocsin("metrics").stdout
