"""Bringing people into an incident, and telling whoever takes a role what it expects."""

from __future__ import annotations

from bot.context import Desk
from bot.incidents.jobs import _whisper
from bot.incidents.queries import incidents
from bot.incidents.rules.responders import EXPECTED, Part
from bot.slack.client import Message, Slack
from bot.slack.poster import Speaker


def assigned(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, user_id: str, part: str) -> None:
    """Bring somebody in and tell them alone what their part expects of them."""
    with desk.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if incident.channel_id is None:
        return
    slack.invite(incident.channel_id, [user_id])
    text = f"You are {part} of {incident.ref}. {EXPECTED[Part(part)]} `/incident catchup` says where it stands."
    _whisper(slack, incident.channel_id, user_id, Message(text))


def bring(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int, user_ids: list[str]) -> None:
    """Invite people into an incident's channel."""
    with desk.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id
    if channel_id:
        slack.invite(channel_id, user_ids)
