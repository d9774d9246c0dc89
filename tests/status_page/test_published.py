"""What was published, and what it means: conditions now and by day, the overall state, maintenance by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot.status_page.rules.published import (
    Component,
    Condition,
    Post,
    State,
    Update,
    by_day,
    conditions,
    impact,
    overall,
)
from tests.support.rows import NOON, minutes

COMPONENTS = (Component("checkout", "c1", "Checkout", "Shop"), Component("search", "c2", "Search"))
DAY = timedelta(days=1)


def update(state: State, at: datetime, **components: Condition) -> Update:
    return Update(f"u{at:%H%M}", state, "text", at, at, components)


def post(*updates: Update, ends_at: datetime | None = None, began_at: datetime | None = None) -> Post:
    first = updates[0].at
    return Post("p", "Checkout fails", began_at or first, first, updates, ends_at)


def said(posts: list[Post], now: datetime) -> dict[str, str]:
    return {key: one.value for key, one in conditions(COMPONENTS, posts, now).items()}


def test_a_component_is_as_bad_as_the_worst_that_open_posts_say_of_it_now() -> None:
    bad = post(
        update(State.INVESTIGATING, NOON, checkout=Condition.MAJOR),
        update(State.MONITORING, NOON + minutes(5), checkout=Condition.DEGRADED),
    )
    worse = post(update(State.IDENTIFIED, NOON, checkout=Condition.PARTIAL, unknown=Condition.MAJOR))
    over = post(update(State.RESOLVED, NOON, search=Condition.MAJOR))
    assert said([bad], NOON + minutes(6)) == {"checkout": "degraded_performance", "search": "operational"}
    assert said([bad, worse, over], NOON + minutes(6))["checkout"] == "partial_outage"
    assert said([over], NOON)["search"] == "operational"


@pytest.mark.parametrize(
    ("components", "is_open", "expected"),
    [
        ({}, False, ("none", "All Systems Operational")),
        ({}, True, ("minor", "Minor Service Outage")),
        ({"checkout": Condition.DEGRADED}, True, ("minor", "Partially Degraded Service")),
        ({"checkout": Condition.PARTIAL}, True, ("major", "Partial System Outage")),
        ({"checkout": Condition.PARTIAL, "search": Condition.MAJOR}, True, ("major", "Partial System Outage")),
        (dict.fromkeys(("checkout", "search"), Condition.MAJOR), True, ("critical", "Major Service Outage")),
    ],
)
def test_all_together_are_as_bad_as_the_worst(
    components: dict[str, Condition], is_open: bool, expected: tuple[str, str]
) -> None:
    state = State.INVESTIGATING if is_open else State.RESOLVED
    posts = [post(update(state, NOON, **components))]
    assert overall(conditions(COMPONENTS, posts, NOON), posts, NOON) == expected


def test_maintenance_begins_and_ends_by_the_clock_and_earlier_where_somebody_says_so() -> None:
    planned = update(State.SCHEDULED, NOON - DAY, checkout=Condition.MAINTENANCE)
    window = post(planned, began_at=NOON, ends_at=NOON + minutes(60))
    states = [window.state(NOON + minutes(number)) for number in (-1, 0, 59, 60)]
    assert states == [State.SCHEDULED, State.IN_PROGRESS, State.IN_PROGRESS, State.COMPLETED]
    assert said([window], NOON - minutes(1))["checkout"] == "operational"
    assert said([window], NOON)["checkout"] == "under_maintenance"
    assert overall(conditions(COMPONENTS, [window], NOON), [window], NOON)[0] == "maintenance"
    done = post(planned, update(State.COMPLETED, NOON + minutes(10)), began_at=NOON, ends_at=NOON + minutes(60))
    assert (done.state(NOON + minutes(20)), impact(done)) == (State.COMPLETED, "maintenance")


def test_each_day_that_trouble_touches_is_as_bad_as_its_worst_moment() -> None:
    trouble = post(
        update(State.INVESTIGATING, NOON - 2 * DAY, checkout=Condition.MAJOR),
        update(State.MONITORING, NOON - DAY, checkout=Condition.DEGRADED),
        update(State.RESOLVED, NOON - minutes(60), checkout=Condition.OPERATIONAL),
    )
    found = dict(by_day("checkout", [trouble], NOON))
    assert len(found) == 90
    assert max(found) == NOON.date()
    worst = [found[NOON.date() - number * DAY].value for number in range(4)]
    assert worst == ["degraded_performance", "major_outage", "major_outage", "operational"]
    assert set(dict(by_day("search", [trouble], NOON)).values()) == {Condition.OPERATIONAL}


def test_trouble_that_ends_at_midnight_leaves_the_next_day_alone() -> None:
    midnight = datetime(2026, 11, 20, tzinfo=NOON.tzinfo)
    trouble = post(
        update(State.INVESTIGATING, midnight - minutes(60), checkout=Condition.MAJOR), update(State.RESOLVED, midnight)
    )
    found = dict(by_day("checkout", [trouble], NOON))
    assert found[date(2026, 11, 20)] is Condition.OPERATIONAL
    assert found[date(2026, 11, 19)] is Condition.MAJOR


def test_what_began_before_the_history_counts_from_its_first_day() -> None:
    old = post(update(State.INVESTIGATING, NOON - 400 * DAY, checkout=Condition.PARTIAL))
    assert {condition for _, condition in by_day("checkout", [old], NOON)} == {Condition.PARTIAL}
