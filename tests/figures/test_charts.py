"""The picture of how people agree with the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import BadRequest
from bot.figures.charts import draw_confusion
from bot.figures.rules.agreement import Verdict, agree
from bot.severity.rules import Severity

FIGURES = agree(
    [
        Verdict("slow", Severity.P2, True, "declared", Severity.P1, "more"),
        Verdict("slow", Severity.P2, True, "declared", Severity.P2, None),
        Verdict("chatter", None, False, None, None, None),
    ]
).document()


@pytest.mark.parametrize("figures", [FIGURES, agree([]).document()], ids=["some", "none"])
def test_a_png_is_written(figures: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "judgement.png"
    draw_confusion(figures, "Judgement", path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n")
    assert path.stat().st_size > 10_000


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        draw_confusion(FIGURES, "Judgement", tmp_path / "missing" / "judgement.png")


def test_without_the_extra_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadRequest, match=r"tocsin\[charts\]"):
        draw_confusion(FIGURES, "Judgement", tmp_path / "judgement.png")
