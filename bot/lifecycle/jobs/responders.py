"""Bringing people into an incident, and telling whoever takes a role what it expects."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.jobs.direct import send_direct_message, show_privately
from bot.incidents.jobs.members import invite
from bot.incidents.messages import marked
from bot.incidents.queries import incidents
from bot.lifecycle.messages.command import expected_of
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster


def assigned(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    incident_id: int,
    user_id: str,
    part: str,
    asked_by: str | None = None,
) -> None:
    """Bring somebody in and tell them alone what their part expects of them, outside where they are not let in."""
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    invite(context, slack, incident_id, [user_id], asked_by)
    message = marked(Message(expected_of(incident.ref, part)), incident.ref)
    if not show_privately(context, slack, incident_id, user_id, message):
        send_direct_message(slack, poster, user_id, f"assigned:{incident_id}:{part}:{user_id}", message)


def bring(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    incident_id: int,
    user_ids: list[str],
    asked_by: str | None = None,
) -> None:
    """Invite people into an incident's channel; where Slack refuses us rather than them, try again later."""
    refused = invite(context, slack, incident_id, user_ids, asked_by, last=True)
    for refusal in refused.values():
        if refusal.may_pass:
            raise refusal
