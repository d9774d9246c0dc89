"""Bringing people into an incident, and telling whoever takes a role what it expects."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.jobs import _whisper
from bot.incidents.queries import incidents
from bot.incidents.rules.responders import EXPECTED, ResponderRole
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster


def assigned(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_id: str, part: str) -> None:
    """Bring somebody in and tell them alone what their part expects of them."""
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if incident.channel_id is None:
        return
    slack.invite(incident.channel_id, [user_id])
    text = f"You are {part} of {incident.ref}. {EXPECTED[ResponderRole(part)]} `/incident catchup` shows the status."
    _whisper(slack, incident.channel_id, user_id, Message(text))


def bring(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_ids: list[str]) -> None:
    """Invite people into an incident's channel."""
    with context.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id
    if channel_id:
        slack.invite(channel_id, user_ids)
