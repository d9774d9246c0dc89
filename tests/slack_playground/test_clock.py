"""Virtual time."""

from pathlib import Path

import pytest

from slack_playground.workspace.clock import DemoClock


def test_a_changed_rate_does_not_move_the_present(tmp_path: Path) -> None:
    clock = DemoClock(tmp_path / "clock.json", virtual=1_700_000_000.0)
    before = clock.now()
    clock.set_rate(0)
    assert before <= clock.now() < before + 5


def test_a_second_clock_on_the_file_follows_the_first(tmp_path: Path) -> None:
    first = DemoClock(tmp_path / "clock.json", virtual=1_700_000_000.0, rate=0)
    second = DemoClock(tmp_path / "clock.json")
    assert second.now() == first.now() == 1_700_000_000.0
    first.set_rate(3600)
    assert second.rate == 3600


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    DemoClock(tmp_path / "clock.json").set_rate(60)
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


def test_time_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="rate"):
        DemoClock().set_rate(-1)
