"""Severities to choose from. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.severity.rules import Level, Severity
from bot.slack.blocks import Block, option


def severity_options(levels: Mapping[Severity, Level], suffix: str = "") -> list[Block]:
    """One option a level; `suffix` joins the value so that the press says what it was pressed on."""
    return [option(f"{level} {levels[level].title}: {levels[level].meaning}", f"{level}{suffix}") for level in Severity]
