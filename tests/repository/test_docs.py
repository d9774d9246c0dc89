"""What the documents name is there: tables, files, tests, commands and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.settings import REPOSITORY
from bot.wiring.tables import METADATA
from tests.console.test_command_line import COMMANDS

DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def picture() -> str:
    return (DOCS / "architecture.md").read_text(encoding="utf-8").partition("erDiagram\n")[2].partition("```")[0]


def test_the_picture_of_the_tables_has_every_table_and_no_other() -> None:
    drawn = {name for line in picture().splitlines() for name in re.findall(r"[a-z_]+", line.partition(" : ")[0])}
    assert drawn - {"o"} == set(METADATA.tables)


def test_the_picture_of_the_tables_has_every_reference_and_no_other() -> None:
    drawn = set(re.findall(r"^ +(\w+) \|\|--o\{ (\w+) : (\w+)$", picture(), re.MULTILINE))
    assert drawn == {
        (key.column.table.name, table.name, key.parent.name)
        for table in METADATA.tables.values()
        for key in table.foreign_keys
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_test_that_a_document_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:bot|tests|bench|knowledge|migrations)/[\w/.-]+)(?:::(\w+))?`", text)
    for path, test in named:
        assert (REPOSITORY / path).exists(), f"{page.name} names {path}"
        assert not test or f"def {test}(" in (REPOSITORY / path).read_text(encoding="utf-8"), f"{path} has no {test}"
    for link in re.findall(r"\]\(([\w./-]+\.md)\)", text):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_every_name_that_the_architecture_places_in_a_file_is_there() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for name, path in re.findall(r"`(\w+)` (?:in|of)\s+`([\w/.]+)`", text):
        source = (REPOSITORY / path).read_text(encoding="utf-8")
        assert re.search(rf"^(def|class) {name}\b|^{name}\b.*= ", source, re.MULTILINE), f"{path} has no {name}"


def test_every_command_of_the_operations_page_is_one() -> None:
    text = (DOCS / "operations.md").read_text(encoding="utf-8")
    typed = [tuple(words.split()) for words in re.findall(r"`(?:[A-Z_]+=\S+ )?tocsin ([a-z ]+)", text)]
    assert len(typed) > 5
    assert [words for words in typed if words[:1] not in COMMANDS and words[:2] not in COMMANDS] == []
