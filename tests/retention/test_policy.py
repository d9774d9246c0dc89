"""retention.yaml: everything is kept unless a span says otherwise, and mistakes are named with file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidPolicy
from bot.retention.policy import RetentionPolicy, load_retention
from bot.settings import REPOSITORY


def written(folder: Path, value: str) -> Path:
    path = folder / "retention.yaml"
    path.write_text(f"# How long\nkeep_messages: {value}\n", encoding="utf-8")
    return path


def test_what_is_shipped_keeps_everything_that_was_said() -> None:
    shipped = load_retention(REPOSITORY / "knowledge" / "policy" / "retention.yaml")
    assert shipped == RetentionPolicy(None, timedelta(days=400), timedelta(days=400))
    assert shipped.sentence == "Messages of incident channels are kept forever."


def test_a_folder_without_the_file_keeps_everything(tmp_path: Path) -> None:
    assert load_retention(tmp_path / "retention.yaml") == RetentionPolicy(None)


@pytest.mark.parametrize(("typed", "days"), [("400 days", 400), ("1 day", 1), ("26 weeks", 182), ("3 w 2 d", 23)])
def test_a_span_is_read(tmp_path: Path, typed: str, days: int) -> None:
    policy = load_retention(written(tmp_path, typed))
    assert policy.keep_messages == timedelta(days=days)
    assert f"removed {days} day" in policy.sentence


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("a while", "no span of time. Write forever, or for example 400 days"),
        ("12 h", "whole days, at least one"),
        ("36 h", "whole days, at least one"),
        ("0 days", "whole days, at least one"),
        ("", "expected a text"),
        ("[400 days]", "expected a text"),
    ],
)
def test_anything_else_is_refused_with_file_and_line(tmp_path: Path, typed: str, reason: str) -> None:
    with pytest.raises(InvalidPolicy, match=rf"retention\.yaml:2: .*{reason}"):
        load_retention(written(tmp_path, typed))


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "retention.yaml"
    path.write_text("keep_messages: forever\nkeep_mesages: 3 days\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=r'retention\.yaml:2: .*unknown key "keep_mesages"'):
        load_retention(path)
