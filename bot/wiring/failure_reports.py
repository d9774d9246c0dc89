"""What the jobs promise, and saying so on the incident's timeline where Slack refuses one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.escalation.queries import pings
from bot.incidents.flows.refusals import NotDone, not_done
from bot.incidents.queries import incidents, timeline
from bot.lifecycle.queries import handovers, severity_suggestions
from bot.slack.client import Refused
from bot.slack.refusals import OF_THE_TOKEN, TRIED_AGAIN

log = structlog.get_logger(__name__)

# By task: completes "Tocsin couldn't …". A task that is not listed speaks of no incident, or says so itself.
PROMISES: dict[str, str] = {
    "slack.open_room": "post the incident's card",
    "slack.card": "update the incident's card",
    "slack.mirror": "update the incident in the announcement channel",
    "slack.check_channel": "look at the incident's channel",
    "slack.reminder": "post a reminder",
    "slack.say": "post a line of the timeline where the incident is worked on",
    "slack.reply_privately": "answer somebody in the channel",
    "slack.offer_key": "ask whether a message is key",
    "slack.review": "post the draft of the review",
    "slack.redraft": "update the draft of the review",
    "slack.suggest_severity": "post a suggested severity",
    "slack.review_reminder": "post the review reminder",
    "slack.review_changes": "send the requested changes of the review to its author",
    "slack.review_picture": "post the picture of the timeline",
    "slack.review_questions": "ask people for what the review is missing",
    "slack.review_handed_in": "announce that the review is ready",
    "slack.review_canvas": "show the review in the channel",
    "slack.page": "page somebody",
    "slack.page_over": "update a page",
    "slack.mention": "show a page in the channel",
    "slack.handover": "post the offer of command",
    "slack.news": "say in the channel what stakeholders were told",
    "slack.notice": "post the stakeholder update",
    "slack.update_due": "remind somebody of the promised stakeholder update",
    "slack.update_wanted": "tell somebody that stakeholders wait for an update",
    "slack.checklist": "post the checklist",
    "slack.assigned": "notify somebody about their role",
    "slack.ask_kind": "ask who may see the incident",
    "slack.end_step": "tell the workflow that declared it",
    "slack.leave_channel": "withdraw what was said",
    "slack.sweep_left": "withdraw what was said",
    "slack.read_back": "read what was said in the channel",
    "slack.read_members": "read who is in the channel",
}


def report_failure(context: AppContext, task: str, arguments: Mapping[str, Any], refused: Refused) -> None:
    """Slack refused a job: whoever declared the incident and its commander hear of it, once for each reason.

    Not while Slack refuses our token: then nobody can be told in Slack, and readiness and `tocsin doctor` say so.
    """
    if not refused.may_pass:
        log.error("slack refused for good", error=str(refused))
    what = PROMISES.get(task)
    if what is None or refused.error in OF_THE_TOKEN:
        return
    again = TRIED_AGAIN if refused.may_pass else ""
    with context.database.transaction() as session:
        incident_id = _incident_of(session, arguments)
        if incident_id is None:
            return
        row = incidents.get_for_change(session, incident_id)
        not_done(session, row, NotDone(what, refused.refusal, again=again), context.now())


def _incident_of(session: Session, arguments: Mapping[str, Any]) -> int | None:
    """The incident that a job is about."""
    if "incident_id" in arguments:
        return int(arguments["incident_id"])
    if "entry_id" in arguments:
        return timeline.get(session, arguments["entry_id"]).incident_id
    if "ping_id" in arguments:
        return pings.get(session, arguments["ping_id"]).incident_id
    if "handover_id" in arguments:
        return handovers.get_handover(session, arguments["handover_id"]).incident_id
    held = severity_suggestions.find(session, arguments.get("suggestion_id", 0))
    return held.incident_id if held is not None else None
