"""Who posts a secret hears once, privately, that it still stands in Slack."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.incidents.tables import IncidentRow
from tests.fixtures.door import Doors
from tests.support.queue import queued

SECRET = "Xk3vQ9tR" + "z7LmB2wY"
_numbers = itertools.count(1)


@pytest.fixture
def channel(doors: Doors, known: AppContext) -> str:
    """The channel of the incident that is worked on."""
    with known.database.transaction() as session:
        row: IncidentRow = incidents.get(session, doors.row.incident_id)
        row.channel_id = f"C0WARN{row.incident_id}"
        return row.channel_id


def say(doors: Doors, channel: str, text: str, ts: str = "", **more: Any) -> str:
    """A message as Slack tells of it; its ts."""
    ts = ts or f"{1795176000 + next(_numbers)}.000100"
    event = {"type": "message", "channel": channel, "user": "U0RESPONDER", "text": text, "ts": ts, "event_ts": ts}
    body = {"type": "event_callback", "event_id": f"EvSecret{channel}{next(_numbers)}", "event": event | more}
    assert doors.app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200
    return ts


def warnings(context: AppContext, channel: str) -> list[str]:
    with context.database.transaction() as session:
        jobs = queued(session, "slack.reply_privately", channel_id=channel, user_id="U0RESPONDER")
        return [job.arguments["text"] for job in jobs]


def test_the_poster_is_told_once_with_a_link_and_without_the_secret(
    doors: Doors, known: AppContext, channel: str
) -> None:
    ts = say(doors, channel, f"DB_PASSWORD={SECRET}")
    say(doors, channel, f"DB_PASSWORD={SECRET}", ts)
    [told] = warnings(known, channel)
    assert "still stands in Slack" in told and f"/archives/{channel}/p{ts.replace('.', '')}" in told
    assert SECRET not in told


def test_a_secret_that_comes_with_an_edit_is_told_of_too(doors: Doors, known: AppContext, channel: str) -> None:
    ts = say(doors, channel, "the pool is full")
    after = {"type": "message", "user": "U0RESPONDER", "text": f"token={SECRET}", "ts": ts, "edited": {"ts": "2.2"}}
    before = {"type": "message", "user": "U0RESPONDER", "text": "the pool is full", "ts": ts}
    say(doors, channel, "", "9.9", subtype="message_changed", message=after, previous_message=before)
    assert len(warnings(known, channel)) == 1


def test_nobody_is_told_of_innocents_nor_in_channels_that_are_not_recorded(
    doors: Doors, known: AppContext, channel: str
) -> None:
    say(doors, channel, "secret=orders-db, and the token expired")
    say(doors, "C0ELSEWHERE", f"DB_PASSWORD={SECRET}")
    assert warnings(known, channel) == [] and warnings(known, "C0ELSEWHERE") == []
