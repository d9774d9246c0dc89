"""The offer of command: in the incident's channel and to the person asked, edited once it is accepted or falls away."""

from __future__ import annotations

import structlog

from bot.context import AppContext
from bot.incidents.jobs.direct import send_direct_message
from bot.incidents.jobs.members import invite
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.messages import marked
from bot.incidents.queries import incidents
from bot.incidents.tables import HandoverRow
from bot.lifecycle.messages import command as messages
from bot.lifecycle.queries import handovers
from bot.slack.client import Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)


def handover(context: AppContext, slack: Slack, poster: Poster, *, handover_id: int) -> None:
    """Post the offer, or edit it into what became of it."""
    with context.database.transaction() as session:
        row = handovers.get_handover(session, handover_id)
        incident_row = incidents.get(session, row.incident_id)
        incident = incidents.facts(incident_row)
    if row.state == handovers.OFFERED:
        message = messages.handover(row.handover_id, incident, row.from_user, row.to_user, row.asked_by)
    else:
        message = messages.handover_over(incident, _outcome(row))
    post_in_incident(context, poster, incident.incident_id, f"handover:{handover_id}", message)
    own = marked(message, incident.ref)
    if not send_direct_message(slack, poster, row.to_user, f"handover:{handover_id}:{row.to_user}", own):
        log.info("the offer of command stands in the channel only", handover_id=handover_id)
    if row.state == handovers.OFFERED:  # last: Slack may not let them in for a while
        invite(context, slack, incident.incident_id, [row.to_user], row.asked_by)


def _outcome(row: HandoverRow) -> str:
    said = messages.accepted if row.state == handovers.ACCEPTED else messages.offer_withdrawn
    return said(row.to_user, row.decided_at)
