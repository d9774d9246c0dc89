"""A time that names no zone is read by the clock of whoever types it, and the answer says the instant."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.context import AppContext
from bot.incidents.commands import run_command
from bot.incidents.flows.typed_times import time_zone_of
from bot.incidents.queries import timeline
from bot.incidents.tables import IncidentRow
from bot.lifecycle.listeners.timeline import entry_form, entry_saved
from bot.slack import queries as slack_queries
from bot.slack.client import Slack
from bot.wiring.access.standing import Standings
from bot.wiring.listeners import REGISTRY
from slack_playground.app import Playground
from tests.fixtures.job import Declared

NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)  # a Friday; 17:30 in India
PEOPLE = {"U0RESPONDER": "Asia/Kolkata", "U0TEAMLEAD": "America/New_York", "U0SUPPORT": "Mars/Olympus_Mons"}


@pytest.fixture
def there(context: AppContext, slack: Slack, playground: Playground) -> AppContext:
    """People of several zones, each of whom Slack was just asked about."""
    standings = Standings(slack, lambda: 0.0)
    for user_id in ("U0RESPONDER", "U0TEAMLEAD"):
        playground.workspace.users[user_id].tz = PEOPLE[user_id]
        standings.look_up(user_id)
    return replace(context, now=lambda: NOW, time_zone_of=standings.time_zone_of)


@pytest.fixture
def row(declared_incident: Declared, there: AppContext) -> IncidentRow:
    row = declared_incident()
    with there.database.transaction() as session:
        session.get_one(IncidentRow, row.incident_id).declared_at = NOW
    return row


def typed(context: AppContext, slack: Slack, text: str, user_id: str) -> str:
    heard: list[str] = []
    payload = {"text": text, "user_id": user_id, "channel_id": "C0GENERAL", "trigger_id": f"{text}:{user_id}"}
    run_command(REGISTRY, context, slack, lambda text, **more: heard.append(text), payload)  # type: ignore[arg-type]  # Bolt's Ack
    return heard[0]


@pytest.mark.parametrize(
    ("user_id", "words", "said"),
    [
        ("U0RESPONDER", "at 17:20 rolled back", "at 2026-11-20 17:20 IST (11:50 UTC)"),
        ("U0RESPONDER", "17:20 CET rolled back", "is in the future"),
        ("U0RESPONDER", "00:10 rolled back", "at 2026-11-20 00:10 IST (2026-11-19 18:40 UTC)"),
        ("U0RESPONDER", "five minutes ago rolled back", "at 2026-11-20 17:25 IST (11:55 UTC)"),
        ("U0TEAMLEAD", "on Friday at about 6:45 rolled back", "at 2026-11-20 06:45 EST (11:45 UTC)"),
        ("U0TEAMLEAD", "11:45 UTC rolled back", "at 2026-11-20 06:45 EST (11:45 UTC)"),
        ("U0RESPONDER", "detected at 17:20", "Detection time set to 11:50 UTC for the review."),
        ("U0RESPONDER", "began at 17:40", "Beginning set to 2026-11-19 12:10 UTC for the review and the figures."),
        ("U0RESPONDER", "detected: 10:30 CET by a probe", "Detection time set to 09:30 UTC"),
        ("U0RESPONDER", "began at yesterday 23:00", "Beginning set to 2026-11-19 17:30 UTC"),
        ("U0VP", "11:45 rolled back", "at 2026-11-20 11:45 UTC."),
    ],
)
def test_a_note_s_time_is_its_author_s(
    there: AppContext, slack: Slack, row: IncidentRow, user_id: str, words: str, said: str
) -> None:
    assert said in typed(there, slack, f"note {row.ref} {words}", user_id)


def test_an_override_runs_by_the_clock_of_whoever_makes_it(there: AppContext, slack: Slack) -> None:
    said = typed(there, slack, "oncall override <@U0VP> from Monday 9:00 until Friday 17:00", "U0TEAMLEAD")
    assert "from 2026-11-23 09:00 EST (14:00 UTC) until 2026-11-27 17:00 EST (22:00 UTC)" in said
    assert "Override removed" in typed(there, slack, "oncall remove <@U0VP>", "U0TEAMLEAD")


def test_the_form_of_an_entry_shows_and_keeps_seconds(there: AppContext, row: IncidentRow) -> None:
    with there.database.transaction() as session:
        session.get_one(IncidentRow, row.incident_id).channel_id = "C0GENERAL"
    message = {"ts": f"{NOW.timestamp() - 61:.6f}", "text": "pool full", "user": "U0TEAMLEAD"}
    form = entry_form(there, "U0RESPONDER", "C0GENERAL", message)
    field = next(block for block in form["blocks"] if block.get("block_id") == "when")
    assert field["label"]["text"] == "When did it happen? (Asia/Kolkata)"
    assert field["element"]["initial_value"] == "2026-11-20 17:29:29"
    view = {"id": "V1", "private_metadata": form["private_metadata"]}
    assert saved(there, row, view, "2026-11-20 17:29:12").second == 12
    again = entry_form(there, "U0RESPONDER", "C0GENERAL", message)
    opened = json.loads(again["private_metadata"]) | {"entry": _entry_id(there, row)}
    view = {"id": "V2", "private_metadata": json.dumps(opened)}
    assert saved(there, row, view, "2026-11-20 17:29:13").second == 13, "a correction by a second is one"


def saved(context: AppContext, row: IncidentRow, view: dict[str, Any], when: str) -> datetime:
    """When the entry stands on the timeline once its form was sent."""
    with context.database.transaction() as session:
        entry_saved(session, context, {"when": when, "text": "pool full"}, view, "U0RESPONDER", NOW)
    with context.database.transaction() as session:
        shown = timeline.find_entry(session, row.incident_id, _entry_id(context, row))
        assert shown is not None
        return shown.at


def _entry_id(context: AppContext, row: IncidentRow) -> int:
    with context.database.transaction() as session:
        entries = timeline.list_entries(session, row.incident_id)
        return next(entry.entry_id for entry in entries if entry.text == "pool full")


def test_what_was_recorded_counts_where_slack_was_not_asked_and_nonsense_never(there: AppContext) -> None:
    with there.database.transaction() as session:
        slack_queries.record_name(session, "U0MANAGER", "manager", NOW, "Europe/Berlin")
        slack_queries.record_name(session, "U0SUPPORT", "support", NOW, PEOPLE["U0SUPPORT"])
        slack_queries.record_name(session, "U0MANAGER", "manager", NOW)
        assert time_zone_of(session, there, "U0MANAGER").key == "Europe/Berlin"
        assert time_zone_of(session, there, "U0SUPPORT") == there.policy.calendar.zone
        assert time_zone_of(session, there, "U0NOBODY") == there.policy.calendar.zone
