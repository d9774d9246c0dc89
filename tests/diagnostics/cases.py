"""What is wrong, and what a diagnosis must make of it: the rows of docs/diagnostics.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.aws.accounts import Aws
from bot.diagnostics.checks.asking import diagnose
from bot.diagnostics.rules.finding import Diagnosis
from bot.diagnostics.rules.request import parse
from tests.diagnostics.account import now, put_metric
from tests.diagnostics.commands import assert_valid


@dataclass(frozen=True)
class Case:
    """`seed` makes it wrong under a name, or answers the name that AWS gave it. `refs` and `likely` are all of them."""

    seed: Callable[[str], str | None]
    check: str
    says: str
    refs: set[str] = field(default_factory=set)
    likely: set[str] = field(default_factory=set)


def look(aws: Aws, what: str, at: datetime | None = None) -> Diagnosis:
    """The whole diagnosis."""
    *_, last = diagnose(aws, parse(what), at, now(), budget=60)
    assert last.is_over
    return last


def verify(aws: Aws, word: str, label: str, case: Case) -> Diagnosis:
    """Seed it, diagnose it, and find it."""
    name = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    found = look(aws, f"{word} {case.seed(name) or name}")
    one = next((finding for finding in found.findings if finding.check == case.check), None)
    assert one is not None, f"only {[finding.check for finding in found.findings]}, not read: {found.unread}"
    assert case.says in one.seen
    assert (set(one.refs), set(one.likely)) == (case.refs, case.likely)
    for finding in found.findings:
        if finding.command:
            assert_valid(finding.command)
    return found


def ago(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


WEEK_AGO = ago(7 * 24 * 60 + 5)


def measured(namespace: str, dimension: str, **series: dict[timedelta, float]) -> Callable[[str], None]:
    """A seed that puts metrics of the resource of that name."""

    def seed(name: str) -> None:
        for metric, values in series.items():
            put_metric(namespace, metric, {dimension: name}, values, now())

    return seed
