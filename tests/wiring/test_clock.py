"""Where now comes from: the system's clock, or the faster one of a demonstration."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.wiring.clock import Clock
from slack_playground.workspace.clock import DemoClock

MOMENT = timedelta(seconds=5)  # far more than two readings are apart


def clock_file(folder: Path, *, shown: float, rate: float, ago: float = 0.0) -> Path:
    """As the playground writes it: at a real instant `ago` seconds back the clock showed `shown`."""
    path = folder / "clock.json"
    real = datetime.now(UTC).timestamp() - ago
    path.write_text(json.dumps({"real": real, "virtual": shown, "rate": rate}), encoding="utf-8")
    return path


def test_without_a_file_it_is_the_system_s_time() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < MOMENT
    assert clock.now().tzinfo is UTC
    assert abs(clock.seconds_until(clock.now() + timedelta(seconds=60)) - 60) < 5
    assert clock.seconds_until(clock.now() - timedelta(seconds=60)) < 0


def test_time_runs_as_fast_as_the_file_says(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    clock = Clock(clock_file(tmp_path, shown=noon.timestamp(), rate=60.0, ago=120.0))
    assert timedelta(0) <= clock.now() - noon - timedelta(hours=2) < 60 * MOMENT
    waits = clock.seconds_until(clock.now() + timedelta(hours=1))
    assert 55 < waits <= 60


def test_a_changed_file_is_followed(tmp_path: Path) -> None:
    path = clock_file(tmp_path, shown=1_000_000.0, rate=0.0)
    clock = Clock(path)
    assert clock.now().timestamp() == 1_000_000.0
    clock_file(tmp_path, shown=2_000_000.0, rate=0.0)
    assert clock.now().timestamp() == 2_000_000.0


def test_a_clock_that_stands_still_is_waited_for_without_a_crash(tmp_path: Path) -> None:
    clock = Clock(clock_file(tmp_path, shown=1_000_000.0, rate=0.0))
    assert clock.seconds_until(clock.now() + timedelta(seconds=1)) >= 1
    assert clock.seconds_until(clock.now()) == 0


@pytest.mark.parametrize("rate", [1.0, 60.0, 3600.0])
def test_the_playground_s_clock_and_the_bot_s_agree(tmp_path: Path, rate: float) -> None:
    demo = DemoClock(tmp_path / "clock.json")
    demo.set_rate(rate)
    before = demo.now()
    between = Clock(tmp_path / "clock.json").now().timestamp()
    assert before <= between + 1e-3
    assert between <= demo.now() + 1e-3
