"""The table of figures: bound, peer and verdict by line, kept as JSON and compared with another run."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bench import figures
from bench.__main__ import PARTS, main
from bench.figures import Figure
from bot.settings import REPOSITORY

FIGURES = [
    Figure("similar", "query p50", 0.0621, "ms", 0.0587, 0.0587),
    Figure("commands", "ack, p99", 41.0, "ms", 150.0),
    Figure("review", "PDF", 1204.0, "ms"),
    Figure("judge", "accuracy", 84.0, "%", 85.0, rising=True),
]


def test_the_table_has_the_bound_the_peer_and_a_verdict_by_line() -> None:
    assert figures.markdown(FIGURES).splitlines()[2:] == [
        "| similar | query p50 | 0.0621 ms | 0.0587 ms | 0.0587 ms | ✗ |",
        "| commands | ack, p99 | 41.0 ms | 150.0 ms |  | ✓ |",
        "| review | PDF | 1,204 ms |  |  |  |",
        "| judge | accuracy | 84.0 % | ≥ 85.0 % |  | ✗ |",
    ]


def test_two_runs_are_compared_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "before.json"
    figures.write(file, FIGURES[1:3])
    table = figures.comparison(figures.read(file), [Figure("commands", "ack, p99", 82.0, "ms"), FIGURES[0]])
    assert table.splitlines()[2:] == [
        "| commands | ack, p99 | 41.0 ms | 82.0 ms | ×2.00 |",
        "| similar | query p50 |  | 0.0621 ms |  |",
    ]


@pytest.mark.parametrize("content", [None, "no JSON", '[{"value": 1}]', "{}"])
def test_a_file_without_figures_is_refused_before_anything_is_measured(
    tmp_path: Path, content: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr("sys.argv", ["bench", "judge", "--against", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert str(file) in capsys.readouterr().err


def _measure_and_fail(_asked: object) -> None:
    figures.figure("things", 3.0, "s")
    raise RuntimeError("no disk is left")


@pytest.mark.parametrize(
    ("part", "minutes", "said"),
    [
        (_measure_and_fail, "5", "judge: failed"),
        (lambda _asked: threading.Event().wait(), "0.005", "judge: not measured to its end"),
    ],
)
def test_a_part_that_fails_or_takes_too_long_says_so_and_does_not_end_the_run(
    part: Callable[[object], None],
    minutes: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(PARTS, "judge", part)
    monkeypatch.setattr(figures.RUN, "all", [])
    monkeypatch.setattr("sys.argv", ["bench", "judge", "--minutes", minutes])
    main()
    told = capfd.readouterr().out
    assert said in told
    assert ("| judge | things | 3 s |" in told) == (part is _measure_and_fail)


def test_the_documents_name_parts_that_there_are() -> None:
    texts = [(REPOSITORY / "README.md").read_text(encoding="utf-8")]
    texts += [page.read_text(encoding="utf-8") for page in (REPOSITORY / "docs").rglob("*.md")]
    named = {part for text in texts for part in re.findall(r"python -m bench ([a-z]+)", text)}
    assert named and not named - {*PARTS, "seed"}
