"""What the README tells people to type is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from bot.demo.seed import FIRST_REPORT
from bot.demo.story import REPORT
from bot.wiring.listeners import REGISTRY

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_table_of_commands_has_every_subcommand_and_no_other() -> None:
    table = README.partition("In Slack:")[2].partition("Labelled notes")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `/incident ")]
    typed = [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]
    words = [code.removeprefix("/incident ").split()[0] for code in typed]
    assert set(words) == set(REGISTRY.entries)


def test_the_readme_the_demo_and_the_play_begin_with_the_same_sentence() -> None:
    assert f"> {FIRST_REPORT}\n" in README
    assert REPORT.splitlines()[0] == FIRST_REPORT
