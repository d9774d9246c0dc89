"""Reminders that are due."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.jobs.direct import send_direct_message
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.messages import marked
from bot.incidents.queries import incidents
from bot.lifecycle.messages import reminders as messages
from bot.lifecycle.queries import reminders as store
from bot.slack.client import Slack
from bot.slack.poster import Poster


def remind(context: AppContext, slack: Slack, poster: Poster, *, reminder_id: int) -> None:
    """Say one where the incident is worked on, or by direct message where that is nowhere; once."""
    with context.database.transaction() as session:
        row = store.find(session, reminder_id)
        if row is None:
            return  # it was said by an earlier try
        incident_id, user_id = row.incident_id, row.user_id
        message = marked(messages.due(user_id, row.text), incidents.get(session, incident_id).ref)
    key = f"reminder:{reminder_id}"
    if post_in_incident(context, poster, incident_id, key, message) is None:  # there is no place where it is worked on
        send_direct_message(slack, poster, user_id, f"{key}:direct", message)
    with context.database.transaction() as session:
        row = store.find(session, reminder_id)
        if row is not None:
            store.remove(session, row)
