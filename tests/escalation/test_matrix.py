"""escalation.yaml: every cell as shipped, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import InvalidPolicy
from bot.escalation.rules.matrix import LADDER, DrillPagers
from bot.severity.rules import Severity
from bot.wiring.policy import load_escalation_policy, load_policy
from tests.fixtures.policy import SHIPPED, PolicyFolder

MATRIX = {
    "on-call engineer": ("at once", "at once", "normal hours", "normal hours"),
    "team lead": ("30 min", "2 h", "next day", "weekly review"),
    "engineering manager": ("1 h", "4 h", "next day", "weekly review"),
    "VP engineering": ("2 h", "next day", "weekly review", "monthly review"),
}


def test_the_shipped_matrix_says_what_the_runbook_says_in_every_cell() -> None:
    shipped = load_escalation_policy(SHIPPED)
    assert {
        role.value: tuple(shipped.matrix[role][severity].text for severity in Severity) for role in LADDER
    } == MATRIX


def test_the_response_times_are_those_of_the_severity_matrix() -> None:
    shipped = load_escalation_policy(SHIPPED)
    minutes = [shipped.respond_within[severity] // timedelta(minutes=1) for severity in Severity]
    assert minutes == [15, 60, 240, 1440]


def test_only_p0_and_p1_are_repeated_as_shipped_and_leaving_it_out_repeats_nothing(policy_folder: PolicyFolder) -> None:
    assert set(load_escalation_policy(SHIPPED).repeat_every) == {Severity.P0, Severity.P1}
    policy_folder.edit("escalation.yaml", "repeat_every: {P0: 5 min, P1: 15 min}", "")
    assert load_escalation_policy(policy_folder.path).repeat_every == {}


def test_pings_count_as_late_after_five_minutes_unless_the_policy_says_otherwise(policy_folder: PolicyFolder) -> None:
    assert load_escalation_policy(SHIPPED).late_after == timedelta(minutes=5)
    policy_folder.edit("escalation.yaml", "late_after: 5 min", "late_after: 2 min")
    assert load_escalation_policy(policy_folder.path).late_after == timedelta(minutes=2)
    policy_folder.edit("escalation.yaml", "late_after: 2 min", "")
    assert load_escalation_policy(policy_folder.path).late_after == timedelta(minutes=5)


def test_a_drill_rings_low_unless_the_policy_says_otherwise(policy_folder: PolicyFolder) -> None:
    assert load_escalation_policy(SHIPPED).drill_pagers is DrillPagers.LOW
    for word in ("off", "same"):
        policy_folder.edit("escalation.yaml", "drill_pagers: low", f"drill_pagers: {word}")
        assert load_escalation_policy(policy_folder.path).drill_pagers == word
        policy_folder.edit("escalation.yaml", f"drill_pagers: {word}", "drill_pagers: low")
    policy_folder.edit("escalation.yaml", "drill_pagers: low", "drill_pagers: quiet")
    with pytest.raises(InvalidPolicy, match=r"escalation\.yaml:\d+: .*quiet"):
        load_escalation_policy(policy_folder.path)


def test_the_whole_policy_shares_one_calendar() -> None:
    shipped = load_policy(SHIPPED)
    assert shipped.calendar is shipped.escalation.calendar


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("P1: 2 h,", "P1: 2 parsecs,", "not a span of time"),
        ("P1: 2 h,", "P1: 0 h,", "longer than nothing"),
        ("P0: 30 min,", "P0: at onec,", 'Did you mean "at once"'),
        ("P0: 30 min,", "P0: never,", "unknown rule"),
        ("P0: 30 min,", "P0: ,", "expected a text"),
        ("P0: 30 min,", "", '"P0" is missing'),
        ("P0: 30 min,", "P0: 30 min, P4: 1 h,", 'unknown key "P4"'),
        ("  team lead:  ", "  team leed:  ", 'Did you mean "team lead"'),
        ("P0: 5 min,", "P0: 5,", "not a span of time"),
        ("P0: 5 min,", "P9: 5 min,", 'unknown key "P9"'),
        ("late_after: 5 min", "late_after: soon", "not a span of time"),
        ("late_after: 5 min", "late_after: 0 min", "longer than nothing"),
    ],
)
def test_a_bad_matrix_is_refused_with_line_and_reason(
    policy_folder: PolicyFolder, old: str, new: str, reason: str
) -> None:
    row = policy_folder.line_of("escalation.yaml", old)
    policy_folder.edit("escalation.yaml", old, new)
    with pytest.raises(InvalidPolicy) as refused:
        load_escalation_policy(policy_folder.path)
    assert str(refused.value).startswith(f"knowledge/policy/escalation.yaml:{row}: ")
    assert reason in str(refused.value)


def test_a_policy_that_names_no_role_or_lacks_one_is_refused(policy_folder: PolicyFolder) -> None:
    file = policy_folder.path / "escalation.yaml"
    file.write_text("matrix: {}\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=r'escalation\.yaml:1: .*"on-call engineer" is missing'):
        load_escalation_policy(policy_folder.path)
    file.write_text("matrix:\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=r"escalation\.yaml:1: .*expected keys"):
        load_escalation_policy(policy_folder.path)


def test_response_times_that_shrink_with_the_severity_are_refused(policy_folder: PolicyFolder) -> None:
    line = policy_folder.line_of("severity.yaml", "  P1: {title: high")
    policy_folder.edit("severity.yaml", "respond_within: 1h", "respond_within: 14 min")
    with pytest.raises(InvalidPolicy, match=rf"severity\.yaml:{line}: .*P1 must not be answered sooner"):
        load_escalation_policy(policy_folder.path)
    policy_folder.edit("severity.yaml", ", respond_within: 14 min", "")
    with pytest.raises(InvalidPolicy, match=rf'severity\.yaml:{line}: .*"respond_within" is missing'):
        load_escalation_policy(policy_folder.path)
