"""What people decide again and again, learnt in the night, on every replica; and taken back by one command."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.context import Policy
from bot.figures.flows.metrics import learnt
from bot.figures.jobs import learn_from
from bot.figures.messages import fit_line
from bot.reports.flows.reports import declare_report, dismiss_report
from bot.settings import REPOSITORY
from bot.severity import queries as fits
from bot.severity.flows.live import LiveJudge
from bot.severity.judge.judge import Judge, judge_of
from bot.severity.rules import Severity
from bot.store.engine import Database
from tests.figures.test_learning import KIOSK, NOISE, SHOPS, report
from tests.support.rows import NOON

P0, P1 = Severity.P0, Severity.P1


@pytest.fixture(scope="module")
def judge(data_folder: Path) -> Judge:
    return judge_of(REPOSITORY / "knowledge", data_folder / "cache")[0]


def play(database: Database, policy: Policy, judge: Judge, days: int = 30) -> None:
    """A month: each day some noise that is dismissed and a kiosk that is declared P1."""
    with database.transaction() as session:
        for day in range(days):
            now = NOON + timedelta(days=day)
            shop = SHOPS[day % len(SHOPS)]
            dismissed = report(session, NOISE.format(n=day, shop=shop), policy, judge, now)
            dismiss_report(session, dismissed, "U0ONE", now)
            later = now + timedelta(hours=2)
            declared = report(session, KIOSK.format(n=day, shop=shop), policy, judge, later)
            declare_report(session, declared, P1, "U0ONE", policy, later)


def test_what_people_decide_again_and_again_is_judged_so_on_every_replica(
    database: Database, policy: Policy, judge: Judge
) -> None:
    noise, kiosk = NOISE.format(n=77, shop="Ulm"), KIOSK.format(n=4, shop="Ulm")
    replica, other = LiveJudge(judge, database), LiveJudge(judge, database)
    before = [replica.judge(words) for words in (noise, kiosk)]
    assert [one.severity for one in before] != [None, P1]
    play(database, policy, judge)
    fit = learn_from(database, replica, policy, NOON + timedelta(days=31), by_hand=False)
    assert fit is not None and fit.state == fits.IN_FORCE
    assert fit.figures["learnt"]["right"] > fit.figures["shipped"]["right"]
    for live in (replica, other):
        assert [live.judge(words).severity for words in (noise, kiosk)] == [None, P1]
    assert "People here" in other.judge(noise).row
    assert replica.judge("checkout is down for everyone").severity is P0, "what nobody decided on is judged as shipped"
    with database.transaction() as session:
        [line] = learnt(session, NOON, NOON).lines
    assert "in force. Learned from 60 decisions; on the latest 18" in line
    # One command takes it back, everywhere; the next night learns, and leaves it at that.
    with database.transaction() as session:
        assert fits.take_out(session, fits.UNDONE, "somebody", NOON) == 1
    assert [other.judge(words) for words in (noise, kiosk)] == before
    fit = learn_from(database, replica, policy, NOON + timedelta(days=32), by_hand=False)
    assert fit is not None and fit.state == fits.HELD_BACK and "tocsin judge learn" in fit_line(fit)
    assert [other.judge(words) for words in (noise, kiosk)] == before
    fit = learn_from(database, replica, policy, NOON + timedelta(days=33), by_hand=True)
    assert fit is not None and fit.state == fits.IN_FORCE
    assert other.judge(kiosk).severity is P1
