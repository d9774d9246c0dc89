"""The beginning of a section as one plain line."""

from __future__ import annotations

import pytest

from bot.memory.entries.entries import read_entries
from bot.memory.entries.plain import opening
from bot.settings import REPOSITORY

PLAIN = {
    "": "",
    "One sentence.": "One sentence.",
    "Two lines\nof one paragraph.": "Two lines of one paragraph.",
    "First paragraph.\n\nSecond paragraph.": "First paragraph. Second paragraph.",
    "Set **max** to `200` in _production_.": "Set max to 200 in production.",
    "- first\n- second": "first second",
    "1. first\n2. second": "first second",
    "See [the page](https://example.com/x).": "See the page.",
    "# Heading\n\nText.": "Heading Text.",
    "a &amp; b &lt;c&gt;": "a & b <c>",
    "Before.\n\n```bash\naws rds describe-db-instances\n```\n\nAfter.": "Before. After.",
    "Hard  \nbreak": "Hard break",
}


@pytest.mark.parametrize(("markdown", "line"), PLAIN.items())
def test_markup_is_left_out(markdown: str, line: str) -> None:
    assert opening(markdown) == line


def test_what_fits_is_not_cut() -> None:
    assert opening("x" * 160) == "x" * 160
    assert opening("one two three", 13) == "one two three"


def test_whole_sentences_are_kept_where_they_fit() -> None:
    text = "The pool was exhausted. " + "It stayed so for long " * 20
    assert opening(text, 30) == "The pool was exhausted."
    assert opening("The pool was full; " + "and so on " * 20, 30) == "The pool was full"


def test_else_whole_words_and_a_sign_that_something_is_missing() -> None:
    assert opening("The pool of connections was exhausted by a leak", 20) == "The pool of…"
    assert opening("No. The pool of connections was exhausted by a leak", 24) == "No. The pool of…"


@pytest.mark.parametrize("limit", [10, 40, 160, 280])
def test_nothing_in_the_knowledge_is_longer_than_asked(limit: int) -> None:
    for entry in read_entries(REPOSITORY / "knowledge"):
        for name in ("Root cause", "Resolution"):
            line = opening(entry.section(name), limit)
            assert len(line) <= limit
            assert "\n" not in line
            assert line == line.strip()
