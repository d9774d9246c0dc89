"""A look takes for deleted what was recorded before it and is not shown, and nothing else."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from bot.incidents.flows import record
from bot.incidents.queries import timeline
from bot.incidents.rules.timeline import Kind
from bot.incidents.tables import IncidentRow
from bot.lifecycle.flows.backfill import BackfillWindow, begin_backfill, end_backfill
from tests.fixtures.flow import Declare
from tests.support.rows import NOON, minutes

NOW = NOON + minutes(10)
_numbers = itertools.count(1)


@pytest.fixture
def row(session: Session, declared: Declare) -> IncidentRow:
    row = declared()
    row.channel_id = f"C0MISSED{next(_numbers)}"
    session.flush()
    return row


def say(session: Session, row: IncidentRow, words: str, before: timedelta) -> str:
    """A message that Slack stamped so long before NOW, and that came by event."""
    ts = f"{(NOW - before).timestamp():.6f}"
    assert record.message_posted(session, row.channel_id or "", ts, "U0RESPONDER", words, NOW)
    return ts


def begun(session: Session, row: IncidentRow) -> BackfillWindow:
    look = begin_backfill(session, row, NOW, long=False)
    assert look is not None
    return look


def said(session: Session, row: IncidentRow) -> list[str]:
    shown = timeline.list_entries(session, row.incident_id)
    return [entry.text for entry in shown if entry.kind is Kind.MESSAGE_POSTED]


def test_what_comes_by_event_while_history_is_read_is_not_taken_for_deleted(session: Session, row: IncidentRow) -> None:
    shown = say(session, row, "shown", timedelta(minutes=5))
    say(session, row, "taken back", timedelta(minutes=4))
    look = begun(session, row)
    # Our clock is two minutes fast: Slack stamps what is said now with an instant that is over here.
    say(session, row, "said just now", timedelta(minutes=2))
    assert end_backfill(session, look, {shown}, NOW) == 1
    assert said(session, row) == ["shown", "said just now"]


def test_what_was_recorded_a_moment_ago_may_not_be_in_history_yet(session: Session, row: IncidentRow) -> None:
    shown = say(session, row, "shown", timedelta(minutes=5))
    say(session, row, "taken back", timedelta(seconds=31))
    say(session, row, "a moment ago", timedelta(seconds=29))
    assert end_backfill(session, begun(session, row), {shown}, NOW) == 1
    assert said(session, row) == ["shown", "a moment ago"]
