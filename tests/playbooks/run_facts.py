"""Texts of runs for tests."""

from __future__ import annotations

from bot.playbooks.rules.steps import RunStep, RunText

FIRST = RunStep(
    1,
    "Count the connections",
    (0, 3),
    "See how many there are; `{db_instance}` is the instance.",
    False,
    (("bash", "aws rds describe-db-instances --db-instance-identifier {db_instance} --region <region>"),),
    ("a state that holds far more than the others",),
)
SECOND = RunStep(2, "Restart the application servers", (3, 8), "Reset the pools.", True, (("bash", "restart {asg}"),))
THIRD = RunStep(3, "Fail over", (8, 15), "Promote the replica.", True)


def text(*steps: RunStep, ref: str = "PB-test", kind: str = "playbook", fix: str = "") -> RunText:
    """Three steps, unless others are given."""
    return RunText(ref, kind, "Connections are exhausted", steps or (FIRST, SECOND, THIRD), "89 %", "Platform", fix)
