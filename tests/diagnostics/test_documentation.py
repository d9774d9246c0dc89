"""docs/diagnostics.md: what AWS shows of each entry of the knowledge, row by row, and why the rest cannot be seen."""

from __future__ import annotations

import re
from functools import cache

from bot.diagnostics.checks.asking import CHECKS
from bot.settings import REPOSITORY
from tests.diagnostics import test_account, test_compute, test_data, test_edge, test_lambda
from tests.diagnostics.cases import Case

DOCUMENT = REPOSITORY / "docs" / "diagnostics.md"
KNOWLEDGE = REPOSITORY / "knowledge"
# Findings of which a test of its own makes a case.
APART = {
    ("GUIDE-snapstart", "lambda.snapstart"),
    ("INC-2023-3421", "alb.unhealthy"),
    ("LESSON-06", "alb.unhealthy"),
    ("PB-alb", "alb.unhealthy"),
    ("LESSON-07", "lambda.bimodal"),
    ("GUIDE-high-latency", "lambda.bimodal"),
    ("GUIDE-deployment-failures", "lambda.state"),
    ("GUIDE-eni", "lambda.state"),
    ("CASE-2026-0089", "s3.locked"),
    ("GUIDE-esm-kafka", "lambda.source-state"),
    ("NFI-2024-0011", "ec2.impaired"),
    ("NFI-2023-0010", "ec2.impaired"),
    ("PB-network", "ec2.blackhole"),
    ("PB-autoscaling", "asg.failed"),
    ("PB-autoscaling", "asg.cycling"),
    ("NFI-2023-0010", "asg.cycling"),
    ("NFI-2024-0002", "elasticache.volatile"),
    ("INC-2023-1654", "elasticache.failover"),
    ("PB-cache", "elasticache.failover"),
    ("NFI-2024-0004", "route53.no-ns"),
    ("NFI-2024-0004", "route53.foreign-ns"),
    ("LESSON-03", "route53.failing"),
    ("NFI-2024-0020", "sns.unconfirmed"),
    ("PB-security", "changes.refused"),
    ("INC-2023-1247", "changes.refused"),
    ("PB-database", "rds.event"),
    ("GUIDE-deployment-failures", "stack.failed"),
    ("NFI-2024-0013", "stack.failed"),
    ("INC-2023-3421", "ecs.events"),
    ("NFI-2024-0001", "health.issue"),
}


@cache
def sections() -> dict[str, list[list[str]]]:
    """The tables of the document: heading → rows of cells."""
    found: dict[str, list[list[str]]] = {}
    for part in DOCUMENT.read_text(encoding="utf-8").split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("| ") and not line.startswith("| -")]
        found[part.splitlines()[0]] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return found


def refs_of_the_knowledge() -> set[str]:
    return {path.stem for kind in ("incidents", "playbooks", "guides") for path in (KNOWLEDGE / kind).glob("*.md")}


def cases() -> list[Case]:
    tables = [
        getattr(module, name)
        for module in (test_lambda, test_data, test_edge, test_compute, test_account)
        for name in dir(module)
        if name.isupper() and isinstance(getattr(module, name), dict)
    ]
    return [case for table in tables for case in table.values() if isinstance(case, Case)]


def test_every_entry_is_seen_or_has_a_reason_why_not() -> None:
    seen = {row[0] for row in sections()["What is seen"]}
    unseen = {row[0] for row in sections()["What is not seen"]}
    assert seen | unseen == refs_of_the_knowledge()
    assert seen & unseen == set()
    assert all(len(row[1]) > 20 for row in sections()["What is not seen"])


def test_the_rows_are_those_that_tests_prove() -> None:
    rows = {(row[0], check) for row in sections()["What is seen"] for check in re.findall(r"`([\w.-]+)`", row[1])}
    proved = {(ref, case.check) for case in cases() for ref in case.refs | case.likely} | APART
    assert rows - proved == set(), "no test proves these"
    assert proved - rows == set(), "the document lacks these"


def test_every_check_is_described() -> None:
    assert [row[0].strip("`") for row in sections()["What can be asked for"]] == [check.word for check in CHECKS]
    for row, check in zip(sections()["What can be asked for"], CHECKS, strict=True):
        assert row[1] == check.what
        assert row[2] == ", ".join(check.looks)
