"""docs/monitoring: the dashboard and the alert rules ask for figures that there are, and say what to do."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import yaml

from bot.settings import REPOSITORY
from tests.console.test_command_line import COMMANDS

FOLDER = REPOSITORY / "docs" / "monitoring"
EXPORTED = set(
    re.findall(
        r'"(tocsin_\w+)"', (REPOSITORY / "bot" / "wiring" / "monitoring" / "metrics.py").read_text(encoding="utf-8")
    )
)


def named(text: str) -> set[str]:
    return set(re.findall(r"tocsin_\w+", text))


def test_the_dashboard_and_the_rules_ask_for_what_is_exported_and_show_all_of_it() -> None:
    board, rules = (
        named((FOLDER / name).read_text(encoding="utf-8")) for name in ("grafana-dashboard.json", "alerts.yaml")
    )
    assert len(EXPORTED) > 10
    assert board == EXPORTED
    assert rules <= EXPORTED


def test_the_panels_of_the_dashboard_stand_beside_each_other() -> None:
    board: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text(encoding="utf-8"))
    places = [panel["gridPos"] for panel in board["panels"]]
    assert len({panel["id"] for panel in board["panels"]}) == len(places)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_every_alert_says_what_happened_and_what_to_type() -> None:
    rules = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"].endswith(".") and rule["annotations"]["description"].endswith(".")
        for words in re.findall(r"tocsin ([a-z]+(?: [a-z]+)?)", rule["annotations"]["description"]):
            typed = tuple(words.split())
            assert typed in COMMANDS or typed[:1] in COMMANDS, words
