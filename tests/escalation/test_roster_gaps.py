"""What doctor reports of the roster as a whole: contacts.yaml, overrides made in Slack and imported schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.escalation.policy.contacts import load_contacts
from bot.escalation.rules.matrix import Role
from bot.escalation.rules.roster import Contacts, Override, Person, Roster, Rotation, Shift, Shifts
from bot.escalation.rules.roster_gaps import find_gaps, schedule_gaps
from tests.fixtures.policy import SHIPPED

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DAY = timedelta(days=1)
RESPONDER, LEAD = Person("responder", slack="U0RESPONDER"), Person("team lead", slack="U0TEAMLEAD")


@pytest.fixture(scope="module")
def shipped() -> Contacts:
    return load_contacts(SHIPPED / "contacts.yaml")


@pytest.fixture(scope="module")
def nobody_on_call(shipped: Contacts) -> Contacts:
    """Contacts whose own schedule was over long ago."""
    over = Shift(NOW - 30 * DAY, NOW - 20 * DAY, RESPONDER, None)
    return replace(shipped, on_call=Shifts((over,)))


def holding(begins: float, ends: float, person: Person = LEAD, role: Role = Role.ON_CALL) -> Override:
    """That person holds the role between so many days from now."""
    return Override(role, (person,), NOW + begins * DAY, NOW + ends * DAY)


def of_on_call(roster: Roster) -> list[str]:
    return [gap.reason for gap in find_gaps(roster, NOW) if gap.role is Role.ON_CALL]


def test_an_override_that_ends_soon_or_begins_later_is_no_hole(shipped: Contacts) -> None:
    assert find_gaps(Roster(shipped, overrides=(holding(-1, 0.01), holding(2, 3))), NOW) == ()


def test_a_role_that_an_import_fills_is_held(nobody_on_call: Contacts) -> None:
    assert of_on_call(Roster(nobody_on_call)) == [
        "nobody holds the role on-call engineer; its pages go to the team lead"
    ]
    assert of_on_call(Roster(nobody_on_call, imported=(holding(-1, 100),))) == []


def test_a_gap_that_nobody_fills_is_named_with_its_time_before_it_begins(nobody_on_call: Contacts) -> None:
    gap = Roster(nobody_on_call, imported=(holding(-1, 3), holding(4, 100)))
    assert of_on_call(gap) == [
        "from 2026-11-23 10:00 to 2026-11-24 10:00 UTC nobody holds the role on-call engineer; "
        "its pages go to the team lead"
    ]
    filled = replace(gap, overrides=(holding(3, 4, RESPONDER),))
    assert of_on_call(filled) == []


def test_a_schedule_that_ends_within_weeks_is_named(nobody_on_call: Contacts) -> None:
    (reason,) = of_on_call(Roster(nobody_on_call, imported=(holding(-1, 3), holding(3, 20))))
    assert reason.startswith("from 2026-12-10 10:00 UTC nobody holds the role on-call engineer;")
    assert of_on_call(Roster(nobody_on_call, imported=(holding(-1, 28),))) == []


def test_several_gaps_are_counted_and_the_first_is_named(nobody_on_call: Contacts) -> None:
    spans = (holding(-1, 3), holding(4, 5), holding(5, 6), holding(7, 100))
    (reason,) = of_on_call(Roster(nobody_on_call, imported=spans))
    assert reason.startswith("from 2026-11-23 10:00 to 2026-11-24 10:00 UTC nobody holds")
    assert "on-call engineer, and once more; its pages" in reason


def test_gaps_of_an_imported_schedule_are_found_though_contacts_fill_them(shipped: Contacts) -> None:
    roster = Roster(shipped, imported=(holding(2, 3), holding(3, 4), holding(6, 7), holding(0, 9, role=Role.VP)))
    assert schedule_gaps(roster, Role.ON_CALL, NOW) == [(NOW, NOW + 2 * DAY), (NOW + 4 * DAY, NOW + 6 * DAY)]
    assert schedule_gaps(roster, Role.VP, NOW) == []
    assert schedule_gaps(roster, Role.TEAM_LEAD, NOW) == []
    assert find_gaps(roster, NOW) == ()


def test_overrides_that_overlap_are_named_with_who_is_pinged(shipped: Contacts) -> None:
    in_slack = holding(1, 3, Person("<@U0SUPPORT>", slack="U0SUPPORT"))
    written = replace(shipped, overrides=(holding(2, 4),))
    (gap,) = find_gaps(Roster(written, overrides=(in_slack,)), NOW)
    assert gap.reason == (
        "the overrides of the on-call engineer by U0SUPPORT and team lead overlap from 2026-11-22 10:00 UTC; "
        "U0SUPPORT is paged"
    )
    assert "/incident oncall remove @someone as on-call engineer" in gap.fix
    assert find_gaps(Roster(written, overrides=(replace(in_slack, role=Role.VP),)), NOW) == ()


def test_somebody_without_slack_is_named_before_their_shift_begins(shipped: Contacts) -> None:
    (gap,) = find_gaps(Roster(shipped, imported=(holding(9, 10, Person("by mail", email="a@example.com")),)), NOW)
    assert gap.reason == "by mail has no Slack id and cannot be paged there"


def test_an_override_that_makes_one_person_both_is_named(shipped: Contacts) -> None:
    assert isinstance(shipped.on_call, Rotation)
    (second,) = shipped.on_call.secondary
    (gap,) = find_gaps(Roster(shipped, overrides=(holding(-1, 1, second),)), NOW)
    assert gap.reason.startswith("second responder is both the on-call engineer and the secondary")


def test_an_override_that_leaves_nobody_behind_on_call_is_found_at_its_time(shipped: Contacts) -> None:
    assert isinstance(shipped.on_call, Rotation)
    (second,) = shipped.on_call.secondary
    assert Roster(shipped, overrides=(holding(1, 2, second),)).find_alone(NOW, NOW + 3 * DAY) == NOW + DAY
    assert Roster(shipped, overrides=(holding(1, 2, LEAD),)).find_alone(NOW, NOW + 3 * DAY) is None
    assert Roster(shipped, overrides=(holding(1, 2, second),)).find_alone(NOW, NOW + DAY) is None
