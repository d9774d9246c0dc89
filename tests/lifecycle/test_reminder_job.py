"""A reminder that is due is said where the incident is worked on, or to whoever asked for it; once."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.lifecycle.flows import reminders
from bot.lifecycle.jobs.reminders import remind
from bot.lifecycle.queries import reminders as store
from bot.slack.client import Slack
from bot.slack.poster import Poster
from slack_playground.person import Person, content_of
from tests.fixtures.job import Declared
from tests.support.rows import minutes
from tests.support.stage import BOT


def test_where_there_is_no_channel_it_reaches_whoever_asked_for_it(
    context: AppContext, slack: Slack, poster: Poster, declared_incident: Declared, responder: Person
) -> None:
    row, now = declared_incident(), context.now()
    with context.database.transaction() as session:
        found = incidents.get_for_change(session, row.incident_id)
        found.ref = f"SEC-2026-{row.incident_id:04d}"  # spoken about in no thread of the announcement channel
        reminders.plan(session, found, "command:1", "U0RESPONDER", now + minutes(1), "turn the keys", now)
        (waiting,) = store.list_waiting(session, row.incident_id)
        assert reminders.say_due(session, now, 10) == 0
        assert reminders.say_due(session, now + minutes(1), 10) == 1
    for _ in range(2):
        remind(context, slack, poster, reminder_id=waiting.reminder_id)
    said = [content_of(message) for message in responder.messages(responder.dm_with(BOT))]
    assert sum("turn the keys" in text.split("\n")[0] for text in said) == 1
