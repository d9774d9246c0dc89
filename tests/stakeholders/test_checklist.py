"""The ticks of the checklist after resolving."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from bot.context import Policy
from bot.errors import BadRequest
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.stakeholders.flows import notify
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes

MARKS = (Kind.CHECK_DONE, Kind.CHECK_UNDONE)


def test_a_press_that_is_delivered_twice_ticks_once(session: Session, declared: Declare, policy: Policy) -> None:
    row, points = declared(), policy.notices.checklist
    item = next(iter(points))
    for minute, done, changed in ((1, True, True), (2, True, False), (3, False, True), (4, False, False)):
        marked = notify.tick(session, row, 1, item, done, "U0RESPONDER", points, NOON + minutes(minute))
        assert marked is changed
    kinds = [entry.kind for entry in timeline.list_rows(session, row.incident_id, MARKS)]
    assert kinds == [Kind.CHECK_DONE, Kind.CHECK_UNDONE]
    assert notify.ticks(session, row.incident_id, 1) == {}


def test_a_point_that_is_not_on_the_list_is_refused(session: Session, declared: Declare, policy: Policy) -> None:
    with pytest.raises(BadRequest):
        notify.tick(session, declared(), 1, "gone", True, "U0RESPONDER", policy.notices.checklist, NOON)
