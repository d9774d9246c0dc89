"""Control characters are shown and do nothing, on every way to a terminal."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import REPOSITORY
from bot.text.control import VisibleStream, inert, visible

HOSTILE = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202ecba \u2066x\u2069 \rover \x08\x7f\x00"


@given(st.text() | st.just(HOSTILE))
def test_nothing_is_left_that_a_terminal_obeys_and_json_still_says_the_same(text: str) -> None:
    shown = visible(text)
    assert not [one for one in shown if (ord(one) < 32 and one not in "\t\n\r") or 127 <= ord(one) < 160]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("first", [*"=+-@\t\r\n", "\uff1d"])
def test_no_cell_of_a_spreadsheet_begins_a_formula(first: str) -> None:
    assert inert(f"{first}HYPERLINK(1)") == f"'{first}HYPERLINK(1)"
    assert inert("P1") == "P1" and inert("") == ""


def test_whatever_writes_a_spreadsheet_quotes_formulas() -> None:
    sources = {path.name: path.read_text("utf-8") for path in (REPOSITORY / "bot").rglob("*.py")}
    writing = {name: said for name, said in sources.items() if "csv.writer(" in said or "csv.DictWriter(" in said}
    assert writing and [name for name, said in writing.items() if "inert(" not in said] == []


def test_words_tabs_lines_and_emoji_stay_as_they_are() -> None:
    said = "höhere Gewalt\t| שלום 🔥\r\nnext line\n"
    assert visible(said) == said


def test_the_stream_of_the_command_line_writes_visible_text_only(capsys: pytest.CaptureFixture[str]) -> None:
    under = io.StringIO()
    stream = VisibleStream(under)
    print(HOSTILE, file=stream)
    stream.writelines([HOSTILE])
    assert "\x1b" not in under.getvalue() and "\\u001b[2J" in under.getvalue()
    assert not stream.isatty()
