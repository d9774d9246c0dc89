"""Who is pinged when: every cell of the matrix, every kind of event, and what must hold for any history at all."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.escalation.rules.calendar import BusinessCalendar
from bot.escalation.rules.matrix import LADDER, EscalationPolicy, Role, Rule, When
from bot.escalation.rules.plan import ENDINGS, Event, Happening, Ping, PingKind, Plan, plan, preview
from bot.severity.rules import Severity
from bot.wiring.policy import load_escalation_policy

P0, P1, P2, P3 = Severity
# Pages that nobody answers climb: tests/escalation/test_climbing.py.
SHIPPED = replace(load_escalation_policy(Path(__file__).parents[2] / "knowledge" / "policy"), climb=None)
MONDAY = datetime(2026, 11, 16, 10, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 3, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def after(minutes: float, start: datetime = MONDAY) -> datetime:
    return start + timedelta(minutes=minutes)


def declared(severity: Severity, at: datetime = MONDAY) -> Event:
    return Event(at, Happening.DECLARED, severity)


def changed(severity: Severity, minutes: float, start: datetime = MONDAY) -> Event:
    return Event(after(minutes, start), Happening.SEVERITY_CHANGED, severity)


def happened(what: Happening, minutes: float, start: datetime = MONDAY) -> Event:
    return Event(after(minutes, start), what)


def pages(made: Plan) -> dict[Role, datetime]:
    return {ping.role: ping.due_at for ping in made.pings if ping.kind is PingKind.PAGE}


def of_kind(made: Plan, kind: PingKind) -> list[Ping]:
    return [ping for ping in made.pings if ping.kind is kind]


# Declared on Sunday 22 November 2026 at 03:00 UTC, and on Monday the 16th at 10:00 UTC, inside business hours.
CELLS = [
    (P0, Role.ON_CALL, "at once", "2026-11-22T03:00", "2026-11-16T10:00"),
    (P0, Role.TEAM_LEAD, "30 min", "2026-11-22T03:30", "2026-11-16T10:30"),
    (P0, Role.ENGINEERING_MANAGER, "1 h", "2026-11-22T04:00", "2026-11-16T11:00"),
    (P0, Role.VP, "2 h", "2026-11-22T05:00", "2026-11-16T12:00"),
    (P1, Role.ON_CALL, "at once", "2026-11-22T03:00", "2026-11-16T10:00"),
    (P1, Role.TEAM_LEAD, "2 h", "2026-11-22T05:00", "2026-11-16T12:00"),
    (P1, Role.ENGINEERING_MANAGER, "4 h", "2026-11-22T07:00", "2026-11-16T14:00"),
    (P1, Role.VP, "next day", "2026-11-23T09:00", "2026-11-17T09:00"),
    (P2, Role.ON_CALL, "normal hours", "2026-11-23T09:00", "2026-11-16T10:00"),
    (P2, Role.TEAM_LEAD, "next day", "2026-11-23T09:00", "2026-11-17T09:00"),
    (P2, Role.ENGINEERING_MANAGER, "next day", "2026-11-23T09:00", "2026-11-17T09:00"),
    (P2, Role.VP, "weekly review", "2026-11-23T09:00", "2026-11-23T09:00"),
    (P3, Role.ON_CALL, "normal hours", "2026-11-23T09:00", "2026-11-16T10:00"),
    (P3, Role.TEAM_LEAD, "weekly review", "2026-11-23T09:00", "2026-11-23T09:00"),
    (P3, Role.ENGINEERING_MANAGER, "weekly review", "2026-11-23T09:00", "2026-11-23T09:00"),
    (P3, Role.VP, "monthly review", "2026-12-01T09:00", "2026-12-01T09:00"),
]


@pytest.mark.parametrize(("severity", "role", "rule", "on_sunday", "on_monday"), CELLS)
def test_every_cell_of_the_matrix_is_due_when_it_says(
    severity: Severity, role: Role, rule: str, on_sunday: str, on_monday: str
) -> None:
    for start, due_at in ((SUNDAY, utc(on_sunday)), (MONDAY, utc(on_monday))):
        line = preview(SHIPPED, severity, start)[LADDER.index(role)]
        assert (line.role, line.rule, line.due_at) == (role, rule, due_at)
        (ping,) = [
            ping
            for ping in plan(SHIPPED, [declared(severity, start)], start).pings
            if ping.role is role and ping.kind is not PingKind.REPEAT
        ]
        assert (ping.rule, ping.due_at, ping.severity) == (rule, due_at, severity)
        assert ping.kind is (PingKind.DIGEST if "review" in rule else PingKind.PAGE)


@pytest.mark.parametrize(
    ("severity", "on_sunday", "on_monday"),
    [
        (P0, "2026-11-22T03:15", "2026-11-16T10:15"),
        (P1, "2026-11-22T04:00", "2026-11-16T11:00"),
        (P2, "2026-11-23T13:00", "2026-11-16T14:00"),
        (P3, "2026-11-24T09:00", "2026-11-17T10:00"),
    ],
)
def test_the_response_time_runs_from_the_page_of_the_on_call_engineer(
    severity: Severity, on_sunday: str, on_monday: str
) -> None:
    for start, respond_by in ((SUNDAY, utc(on_sunday)), (MONDAY, utc(on_monday))):
        made = plan(SHIPPED, [declared(severity, start)], start)
        assert made.respond_by == respond_by
        assert made.breach is not None
        assert made.breach.at == respond_by


def test_a_preview_lists_the_four_roles_in_order_in_utc_whatever_the_zone_asked_in() -> None:
    berlin = SUNDAY.astimezone(ZoneInfo("Europe/Berlin"))
    lines = preview(SHIPPED, P0, berlin)
    assert lines == preview(SHIPPED, P0, SUNDAY)
    assert [line.role for line in lines] == list(LADDER)
    assert {line.due_at.tzinfo for line in lines} == {UTC}


@pytest.mark.parametrize("answer", [Happening.ACKNOWLEDGED, Happening.MITIGATED])
def test_acknowledging_or_mitigating_stops_the_clock_and_the_repeats_but_not_the_ladder(answer: Happening) -> None:
    made = plan(SHIPPED, [declared(P0), happened(answer, 4)], after(20))
    assert made.respond_by is None
    assert made.breach is None
    assert {ping.kind for ping in made.pings} == {PingKind.PAGE}
    assert pages(made) == {
        Role.ON_CALL: MONDAY,
        Role.TEAM_LEAD: after(30),
        Role.ENGINEERING_MANAGER: after(60),
        Role.VP: after(120),
    }


def test_an_acknowledgement_at_the_last_instant_is_in_time() -> None:
    assert plan(SHIPPED, [declared(P0), happened(Happening.ACKNOWLEDGED, 15)], after(20)).breach is None


def test_a_breach_stays_and_the_secondary_stays_paged_when_the_acknowledgement_comes_late() -> None:
    made = plan(SHIPPED, [declared(P0), happened(Happening.ACKNOWLEDGED, 16)], after(20))
    assert made.breach is not None
    assert (made.breach.at, made.breach.severity, made.breach.respond_within) == (after(15), P0, timedelta(minutes=15))
    (secondary,) = of_kind(made, PingKind.SECONDARY)
    assert (secondary.role, secondary.due_at, secondary.rule) == (
        Role.SECONDARY,
        after(15),
        "no acknowledgement within 15 min",
    )


def test_after_a_breach_outside_business_hours_the_secondary_of_a_mild_incident_is_paged_in_the_morning() -> None:
    afternoon = utc("2026-11-16T16:00")
    made = plan(SHIPPED, [declared(P2, afternoon)], afternoon)
    assert made.breach is not None
    assert made.breach.at == utc("2026-11-16T20:00")
    assert [ping.due_at for ping in of_kind(made, PingKind.SECONDARY)] == [utc("2026-11-17T09:00")]
    acknowledged = plan(SHIPPED, [declared(P2, afternoon), happened(Happening.ACKNOWLEDGED, 300, afternoon)], afternoon)
    assert acknowledged.breach == made.breach
    assert of_kind(acknowledged, PingKind.SECONDARY) == []


def test_a_raise_after_the_breach_pages_the_waiting_secondary_at_once() -> None:
    afternoon = utc("2026-11-16T16:00")
    made = plan(SHIPPED, [declared(P2, afternoon), changed(P0, 300, afternoon)], afternoon)
    assert [ping.due_at for ping in of_kind(made, PingKind.SECONDARY)] == [after(300, afternoon)]


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_any_ending_stops_everything_even_what_was_due_and_not_sent(ending: Happening) -> None:
    made = plan(SHIPPED, [declared(P0), happened(ending, 40)], after(41))
    assert made.pings == ()
    assert made.respond_by is None
    assert made.wake_at(after(41)) is None
    assert made.breach is not None
    assert made.breach.at == after(15)


def test_an_ending_before_the_response_time_is_no_breach() -> None:
    assert plan(SHIPPED, [declared(P0), happened(Happening.RESOLVED, 15)], after(41)).breach is None


def test_raising_pages_whoever_is_overdue_under_the_new_column_at_the_moment_of_the_raise() -> None:
    made = plan(SHIPPED, [declared(P2), changed(P0, 90)], after(90))
    assert pages(made) == {
        Role.ON_CALL: MONDAY,  # already paged under the old column, and not again
        Role.TEAM_LEAD: after(90),
        Role.ENGINEERING_MANAGER: after(90),
        Role.VP: after(120),
    }
    assert made.breach is not None
    assert (made.breach.at, made.breach.severity) == (after(90), P0)


def test_raising_does_not_page_again_who_was_paged_under_the_old_column() -> None:
    before = plan(SHIPPED, [declared(P1)], after(130))
    raised = plan(SHIPPED, [declared(P1), changed(P0, 125)], after(130))
    for role in (Role.ON_CALL, Role.TEAM_LEAD):
        assert [p for p in raised.pings if p.role is role and p.kind is PingKind.PAGE] == [
            p for p in before.pings if p.role is role and p.kind is PingKind.PAGE
        ]


def test_lowering_cancels_what_had_not_fallen_due_and_leaves_what_had() -> None:
    made = plan(SHIPPED, [declared(P0), changed(P3, 45)], after(50))
    assert pages(made) == {Role.ON_CALL: MONDAY, Role.TEAM_LEAD: after(30)}
    assert {ping.role: ping.due_at for ping in of_kind(made, PingKind.DIGEST)} == {
        Role.ENGINEERING_MANAGER: utc("2026-11-23T09:00"),
        Role.VP: utc("2026-12-01T09:00"),
    }


def test_lowering_and_raising_again_pages_nobody_twice() -> None:
    made = plan(SHIPPED, [declared(P0), changed(P2, 45), changed(P0, 50)], after(300))
    assert pages(made) == {
        Role.ON_CALL: MONDAY,
        Role.TEAM_LEAD: after(30),
        Role.ENGINEERING_MANAGER: after(60),
        Role.VP: after(120),
    }


def test_lowering_before_the_response_time_gives_the_longer_one() -> None:
    made = plan(SHIPPED, [declared(P0), changed(P1, 10)], after(12))
    assert made.respond_by == after(60)
    assert made.breach is not None
    assert made.breach.at == after(60)


def test_a_digest_that_has_listed_the_incident_does_not_save_the_role_from_a_page_after_a_raise() -> None:
    raise_at = 8 * 24 * 60
    made = plan(SHIPPED, [declared(P3), changed(P0, raise_at)], after(raise_at))
    (listed,) = [p for p in made.pings if p.role is Role.TEAM_LEAD and p.kind is PingKind.DIGEST]
    assert listed.due_at == utc("2026-11-23T09:00")
    assert pages(made)[Role.TEAM_LEAD] == after(raise_at)


def test_a_digest_overdue_under_the_new_column_waits_for_the_next_one() -> None:
    # VP: monthly for P3, weekly for P2. A week's digest has gone by when the severity is raised on a Wednesday.
    made = plan(SHIPPED, [declared(P3), changed(P2, 9 * 24 * 60)], after(9 * 24 * 60))
    (listed,) = [p for p in made.pings if p.role is Role.VP]
    assert (listed.rule, listed.due_at) == ("weekly review", utc("2026-11-30T09:00"))


def test_reopening_plans_anew_from_the_reopening() -> None:
    history = [
        declared(P0),
        happened(Happening.ACKNOWLEDGED, 3),
        happened(Happening.RESOLVED, 50),
        happened(Happening.REOPENED, 600),
    ]
    made = plan(SHIPPED, history, after(601))
    assert made.episode == 2
    assert made.respond_by == after(615)
    assert pages(made) == {
        Role.ON_CALL: after(600),
        Role.TEAM_LEAD: after(630),
        Role.ENGINEERING_MANAGER: after(660),
        Role.VP: after(720),
    }
    first = {ping.key for ping in plan(SHIPPED, history[:1], after(1000)).pings}
    assert first.isdisjoint(ping.key for ping in made.pings)


def test_a_severity_changed_while_resolved_counts_after_reopening() -> None:
    history = [declared(P0), happened(Happening.RESOLVED, 10), changed(P3, 20), happened(Happening.REOPENED, 30)]
    made = plan(SHIPPED, history, after(31))
    assert (made.severity, made.episode) == (P3, 2)
    assert pages(made) == {Role.ON_CALL: after(30)}
    still_resolved = plan(SHIPPED, history[:3], after(25))
    assert (still_resolved.severity, still_resolved.pings, still_resolved.breach) == (P3, (), None)


def test_resolved_and_reopened_in_the_same_instant_is_open_again() -> None:
    history = [declared(P0), happened(Happening.REOPENED, 30), happened(Happening.RESOLVED, 30)]
    made = plan(SHIPPED, history, after(31))
    assert made.episode == 2
    assert pages(made)[Role.ON_CALL] == after(30)


def test_a_resolution_stamped_by_a_clock_ahead_of_ours_counts() -> None:
    assert plan(SHIPPED, [declared(P0), happened(Happening.RESOLVED, 5)], after(4)).pings == ()


def test_an_acknowledgement_stamped_before_the_declaration_counts() -> None:
    assert plan(SHIPPED, [declared(P0), happened(Happening.ACKNOWLEDGED, -0.01)], after(60)).breach is None


def test_a_severity_stamped_before_the_declaration_lists_nobody_in_a_digest_that_is_over() -> None:
    just_after_the_digest = utc("2026-11-16T09:00:01")
    made = plan(SHIPPED, [declared(P3, just_after_the_digest), changed(P2, -1, just_after_the_digest)], MONDAY)
    assert [(p.role, p.due_at) for p in of_kind(made, PingKind.DIGEST)] == [(Role.VP, utc("2026-11-23T09:00"))]


def test_of_several_severities_in_one_instant_the_worst_counts() -> None:
    made = plan(SHIPPED, [declared(P3), changed(P2, 5), changed(P0, 5), changed(P1, 5)], after(6))
    assert made.severity is P0
    assert pages(made)[Role.TEAM_LEAD] == after(30)


def test_repeats_come_at_the_interval_and_after_time_away_only_the_latest_is_due() -> None:
    at_start = plan(SHIPPED, [declared(P0)], MONDAY)
    assert [p.due_at for p in of_kind(at_start, PingKind.REPEAT)] == [after(5)]
    later = plan(SHIPPED, [declared(P0)], after(13))
    assert [(p.key, p.due_at) for p in of_kind(later, PingKind.REPEAT)] == [
        ("1/repeat/on-call engineer/2", after(10)),
        ("1/repeat/on-call engineer/3", after(15)),
    ]
    days_later = plan(SHIPPED, [declared(P0)], after(5 * 24 * 60))
    assert [p.due_at for p in of_kind(days_later, PingKind.REPEAT)] == [after(7200), after(7205)]


def test_waking_at_each_instant_of_the_plan_misses_no_repeat() -> None:
    now, seen = MONDAY, []
    while now < after(60):
        made = plan(SHIPPED, [declared(P0)], now)
        seen += [ping.key for ping in made.due(now) if ping.kind is PingKind.REPEAT and ping.due_at == now]
        woken = made.wake_at(now)
        assert woken is not None
        now = woken
    assert seen == [f"1/repeat/on-call engineer/{n}" for n in range(1, 12)]


def test_only_the_severities_that_the_policy_names_are_repeated() -> None:
    for severity, repeats in ((P0, 2), (P1, 2), (P2, 0), (P3, 0)):
        assert len(of_kind(plan(SHIPPED, [declared(severity)], after(100)), PingKind.REPEAT)) == repeats


def test_a_raise_starts_the_interval_and_does_not_page_the_on_call_engineer_in_the_same_breath() -> None:
    made = plan(SHIPPED, [declared(P2), changed(P0, 120)], after(120))
    assert [p.due_at for p in of_kind(made, PingKind.REPEAT)] == [after(125)]


def test_a_raise_never_puts_a_coming_repeat_off() -> None:
    # Due at minute 15 under P1; five minutes from the raise would be minute 18.
    made = plan(SHIPPED, [declared(P1), changed(P0, 13)], after(13))
    assert [p.due_at for p in of_kind(made, PingKind.REPEAT)] == [after(15)]


def test_the_numbers_of_repeats_do_not_depend_on_when_they_are_asked_for() -> None:
    history = [declared(P0), changed(P1, 22), changed(P0, 70)]
    numbers: dict[str, datetime] = {}
    for minute in range(0, 200):
        known = [event for event in history if event.at <= after(minute)]
        for ping in plan(SHIPPED, known, after(minute)).due(after(minute)):
            assert numbers.setdefault(ping.key, ping.due_at) == ping.due_at
    assert len([key for key in numbers if "/repeat/" in key]) == len(
        {numbers[key] for key in numbers if "/repeat/" in key}
    )


def test_where_a_milder_rule_is_sooner_it_decides() -> None:
    # Round the clock the next day begins at midnight: sooner than two hours when it is half past eleven at night.
    always = BusinessCalendar(ZoneInfo("UTC"), time(0), time(0), frozenset(range(7)), 0, time(9), time(9))
    policy = EscalationPolicy(SHIPPED.matrix, always, SHIPPED.respond_within, SHIPPED.repeat_every)
    late = utc("2026-11-16T23:30")
    line = preview(policy, P1, late)[1]
    assert (line.role, line.rule, line.due_at) == (Role.TEAM_LEAD, "next day", utc("2026-11-17T00:00"))


def test_next_day_pages_follow_the_wall_clock_over_a_clock_change() -> None:
    berlin = BusinessCalendar(ZoneInfo("Europe/Berlin"), time(9), time(17), frozenset(range(5)), 0, time(9), time(9))
    policy = EscalationPolicy(SHIPPED.matrix, berlin, SHIPPED.respond_within, SHIPPED.repeat_every)
    assert preview(policy, P1, utc("2026-03-27T12:00"))[3].due_at == utc("2026-03-30T07:00")
    assert preview(policy, P1, utc("2026-10-23T12:00"))[3].due_at == utc("2026-10-26T08:00")
    # A span is a span: two hours across the change are two hours.
    assert preview(policy, P1, utc("2026-03-29T00:30"))[1].due_at == utc("2026-03-29T02:30")


def test_a_history_without_declaration_or_with_naive_instants_is_refused() -> None:
    with pytest.raises(ValueError, match="declaration"):
        plan(SHIPPED, [happened(Happening.RESOLVED, 1)], MONDAY)
    with pytest.raises(ValueError, match="time zone"):
        plan(SHIPPED, [declared(P0, MONDAY.replace(tzinfo=None))], MONDAY)
    with pytest.raises(ValueError, match="time zone"):
        preview(SHIPPED, P0, MONDAY.replace(tzinfo=None))


# ---- What must hold for any history, calendar and matrix ------------------------------------------------------------

severities = st.sampled_from(list(Severity))
minutes = st.integers(0, 4 * 24 * 60)
calendars = st.builds(
    lambda zone, opens, length, days: BusinessCalendar(
        ZoneInfo(zone), time(opens), time(min(opens + length, 23)), days, 0, time(9), time(9)
    ),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    st.integers(0, 20),
    st.integers(1, 12),
    st.frozensets(st.integers(0, 6), min_size=1),
)
policies = st.builds(
    lambda calendar: EscalationPolicy(SHIPPED.matrix, calendar, SHIPPED.respond_within, SHIPPED.repeat_every), calendars
)
# Both clock changes of Europe and America lie inside the days that follow these.
starts = st.sampled_from(
    [MONDAY, SUNDAY, utc("2026-03-27T15:07"), utc("2026-10-23T22:40"), utc("2026-03-06T18:00"), utc("2026-10-30T23:59")]
)
OTHERS = [what for what in Happening if what not in (Happening.DECLARED, Happening.SEVERITY_CHANGED)]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    start = draw(starts)
    events = [declared(draw(severities), start)]
    for minute in draw(st.lists(minutes, max_size=6)):
        if draw(st.booleans()):
            events.append(changed(draw(severities), minute, start))
        else:
            events.append(happened(draw(st.sampled_from(OTHERS)), minute, start))
    return events


def watch(policy: EscalationPolicy, history: list[Event], step: int) -> dict[str, tuple[Ping, datetime]]:
    """What a bot sends that looks every `step` minutes and knows only what has happened: key → (ping, sent at)."""
    start = history[0].at
    instants = {start + timedelta(minutes=n) for n in range(0, 5 * 24 * 60, step)} | {event.at for event in history}
    sent: dict[str, tuple[Ping, datetime]] = {}
    for now in sorted(instants):
        known = [event for event in history if event.at <= now]
        for ping in plan(policy, known, now).due(now):
            sent.setdefault(ping.key, (ping, now))
    return sent


@given(policies, histories(), minutes)
def test_no_rung_is_planned_twice_and_nothing_before_its_time(
    policy: EscalationPolicy, history: list[Event], minute: int
) -> None:
    now = history[0].at + timedelta(minutes=minute)
    made = plan(policy, history, now)
    assert len({ping.key for ping in made.pings}) == len(made.pings)
    for kind in (PingKind.PAGE, PingKind.DIGEST, PingKind.SECONDARY):
        roles = [ping.role for ping in made.pings if ping.kind is kind]
        assert len(roles) == len(set(roles))
    assert all(ping.due_at >= history[0].at and ping.due_at.tzinfo is UTC for ping in made.pings)
    assert list(made.pings) == sorted(made.pings, key=lambda ping: ping.due_at)
    assert all(ping.due_at <= now for ping in made.due(now))
    woken = made.wake_at(now)
    assert woken is None or woken > now


@given(policies, histories())
def test_a_bot_that_follows_the_plan_sends_each_rung_once_when_due_and_nothing_after_the_end(
    policy: EscalationPolicy, history: list[Event]
) -> None:
    sent = watch(policy, history, step=97)
    reopenings_in_all = sum(event.what is Happening.REOPENED for event in history)
    for role in LADDER:
        paged = [ping for ping, _ in sent.values() if ping.role is role and ping.kind is PingKind.PAGE]
        assert len(paged) <= 1 + reopenings_in_all
    for ping, at in sent.values():
        assert ping.due_at <= at
        known = [event for event in history if event.at <= at]
        endings = [event.at for event in known if event.what in ENDINGS]
        reopenings = [event.at for event in known if event.what is Happening.REOPENED]
        # Sent only while open: after the last ending there must be a reopening, in the same instant at the earliest.
        assert not endings or any(reopened >= max(endings) for reopened in reopenings)


@given(policies, histories(), st.randoms(use_true_random=False), minutes)
def test_any_order_of_the_same_events_gives_the_same_plan(
    policy: EscalationPolicy, history: list[Event], shuffler: random.Random, minute: int
) -> None:
    # Squeezed together, so that many events share an instant.
    squeezed = [
        Event(
            history[0].at + (event.at - history[0].at) // timedelta(days=1) * timedelta(days=1),
            event.what,
            event.severity,
        )
        for event in history
    ]
    now = history[0].at + timedelta(minutes=minute)
    for events in (history, squeezed):
        mixed = list(events)
        shuffler.shuffle(mixed)
        assert plan(policy, mixed, now) == plan(policy, events, now)


@given(policies, histories(), st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_a_worse_severity_never_pages_later_nor_fewer(
    policy: EscalationPolicy, history: list[Event], worsening: list[int]
) -> None:
    # One severity change an instant at most, so that each event can be made worse on its own.
    distinct = list({event.at: event for event in reversed(history)}.values())
    if not any(event.what is Happening.DECLARED for event in distinct):
        distinct.append(history[0])
    worse = [
        Event(e.at, e.what, e.severity and Severity(f"P{max(0, e.severity.rank - by)}"))
        for e, by in zip(distinct, worsening, strict=False)
    ]
    now = history[0].at
    mild_plan, worse_plan = plan(policy, distinct, now), plan(policy, worse, now)
    for role, due_at in pages(mild_plan).items():
        assert pages(worse_plan)[role] <= due_at
    if mild_plan.breach is not None:
        assert worse_plan.breach is not None
        assert worse_plan.breach.at <= mild_plan.breach.at
    for ping in of_kind(mild_plan, PingKind.SECONDARY):
        assert of_kind(worse_plan, PingKind.SECONDARY)[0].due_at <= ping.due_at


@given(policies, histories())
def test_pages_and_breaches_are_those_that_a_clerk_with_a_clock_would_write_down(
    policy: EscalationPolicy, history: list[Event]
) -> None:
    """The rules again, the slow way: minute by minute, with nothing but the column of that minute."""
    history = [event for event in history if event.what not in ENDINGS and event.what is not Happening.REOPENED]
    start = history[0].at
    last = max(event.at for event in history)
    made = plan(policy, history, last)
    dues = {
        (role, severity): min(
            policy.matrix[role][other].due_at(policy.calendar, start)
            for other in Severity
            if not other.worse_than(severity) and not policy.matrix[role][other].is_digest
        )
        for role in LADDER
        for severity in Severity
        if not policy.matrix[role][severity].is_digest
    }
    answers = [event.at for event in history if event.what in (Happening.ACKNOWLEDGED, Happening.MITIGATED)]
    written: dict[Role, datetime] = {}
    breached: datetime | None = None
    severity = history[0].severity
    assert severity is not None
    for minute in range(int((last - start).total_seconds()) // 60 + 1):
        now = start + timedelta(minutes=minute)
        together = [event.severity for event in history if event.at == now and event.what is Happening.SEVERITY_CHANGED]
        severity = min((s for s in together if s), key=lambda s: s.rank, default=severity)
        for role in LADDER:
            if (role, severity) in dues and dues[role, severity] <= now:
                written.setdefault(role, now)
        clock = dues[Role.ON_CALL, severity] + policy.respond_within[severity]
        if breached is None and clock <= now and not any(at <= now for at in answers):
            breached = now
    assert {role: at for role, at in pages(made).items() if at <= last} == written
    assert (made.breach.at if made.breach and made.breach.at <= last else None) == breached


matrices = st.fixed_dictionaries(
    {
        role: st.fixed_dictionaries(
            {
                severity: st.one_of(
                    st.sampled_from([Rule(when) for when in When if when is not When.AFTER]),
                    st.integers(1, 3000).map(lambda n: Rule(When.AFTER, timedelta(minutes=n))),
                )
                for severity in Severity
            }
        )
        for role in LADDER
    }
)


@given(matrices, calendars, histories(), minutes)
def test_any_matrix_that_can_be_written_gives_a_plan_without_repetition(
    matrix: dict[Role, dict[Severity, Rule]], calendar: BusinessCalendar, history: list[Event], minute: int
) -> None:
    policy = EscalationPolicy(matrix, calendar, SHIPPED.respond_within, SHIPPED.repeat_every)
    made = plan(policy, history, history[0].at + timedelta(minutes=minute))
    assert len({ping.key for ping in made.pings}) == len(made.pings)
    assert [line.role for line in preview(policy, P0, history[0].at)] == list(LADDER)
