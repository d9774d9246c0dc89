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

from bot.context import AppContext
from bot.escalation.jobs import digests
from bot.escalation.queries import pings
from bot.escalation.rules.roster import Shifts
from bot.escalation.tables import PingRow
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import TimelineEntry
from bot.incidents.visibility import which_visible
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.engine import Database
from slack_playground.person import Person, content_of
from tests.support.queue import queued
from tests.support.rows import add_incident, add_ping

Named = Callable[[str], Person]
LEAD, VP = "team lead", "VP engineering"
_weeks = count()


@pytest.fixture
def monday() -> datetime:
    """A weekly review of this test's own."""
    return datetime(2031, 1, 6, 9, tzinfo=UTC) + timedelta(weeks=next(_weeks))


def due(context: AppContext, monday: datetime, number: int, role: str = LEAD) -> list[int]:
    """So many incidents, milder ones first, listed for the role's review; the ids of the pings."""
    with context.database.transaction() as session:
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


def at(context: AppContext, now: datetime) -> AppContext:
    return replace(context, now=lambda: now)


def review(context: AppContext, slack: Slack, poster: Poster, monday: datetime, role: str = LEAD) -> None:
    digests.digest(at(context, monday), slack, poster, role=role, due_at=monday.isoformat())


def received(person: Person) -> list[str]:
    return [content_of(message) for message in person.messages(person.dm_with("U0TOCSIN"))]


def states(context: AppContext, ping_ids: list[int]) -> set[str]:
    with context.database.transaction() as session:
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
    context: AppContext, slack: Slack, poster: Poster, person: Named, monday: datetime
) -> None:
    few, many = due(context, monday, 2), due(context, monday + timedelta(weeks=500), 200)
    with counted(context.database) as for_few:
        review(context, slack, poster, monday)
    with counted(context.database) as for_many:
        review(context, slack, poster, monday + timedelta(weeks=500))
    assert states(context, few) == states(context, many) == {pings.SENT}
    assert len(for_many) == len(for_few), "\n".join(for_many)
    first, second = received(person("U0TEAMLEAD"))
    assert "2 incidents are open" in first
    assert "200 incidents are open" in second and "… and 160 more" in second
    with context.database.transaction() as session:
        assert queued(session, "slack.page_over") == [], "a review has no page to edit"
        told = session.scalars(
            select(TimelineEntry.text).where(TimelineEntry.source_key.in_(f"ping:{ping_id}" for ping_id in many))
        ).all()
    assert told == ["Paged <@U0TEAMLEAD> as team lead (weekly review)."] * 200


def test_a_review_that_runs_again_says_nothing_and_takes_in_what_came_since(
    context: AppContext, slack: Slack, poster: Poster, person: Named, monday: datetime
) -> None:
    first = due(context, monday, 2)
    for _ in range(2):
        review(context, slack, poster, monday)
    (said,) = received(person("U0TEAMLEAD"))
    assert "2 incidents are open" in said
    later = due(context, monday, 1)
    review(context, slack, poster, monday)
    (said,) = received(person("U0TEAMLEAD"))
    assert "3 incidents are open" in said
    assert states(context, first + later) == {pings.SENT}


def test_what_nobody_could_be_told_is_on_each_timeline_and_announced(
    context: AppContext, slack: Slack, poster: Poster, monday: datetime
) -> None:
    contacts = replace(context.policy.contacts, on_call=Shifts(()), roles={})
    empty = replace(context, policy=replace(context.policy, contacts=contacts))
    ping_ids = due(context, monday, 3)
    with counted(context.database) as for_three:
        review(empty, slack, poster, monday)
    more = due(context, monday + timedelta(weeks=500), 50)
    with counted(context.database) as for_fifty:
        review(empty, slack, poster, monday + timedelta(weeks=500))
    assert states(context, ping_ids) == states(context, more) == {pings.FAILED}
    assert len(for_fifty) == len(for_three)
    with context.database.transaction() as session:
        for ping_id in ping_ids:
            entry = timeline.find_by_source(session, f"ping:{ping_id}")
            assert entry is not None and entry.kind == Kind.PING_FAILED
            assert entry.text.startswith(
                "Could not page the team lead (weekly review): No one is assigned to team lead."
            )
            assert len(queued(session, "slack.say", entry_id=entry.entry_id)) == 1


def test_the_pings_of_a_review_are_locked_in_the_order_of_their_ids(
    context: AppContext, slack: Slack, poster: Poster, monday: datetime
) -> None:
    """The mildest incident is listed last, but its ping is the first: whoever holds that keeps the review off all."""
    first, *_, last = due(context, monday, 4)
    with context.database.transaction() as mine:
        pings.get_for_change(mine, first)
        other = threading.Thread(target=review, args=(context, slack, poster, monday))
        other.start()
        wait_for_a_lock(context.database, other)
        free = mine.execute(text("select ping_id from pings where ping_id = :it for update nowait"), {"it": last})
        assert free.scalar_one() == last, "the review holds nothing while it waits"
    other.join(20)
    assert states(context, [first, last]) == {pings.SENT}


@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, False), (1, True)])
def test_a_review_says_that_it_is_late_by_the_policy(
    context: AppContext, slack: Slack, poster: Poster, person: Named, monday: datetime, seconds: int, late: bool
) -> None:
    policy = replace(context.policy.escalation, late_after=timedelta(minutes=7))
    patient = replace(context, policy=replace(context.policy, escalation=policy))
    due(context, monday, 1, VP)
    now = monday + timedelta(minutes=7, seconds=seconds)
    digests.digest(at(patient, now), slack, poster, role=VP, due_at=monday.isoformat())
    (said,) = received(person("U0VP"))
    assert ("This was due" in said) is late


def test_a_security_incident_is_listed_to_those_alone_who_may_see_it_and_the_list_lets_nobody_in(
    context: AppContext, slack: Slack, poster: Poster, person: Named, monday: datetime
) -> None:
    due(context, monday, 1)
    week, lead = next(_weeks), "U0TEAMLEAD"
    with context.database.transaction() as session:
        rows = [
            add_incident(session, ref=f"SEC-1998-{week}{at}", title="the vault was read", commander=commander)
            for at, commander in enumerate((lead, None))
        ]
        for row in rows:
            add_ping(session, row, kind="digest", role=LEAD, rule="weekly review", due_at=monday)
    review(context, slack, poster, monday)
    said = received(person(lead))[-1]
    assert rows[0].ref in said and "1 security incident not listed" in said
    assert rows[1].ref not in said and "was read" not in said
    with context.database.transaction() as session:
        assert which_visible(session, [row.incident_id for row in rows], lead) == {rows[0].incident_id}
