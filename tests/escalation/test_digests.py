"""Reviews by role: one message whatever it lists, and as many statements for many incidents as for few."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import event, select, text

from bot.context import Desk
from bot.escalation.jobs import digests
from bot.escalation.queries import pings
from bot.escalation.rules.roster import Shifts
from bot.escalation.tables import PingRow
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from bot.slack.client import Slack
from bot.slack.poster import Speaker
from bot.store.engine import Database
from slack_playground.person import Person, content_of
from tests.queue import queued
from tests.rows import add_incident, add_ping

Named = Callable[[str], Person]
LEAD, VP = "team lead", "VP engineering"
_weeks = count()


@pytest.fixture
def monday() -> datetime:
    """A weekly review of this test's own."""
    return datetime(2031, 1, 6, 9, tzinfo=UTC) + timedelta(weeks=next(_weeks))


def due(desk: Desk, monday: datetime, number: int, role: str = LEAD) -> list[int]:
    """So many incidents, milder ones first, listed for the role's review; the ids of the pings."""
    with desk.database.transaction() as session:
        return [
            add_ping(
                session,
                add_incident(session, severity=f"P{3 - at % 4}", title=f"trouble {at}", acknowledged_at=monday),
                kind="digest",
                role=role,
                rule="weekly review",
                due_at=monday,
            ).ping_id
            for at in range(number)
        ]


def at(desk: Desk, now: datetime) -> Desk:
    return replace(desk, now=lambda: now)


def review(desk: Desk, slack: Slack, speaker: Speaker, monday: datetime, role: str = LEAD) -> None:
    digests.digest(at(desk, monday), slack, speaker, role=role, due_at=monday.isoformat())


def received(person: Person) -> list[str]:
    return [content_of(message) for message in person.messages(person.dm_with("U0TOCSIN"))]


def states(desk: Desk, ping_ids: list[int]) -> set[str]:
    with desk.database.transaction() as session:
        return set(session.scalars(select(PingRow.state).where(PingRow.ping_id.in_(ping_ids))))


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to PostgreSQL meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def wait_for_a_lock(database: Database, other: threading.Thread) -> None:
    """Until the other one waits for something that this one holds."""
    statement = text("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
    while True:
        with database.engine.connect() as connection:
            if connection.execute(statement).first() is not None:
                return
        assert other.is_alive(), "it passed over what is held"
        time.sleep(0.02)  # PostgreSQL tells nobody that somebody waits


def test_a_review_of_200_incidents_is_one_message_and_as_many_statements_as_one_of_two(
    desk: Desk, slack: Slack, speaker: Speaker, person: Named, monday: datetime
) -> None:
    few, many = due(desk, monday, 2), due(desk, monday + timedelta(weeks=500), 200)
    with counted(desk.database) as for_few:
        review(desk, slack, speaker, monday)
    with counted(desk.database) as for_many:
        review(desk, slack, speaker, monday + timedelta(weeks=500))
    assert states(desk, few) == states(desk, many) == {pings.SENT}
    assert len(for_many) == len(for_few), "\n".join(for_many)
    first, second = received(person("U0TEAMLEAD"))
    assert "2 incidents are open" in first
    assert "200 incidents are open" in second and "… and 160 more" in second
    with desk.database.transaction() as session:
        assert queued(session, "slack.page_over") == [], "a review has no page to edit"
        told = session.scalars(
            select(TimelineEntry.text).where(TimelineEntry.source_key.in_(f"ping:{ping_id}" for ping_id in many))
        ).all()
    assert told == ["Paged <@U0TEAMLEAD> as team lead (weekly review)."] * 200


def test_a_review_that_runs_again_says_nothing_and_takes_in_what_came_since(
    desk: Desk, slack: Slack, speaker: Speaker, person: Named, monday: datetime
) -> None:
    first = due(desk, monday, 2)
    for _ in range(2):
        review(desk, slack, speaker, monday)
    (said,) = received(person("U0TEAMLEAD"))
    assert "2 incidents are open" in said
    later = due(desk, monday, 1)
    review(desk, slack, speaker, monday)
    (said,) = received(person("U0TEAMLEAD"))
    assert "3 incidents are open" in said
    assert states(desk, first + later) == {pings.SENT}


def test_what_nobody_could_be_told_is_on_each_timeline_and_announced(
    desk: Desk, slack: Slack, speaker: Speaker, monday: datetime
) -> None:
    contacts = replace(desk.policy.contacts, on_call=Shifts(()), roles={})
    empty = replace(desk, policy=replace(desk.policy, contacts=contacts))
    ping_ids = due(desk, monday, 3)
    with counted(desk.database) as for_three:
        review(empty, slack, speaker, monday)
    more = due(desk, monday + timedelta(weeks=500), 50)
    with counted(desk.database) as for_fifty:
        review(empty, slack, speaker, monday + timedelta(weeks=500))
    assert states(desk, ping_ids) == states(desk, more) == {pings.FAILED}
    assert len(for_fifty) == len(for_three)
    with desk.database.transaction() as session:
        for ping_id in ping_ids:
            entry = timeline.find_by_source(session, f"ping:{ping_id}")
            assert entry is not None and entry.kind == Kind.PING_FAILED
            assert entry.text.startswith(
                "Could not page the team lead (weekly review): Nobody holds the role team lead."
            )
            assert len(queued(session, "slack.say", entry_id=entry.entry_id)) == 1


def test_the_pings_of_a_review_are_locked_in_the_order_of_their_ids(
    desk: Desk, slack: Slack, speaker: Speaker, monday: datetime
) -> None:
    """The mildest incident is listed last, but its ping is the first: whoever holds that keeps the review off all."""
    first, *_, last = due(desk, monday, 4)
    with desk.database.transaction() as mine:
        pings.get_for_change(mine, first)
        other = threading.Thread(target=review, args=(desk, slack, speaker, monday))
        other.start()
        wait_for_a_lock(desk.database, other)
        free = mine.execute(text("select ping_id from pings where ping_id = :it for update nowait"), {"it": last})
        assert free.scalar_one() == last, "the review holds nothing while it waits"
    other.join(20)
    assert states(desk, [first, last]) == {pings.SENT}


@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, False), (1, True)])
def test_a_review_says_that_it_is_late_by_the_policy(
    desk: Desk, slack: Slack, speaker: Speaker, person: Named, monday: datetime, seconds: int, late: bool
) -> None:
    policy = replace(desk.policy.escalation, late_after=timedelta(minutes=7))
    patient = replace(desk, policy=replace(desk.policy, escalation=policy))
    due(desk, monday, 1, VP)
    now = monday + timedelta(minutes=7, seconds=seconds)
    digests.digest(at(patient, now), slack, speaker, role=VP, due_at=monday.isoformat())
    (said,) = received(person("U0VP"))
    assert ("This was due" in said) is late
