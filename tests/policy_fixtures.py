"""A copy of the shipped policy that a test may edit and load again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[1] / "knowledge" / "policy"


class PolicyFolder:
    """A folder of policy files; `edit` replaces text that must be there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def edit(self, name: str, old: str, new: str) -> Path:
        file = self.path / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        return file

    def line_of(self, name: str, words: str) -> int:
        """The number of the first line that holds these words."""
        lines = (self.path / name).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if words in line)


@pytest.fixture
def policy_folder(tmp_path: Path) -> PolicyFolder:
    """The shipped policy, to be spoiled."""
    folder = tmp_path / "knowledge" / "policy"
    shutil.copytree(SHIPPED, folder)
    return PolicyFolder(folder)
