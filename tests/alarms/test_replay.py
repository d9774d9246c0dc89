"""`tocsin alarms replay` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.alarms.rules.reading import LARGEST
from tests.alarms.test_reading import ALERTMANAGER, GUARDDUTY, by_sns
from tests.support.commands import Run, run_command


@pytest.fixture
def shell(data_folder: Path) -> dict[str, str]:
    return {"DATABASE_URL": "postgresql://tocsin@127.0.0.1:1/none", "TOCSIN_DATA": str(data_folder), "PATH": "/usr/bin"}


def replay(shell: dict[str, str], delivered: bytes, *more: str) -> Run:
    return run_command(("alarms", "replay", "-", *more), shell, delivered)


def test_a_replay_says_how_each_alarm_would_be_judged_without_a_database(shell: dict[str, str]) -> None:
    ended = replay(shell, json.dumps(by_sns(ALERTMANAGER)).encode(), "--json")
    assert ended.returncode == 0, ended.stderr
    firing, over = map(json.loads, ended.stdout.splitlines())
    assert firing["severity"] in ("P0", "P1") and firing["evidence"] and firing["similar"]
    assert firing["outcome"] == "answer"
    assert (over["state"], over["severity"], over["outcome"], over["similar"]) == ("ok", "none", "silence", [])


def test_a_replay_for_people_says_that_a_finding_stays_private(shell: dict[str, str]) -> None:
    ended = replay(shell, json.dumps(GUARDDUTY).encode())
    assert "EVENT  Credentials used from an unusual place  (GuardDuty)" in ended.stdout
    assert "Sure enough to answer with this severity." in ended.stdout
    assert "security incident, which stays private" in ended.stdout


def test_a_replay_says_where_the_judge_is_not_sure(shell: dict[str, str]) -> None:
    trigger = {"MetricName": "Drift", "Namespace": "Custom"}
    alarm = {"AlarmName": "orders-drift", "NewStateValue": "ALARM", "Trigger": trigger}
    ended = replay(shell, json.dumps(alarm).encode())
    assert 'people would be asked "Is this an incident?"' in ended.stdout


@pytest.mark.parametrize(
    ("delivered", "sentence"), [(b"x" * (LARGEST + 1), "larger than 256 kB"), (b"", "There is no alarm in it")]
)
def test_a_replay_of_too_much_or_of_nothing_is_one_sentence(
    shell: dict[str, str], delivered: bytes, sentence: str
) -> None:
    ended = replay(shell, delivered)
    assert ended.returncode == 1 and sentence in ended.stderr and not ended.stdout
