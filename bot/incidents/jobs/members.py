"""Who is in an incident's channel: inviting people, and asking Slack who is there."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from bot.context import AppContext
from bot.incidents import messages as incident_messages
from bot.incidents.flows import members
from bot.incidents.flows.record import invite_later
from bot.incidents.jobs.posting import report_refusal
from bot.incidents.queries import incidents, places
from bot.incidents.rules.incident import is_private
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster

log = structlog.get_logger(__name__)


def invite(
    context: AppContext,
    slack: Slack,
    incident_id: int,
    user_ids: Iterable[str],
    asked_by: str | None = None,
    last: bool = False,
) -> dict[str, Refused]:
    """Invite people into the incident's channel; who could not be let in, and why.

    They are named, with the reason, to whoever asked and to the commander. Where it is about us, it is tried again in a
    job of its own, so that nothing waits for it.
    """
    with context.database.reading() as session:
        place = places.place_of(session, incidents.get(session, incident_id))
    if place is None or place.thread_ts:
        return {}
    return invite_into(context, slack, incident_id, place.channel_id, user_ids, asked_by, last)


def invite_into(
    context: AppContext,
    slack: Slack,
    incident_id: int,
    channel_id: str,
    user_ids: Iterable[str],
    asked_by: str | None = None,
    last: bool = False,
) -> dict[str, Refused]:
    """As `invite`, where the channel is known to be there."""
    refused = slack.invite(channel_id, dict.fromkeys(user_ids))
    for user_id, refusal in refused.items():
        report_refusal(context, incident_id, incident_messages.bring_in(user_id, channel_id), refusal, asked_by)
    later = [user_id for user_id, refusal in refused.items() if refusal.may_pass]
    if later and not last:
        with context.database.transaction() as session:
            invite_later(session, incident_id, later, asked_by)
    return refused


def read_members(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Ask Slack who is in the channel of a security incident, and keep it. Raises TryAgain and Refused."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        channel_id, private = row.channel_id, is_private(row.ref)
        workspace = slack_queries.find_workspace(session)
    if channel_id is None or not private:
        return
    asked_at, user_ids = context.now(), None
    try:
        user_ids = slack.members(channel_id) - {workspace.bot_user_id if workspace else ""}
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not ask who is in the channel", channel=channel_id, error=refused.error)
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        if user_ids is None:
            members.unknown(session, row, context.now())
        else:
            members.found(session, row, user_ids, asked_at)
