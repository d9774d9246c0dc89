"""Pages that nobody answers: who is paged, too, after how many, and how rare they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escalation.rules.matrix import Climb, EscalationPolicy, Role
from bot.escalation.rules.plan import Event, Happening, Ping, PingKind, Plan, plan
from bot.escalation.rules.repeats import Attempt
from bot.severity.rules import Severity
from bot.wiring.policy import load_escalation_policy
from tests.escalation.test_plan import MONDAY, after, changed, declared, happened

P0, P1, P2, P3 = Severity
SHIPPED = load_escalation_policy(Path(__file__).parents[2] / "knowledge" / "policy")


def sent_until(policy: EscalationPolicy, history: list[Event], minutes: int) -> dict[str, Ping]:
    """What a bot that looks every minute sends until then, by key: what was sent once is not sent again."""
    sent: dict[str, Ping] = {}
    for minute in range(minutes + 1):
        now = after(minute)
        known = [event for event in history if event.at <= now]
        for ping in plan(policy, known, now).due(now):
            if ping.kind is not PingKind.DIGEST:
                sent.setdefault(ping.key, ping)
    return sent


def minutes_of(sent: dict[str, Ping], role: Role) -> list[float]:
    return sorted((ping.due_at - MONDAY) / timedelta(minutes=1) for ping in sent.values() if ping.role is role)


def rule_of(made: Plan, role: Role) -> str:
    return next(ping.rule for ping in made.pings if ping.role is role and ping.kind is not PingKind.REPEAT)


def test_a_p0_that_nobody_answers_climbs_and_no_one_gets_dozens_of_pages() -> None:
    sent = sent_until(SHIPPED, [declared(P0)], 130)
    assert minutes_of(sent, Role.ON_CALL) == [0, 5, 10, 15, 25, 45, 85]
    assert minutes_of(sent, Role.SECONDARY) == [10, 15, 25, 45, 85]
    assert [minutes_of(sent, role) for role in (Role.TEAM_LEAD, Role.ENGINEERING_MANAGER, Role.VP)] == [
        [25],
        [45],
        [85],
    ]
    made = plan(SHIPPED, [declared(P0)], MONDAY)
    assert rule_of(made, Role.SECONDARY) == "no answer to 2 pages"
    assert rule_of(made, Role.TEAM_LEAD) == "no answer to 4 pages"
    assert rule_of(made, Role.VP) == "no answer to 6 pages"


def test_a_rung_that_the_matrix_pages_by_the_day_is_not_woken_early() -> None:
    sent = sent_until(SHIPPED, [declared(P1)], 300)
    assert minutes_of(sent, Role.SECONDARY)[0] == 30
    assert minutes_of(sent, Role.TEAM_LEAD) == [75]
    assert minutes_of(sent, Role.ENGINEERING_MANAGER) == [135]
    assert not minutes_of(sent, Role.VP), "next day, not in the night"


@pytest.mark.parametrize("severity", [P2, P3])
def test_a_severity_without_repeats_does_not_climb(severity: Severity) -> None:
    plain = replace(SHIPPED, climb=None)
    for minutes in (0, 60, 600):
        assert plan(SHIPPED, [declared(severity)], after(minutes)) == plan(plain, [declared(severity)], after(minutes))


def test_who_was_paged_early_stays_paged_when_somebody_answers_and_the_rest_follows_the_matrix() -> None:
    history = [declared(P0), happened(Happening.ACKNOWLEDGED, 30)]
    made = plan(SHIPPED, history, after(31))
    assert {ping.role: ping.due_at for ping in made.pings} == {
        Role.ON_CALL: MONDAY,
        Role.SECONDARY: after(10),
        Role.TEAM_LEAD: after(25),
        Role.ENGINEERING_MANAGER: after(60),
        Role.VP: after(120),
    }
    early = plan(SHIPPED, [declared(P0), happened(Happening.ACKNOWLEDGED, 4)], after(5))
    assert {ping.role for ping in early.pings} == {
        Role.ON_CALL, Role.TEAM_LEAD, Role.ENGINEERING_MANAGER, Role.VP
    }  # fmt: skip
    assert rule_of(early, Role.TEAM_LEAD) == "30 min"


def test_after_time_away_only_the_latest_repeat_of_each_is_due() -> None:
    due = plan(SHIPPED, [declared(P0)], after(100_000)).due(after(100_000))
    assert [ping.role for ping in due if ping.kind is PingKind.REPEAT] == [Role.ON_CALL, Role.SECONDARY]


policies = st.builds(
    Climb,
    secondary=st.integers(1, 6),
    next_rung=st.integers(1, 6),
    longest=st.sampled_from([timedelta(minutes=5), timedelta(minutes=40), timedelta(hours=3)]),
)
histories = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.sampled_from([P0, P1, P2, Happening.ACKNOWLEDGED, Happening.RESOLVED, Happening.REOPENED]),
    ),
    max_size=5,
)


@given(policies, histories, st.integers(0, 400))
def test_whatever_happens_a_plan_of_later_says_the_same_of_what_was_due(
    climb: Climb, found: list[tuple[int, Severity | Happening]], minutes: int
) -> None:
    """A page that fell due keeps its key, role and instant, so that it is sent once."""
    policy = replace(SHIPPED, climb=climb)
    history = [
        declared(P0),
        *(
            changed(what, at) if isinstance(what, Severity) else happened(what, at)
            for at, what in found
            if at <= minutes
        ),
    ]
    now = after(minutes)
    before = {ping.key: ping for ping in plan(policy, history, now).due(now) if ping.kind is not PingKind.REPEAT}
    later = {ping.key: ping for ping in plan(policy, history, now + timedelta(hours=7)).pings}
    assert all(later[key] == ping for key, ping in before.items())
    keys = [ping.key for ping in plan(policy, history, now).pings]
    assert len(keys) == len(set(keys))


def test_the_first_repeats_of_an_incident_of_weeks_cost_no_more_than_those_of_an_hour() -> None:
    """Repeats that a later one replaces are passed over, not counted one by one."""
    made = plan(SHIPPED, [declared(P0)], datetime(2056, 1, 1, tzinfo=MONDAY.tzinfo))
    assert max(int(ping.key.rsplit("/", 1)[1]) for ping in made.pings if ping.kind is PingKind.REPEAT) > 200_000


def keys_due(made: Plan, now: datetime) -> list[str]:
    return [ping.key for ping in made.due(now) if ping.kind is not PingKind.DIGEST]


PAGE, REPEAT = "1/page/on-call engineer", "1/repeat/on-call engineer"


def test_after_time_away_one_page_is_due_and_the_climb_starts_from_what_was_sent() -> None:
    sent = {PAGE: Attempt(MONDAY), f"{REPEAT}/1": Attempt(after(5))}
    back = after(24)
    made = plan(SHIPPED, [declared(P0)], back, sent)
    assert keys_due(made, back) == [PAGE, f"{REPEAT}/2", "1/secondary/secondary on-call"]
    assert rule_of(made, Role.SECONDARY) == "no answer to 2 pages"
    late = {**sent, f"{REPEAT}/2": Attempt(back)}
    made = plan(SHIPPED, [declared(P0)], after(27), late)
    assert keys_due(made, after(27)) == [PAGE, f"{REPEAT}/2", "1/secondary/secondary on-call"]
    assert [ping.due_at for ping in made.pings if ping.key == f"{REPEAT}/3"] == [after(29)]
    assert rule_of(made, Role.TEAM_LEAD) == "30 min", "by the matrix: four pages were not sent by then"


@pytest.mark.parametrize("minutes", [3, 61, 5000])
def test_a_page_that_waits_to_be_sent_is_not_repeated_and_nobody_climbs_for_it(minutes: int) -> None:
    now = after(minutes)
    made = plan(SHIPPED, [declared(P0)], now, {})
    assert not [ping for ping in made.due(now) if ping.kind is PingKind.REPEAT]
    assert not [ping for ping in made.due(now) if ping.rule.startswith("no answer")]
    assert min(ping.due_at for ping in made.pings if ping.kind is PingKind.REPEAT) == after(max(minutes, 0) + 5)


def test_pages_that_reached_no_one_climb_too_and_say_so() -> None:
    tried = {PAGE: Attempt(MONDAY, reached=False), f"{REPEAT}/1": Attempt(after(5), reached=False)}
    assert rule_of(plan(SHIPPED, [declared(P0)], after(10), tried), Role.SECONDARY) == "2 pages reached no one"
    tried[f"{REPEAT}/1"] = Attempt(after(5))
    made = plan(SHIPPED, [declared(P0)], after(10), tried)
    assert rule_of(made, Role.SECONDARY) == "no answer to 1 page, and 1 page reached no one"


@given(st.integers(2, 400), st.integers(1, 400), histories)
def test_however_long_it_was_away_nobody_is_paged_for_more_pages_than_were_sent(
    gone: int, length: int, found: list[tuple[int, Severity | Happening]]
) -> None:
    history = [declared(P0)]
    history += [changed(what, at) if isinstance(what, Severity) else happened(what, at) for at, what in found]
    attempts: dict[str, Attempt] = {}
    done: set[str] = set()
    for minute in [*range(gone), *range(gone + length, gone + length + 120)]:
        now = after(minute)
        known = [event for event in history if event.at <= now]
        for ping in plan(SHIPPED, known, now, dict(attempts)).due(now):
            if ping.key in done:
                continue
            claimed = sum("on-call engineer" in key and not key.startswith("1/d") for key in attempts)
            if ping.rule.startswith("no answer to "):
                assert int(ping.rule.split()[3]) <= claimed
            done.add(ping.key)
            attempts[ping.key] = Attempt(now)
