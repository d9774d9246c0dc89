"""The extras of the package: whether what one brings is installed. Most installations need none of them."""

from __future__ import annotations

import importlib.util
from enum import Enum


class Extra(Enum):
    """An extra of pyproject.toml, by the packages that are imported where it is used."""

    PDF = ("fpdf",)
    CHARTS = ("matplotlib",)
    CHECK = ("bashlex", "botocore", "sqlglot")
    IMPORT = ("pypandoc",)

    @property
    def is_installed(self) -> bool:
        """Whether all of its packages are there; none of them is loaded by asking."""
        return all(importlib.util.find_spec(package) for package in self.value)

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'tocsin[{self.name.lower()}]'"


NO_CHARTS = f"Pictures need matplotlib. Install it with `{Extra.CHARTS.command}`."
