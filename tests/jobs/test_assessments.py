"""What people hear of reviews: reminders that say what is to be done, to those who hold the roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.flows import change
from bot.flows.desk import Desk
from bot.jobs import assessments, room
from bot.jobs.delivery import Speaker
from bot.playground.person import Person
from bot.slack.client import Slack
from bot.store import incidents
from bot.store.tables import IncidentRow
from tests.jobs.conftest import Declared

Named = Callable[[str], Person]


@pytest.fixture
def resolved(desk: Desk, slack: Slack, speaker: Speaker, declared: Declared) -> IncidentRow:
    """An incident with a room, resolved and left at that."""
    row = declared()
    room.open_room(desk, slack, speaker, incident_id=row.incident_id)
    with desk.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        change.resolve(session, found, "U0TEAMLEAD", desk.policy, desk.now(), "raised it", "pool exhausted")
        return found


def heard(one: Person) -> str:
    return "\n".join(str(message) for message in one.messages(one.dm_with("U0TOCSIN")))


def test_the_reminder_of_what_nobody_closed_asks_to_close_it(
    desk: Desk, slack: Slack, speaker: Speaker, resolved: IncidentRow, person: Named
) -> None:
    for _ in range(2):
        assessments.review_reminder(desk, slack, speaker, incident_id=resolved.incident_id, reminder="24 h")
    said = heard(person("U0MANAGER"))
    assert said.count(f"'{resolved.ref} is not closed yet, its review is due soon'") == 1
    assert f"`/incident close {resolved.ref}`" in said


def test_nobody_is_reminded_of_what_is_open_again_or_was_a_duplicate(
    desk: Desk, slack: Slack, speaker: Speaker, resolved: IncidentRow, person: Named
) -> None:
    with desk.database.transaction() as session:
        incidents.get(session, resolved.incident_id).merged_into = resolved.incident_id
    assessments.review_reminder(desk, slack, speaker, incident_id=resolved.incident_id, reminder="24 h")
    with desk.database.transaction() as session:
        row = incidents.get_for_change(session, resolved.incident_id)
        change.reopen(session, row, "U0TEAMLEAD", desk.policy, desk.now())
    assessments.review_reminder(desk, slack, speaker, incident_id=resolved.incident_id, reminder="44 h")
    assert resolved.ref not in heard(person("U0MANAGER"))
