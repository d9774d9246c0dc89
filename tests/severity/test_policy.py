"""severity.yaml: what is shipped, and what is refused with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import InvalidPolicy
from bot.severity.policy import load_severity, shared_names, unreached
from bot.severity.rules import Severity

SHIPPED = Path(__file__).parents[2] / "knowledge" / "policy" / "severity.yaml"
LAST = "  - {id: chatter, verdict: none, says: Nothing in the message speaks of trouble, when: {}}"


def test_the_shipped_levels_are_those_of_the_runbook() -> None:
    levels = load_severity(SHIPPED).levels
    assert [levels[severity].title for severity in Severity] == ["critical", "high", "medium", "low"]
    assert [levels[severity].respond_within for severity in Severity] == [
        timedelta(minutes=15),
        timedelta(hours=1),
        timedelta(hours=4),
        timedelta(hours=24),
    ]


def test_every_level_has_rows_and_every_row_a_sentence() -> None:
    shipped = load_severity(SHIPPED)
    assert {row.verdict for row in shipped.rows} == {None, *Severity}
    assert all(len(row.says) > 10 for row in shipped.rows)
    assert len({row.name for row in shipped.rows}) == len(shipped.rows)
    assert 0 < shipped.reply_threshold < 1
    assert shipped.shadow is False


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("respond_within: 15m", "respond_within: soon", "is not a span of time"),
        ("respond_within: 4h", "respond_within: 30m", "must not be answered sooner"),
        ("  P3: {title: low, meaning: a minor issue, respond_within: 24h}\n", "", '"P3" is missing'),
        ("reply_threshold: 0.40", "reply_threshold: 4", "is not a number from 0 to 1"),
        ("reply_threshold: 0.40", "reply_threshold: nan", "is not a number from 0 to 1"),
        ("shadow: false", "shadow: perhaps", "perhaps"),
        ("shadow: false", "shadow: false\nrowz: []", 'unknown key "rowz"'),
        ("when: {cost: [large]}", "when: {cost: [huge]}", 'unknown "huge"'),
        ("when: {cost: [large]}", "when: {price: [large]}", 'unknown key "price"'),
        ("when: {cost: [large]}", "when: {cost: []}", "expected at least one value"),
        ("when: {cost: [large]}", "when: {cost: , what: [money]}", "expected at least one value"),
        ("id: cost, verdict: P2", "id: cost, verdict: P7", 'unknown "P7"'),
        ("{id: small-cost,", "{id: cost,", "is already the id"),
        (LAST, "", "the last row must hold for everything"),
        (LAST, LAST + "\n" + LAST.replace("chatter", "more"), "never reached"),
        ("money: [checkout,", "money: [p*,", "too short"),
        ("money: [checkout,", "money: [the p*,", "three letters before its star"),
    ],
)
def test_a_mistake_is_refused_with_file_line_and_reason(old: str, new: str, reason: str, tmp_path: Path) -> None:
    source = SHIPPED.read_text()
    assert old in source
    edited = tmp_path / "severity.yaml"
    edited.write_text(source.replace(old, new, 1))
    with pytest.raises(InvalidPolicy, match=r"severity\.yaml:\d+: ") as refused:
        load_severity(edited)
    assert reason in str(refused.value)


def test_a_row_that_can_never_decide_is_found(tmp_path: Path) -> None:
    assert unreached(load_severity(SHIPPED)) == []
    edited = tmp_path / "severity.yaml"
    wide = "  - {id: any-cost, verdict: P3, says: Anything that costs, when: {cost: [large, small]}}\n"
    source = SHIPPED.read_text()
    edited.write_text(source.replace("  - {id: cost,", wide + "  - {id: cost,"))
    found = [(later.name, earlier.name) for later, earlier in unreached(load_severity(edited))]
    assert found == [("cost", "any-cost"), ("small-cost", "any-cost")]
    edited.write_text(
        source.replace("  - {id: cost,", wide.replace("}}", "}, unless: {reach: [one]}}") + "  - {id: cost,")
    )
    assert unreached(load_severity(edited)) == [], "where only one is affected the later rows still decide"


def test_a_name_of_two_kinds_is_found(tmp_path: Path) -> None:
    assert shared_names(load_severity(SHIPPED)) == []
    edited = tmp_path / "severity.yaml"
    edited.write_text(SHIPPED.read_text().replace("major: [login*,", "major: [checkout, login*,"))
    assert shared_names(load_severity(edited)) == [("checkout", "money", "major")]
