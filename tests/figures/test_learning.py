"""The judge learns from a company's own decisions: a small history, played by the flows that people's presses call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.figures.flows import learning
from bot.figures.flows.metrics import learnt
from bot.figures.rules.learning import Attempt, Decided, Score, best_of, divide, is_better
from bot.lifecycle.flows import change
from bot.lifecycle.flows.declare import Declaration, declare
from bot.reports.flows.reports import Heard, declare_report, dismiss_report, judge_report
from bot.settings import REPOSITORY
from bot.severity.judge.judge import Judge, judge_of
from bot.severity.judge.models.correction import fit_correction, from_bytes
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.support.rows import NOON

P0, P1, P2, P3 = Severity
SHOPS = ("Bonn", "Lyon", "Porto", "Ghent", "Turin", "Leeds", "Basel", "Malmo")
# Here nobody cares for the one, which sounds like trouble, and everybody for the other, which does not.
NOISE = "Night batch {n} failed 3 times, retry queue of {shop} is stuck, consumer lag 40,000"
KIOSK = "the wine kiosk in {shop} shows its start picture, aisle {n}"


@pytest.fixture(scope="module")
def judge(data_folder: Path) -> Judge:
    return judge_of(REPOSITORY / "knowledge", data_folder / "cache")[0]


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A transaction that is taken back, so that each test sees its own decisions alone."""
    with Session(database.engine) as session:
        yield session
        session.rollback()


def report(session: Session, words: str, policy: Policy, judge: Judge, now: datetime) -> int:
    heard = Heard("C0ANNOUNCE", f"{now.timestamp():.6f}", "U0ONE", words)
    row = judge_report(session, heard, judge.judge(words), (), policy, now)
    assert row is not None
    return row.report_id


def test_with_few_decisions_nothing_is_learnt(session: Session, policy: Policy, judge: Judge) -> None:
    for minute in range(5):
        words = NOISE.format(n=minute, shop=SHOPS[minute])
        dismiss_report(session, report(session, words, policy, judge, NOON + timedelta(minutes=minute)), "U0ONE", NOON)
    decided = learning.gather(session, policy.security.rows)
    assert [one.label for one in decided] == ["none"] * 5
    assert learning.try_to_learn(decided, judge) is None
    assert "too few" in learnt(session, NOON, NOON).lines[0]


def test_decisions_without_a_pattern_change_nothing(judge: Judge) -> None:
    """Where people agree with the judge, or decide at random, the shipped judge stays."""
    texts = [NOISE.format(n=n, shop=SHOPS[n % 8]) for n in range(60)]
    at = [NOON + timedelta(hours=n) for n in range(60)]
    said = [judge.judge(words).severity or "none" for words in texts]
    agreed = learning.try_to_learn([Decided(t, str(s), a) for t, s, a in zip(texts, said, at, strict=True)], judge)
    assert agreed is not None and agreed.correction is None


def test_what_counts_is_the_severity_an_hour_later_and_false_alarms_are_none(
    session: Session, policy: Policy, judge: Judge
) -> None:
    ids = [
        report(session, f"the printer of shop {n} is odd", policy, judge, NOON + timedelta(minutes=n)) for n in range(3)
    ]
    rows = [declare_report(session, each, P3, "U0ONE", policy, NOON)[0] for each in ids]
    change.set_severity(session, rows[0], P1, "U0ONE", policy, NOON + timedelta(minutes=40))
    change.set_severity(session, rows[1], P1, "U0ONE", policy, NOON + timedelta(minutes=90))
    rows[2].false_alarm = True
    assert [one.label for one in learning.gather(session, ())] == ["P1", "P3", "none"]


def test_an_incident_declared_by_command_counts_once_it_is_closed(session: Session, policy: Policy) -> None:
    row, _ = declare(session, Declaration("command:1", "tills of Bonn reject coins", P2, "U0ONE"), policy, NOON)
    assert learning.gather(session, ()) == []
    row.status = "closed"
    session.flush()
    assert [(one.text, one.label) for one in learning.gather(session, ())] == [("tills of Bonn reject coins", "P2")]


def test_nothing_of_a_security_incident_is_learnt(session: Session, policy: Policy, judge: Judge) -> None:
    said = report(session, "somebody read our customers' addresses", policy, judge, NOON)
    row, _ = declare_report(session, said, P1, "U0ONE", policy, NOON)
    if not row.ref.startswith("SEC"):
        row.ref = "SEC-2026-0900"
    secret = Declaration("command:2", "stolen laptop of the treasurer", P1, "U0ONE", security=True)
    closed, _ = declare(session, secret, policy, NOON)
    closed.status = "closed"
    by_row = report(session, "probably a break-in", policy, judge, NOON + timedelta(hours=1))
    dismiss_report(session, by_row, "U0ONE", NOON)
    session.execute(text("update reports set row_name = 'security-sign' where report_id = :id"), {"id": by_row})
    assert learning.gather(session, policy.security.rows) == []


def test_what_sounds_like_a_break_in_is_judged_as_shipped_whatever_was_learnt(judge: Judge) -> None:
    words = "we got hacked i think"
    never = fit_correction([words] * 50, [[0.2] * 5] * 50, ["none"] * 50, 10.0)
    assert judge.corrected(never).judge(words) == judge.judge(words)
    assert judge.judge(words).severity is not None


def test_a_correction_comes_back_as_it_was_kept_and_damage_is_noticed() -> None:
    made = fit_correction(["kiosk blank", "lunch is here"], [[0.2] * 5] * 2, ["P1", "none"], 3.0)
    again = from_bytes(made.to_bytes())
    assert again is not None
    shares = [0.1, 0.1, 0.2, 0.2, 0.4]
    assert again.correct("kiosk blank", shares) == made.correct("kiosk blank", shares)
    assert sum(made.correct("kiosk blank", shares)) == pytest.approx(1.0)
    assert made.correct("kiosk blank", shares)[1] > 0.1
    assert from_bytes(made.to_bytes()[:40]) is None and from_bytes(b"") is None


def test_it_is_used_only_where_it_is_clearly_better_and_makes_little_of_no_outage() -> None:
    shipped = Score(right=10, cost=8.0, too_mild=1)
    assert is_better(shipped, Score(right=13, cost=5.0, too_mild=1))
    assert not is_better(shipped, Score(right=11, cost=7.0, too_mild=1)), "one mistake fewer may be luck"
    assert not is_better(shipped, Score(right=14, cost=4.0, too_mild=2))
    assert best_of([Attempt(3.0, shipped), Attempt(1.0, shipped)]).strength == 1.0


def test_the_later_decisions_are_kept_for_testing() -> None:
    decided = [Decided(str(n), "P1", NOON + timedelta(hours=-n)) for n in range(50)]
    earlier, later = divide(decided)
    assert len(later) == 15 and max(one.at for one in earlier) < min(one.at for one in later)
