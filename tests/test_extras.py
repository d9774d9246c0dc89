"""Extras of the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bot.extras import Extra

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("extra", Extra)
def test_each_extra_that_is_looked_for_can_be_installed_as_it_says(extra: Extra) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert extra.command == f"pip install 'tocsin[{extra.name.lower()}]'" and extra.name.lower() in extras


def test_an_extra_is_installed_when_all_of_its_packages_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Extra.CHECK.is_installed
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "botocore" else object())
    assert not Extra.CHECK.is_installed and Extra.CHARTS.is_installed
