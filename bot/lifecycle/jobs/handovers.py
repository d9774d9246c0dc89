"""The offer of command: in the incident's channel and to the person asked, edited once it is accepted or falls away."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.incidents.tables import HandoverRow
from bot.lifecycle.messages import handover as roster
from bot.lifecycle.queries import handovers
from bot.lifecycle.queries import handovers as lifecycle_queries
from bot.slack.client import Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster
from bot.slack.text import person
from bot.text.markup import instant


def handover(context: AppContext, slack: Slack, poster: Poster, *, handover_id: int) -> None:
    """Post the offer, or edit it into what became of it."""
    with context.database.transaction() as session:
        row = lifecycle_queries.get_handover(session, handover_id)
        incident_row = incidents.get(session, row.incident_id)
        incident, reachable = incidents.facts(incident_row), not incident_row.channel_archived
    if row.state == handovers.OFFERED:
        message = roster.handover(row.handover_id, incident, row.from_user, row.to_user, row.asked_by)
    else:
        message = roster.handover_over(incident, _outcome(row))
    if incident.channel_id and reachable:
        slack.invite(incident.channel_id, [row.to_user])
        poster.try_to_post(f"handover:{handover_id}", incident.channel_id, message)
    try:
        poster.try_to_post(f"handover:{handover_id}:{row.to_user}", slack.open_direct(row.to_user), message)
    except Refused as refused:
        if refused.error not in UNREACHABLE | {"user_not_found", "user_disabled", "cannot_dm_bot"}:
            raise


def _outcome(row: HandoverRow) -> str:
    when = instant(row.decided_at) if row.decided_at else ""
    if row.state == handovers.ACCEPTED:
        return f"{person(row.to_user)} accepted command {when}."
    return f"This offer of command to {person(row.to_user)} was withdrawn {when}."
