"""Asking people, once each and by direct message, for what a review is missing."""

from __future__ import annotations

import structlog

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.reviews.flows.answers import whom_to_ask
from bot.reviews.jobs.reviews import send_each
from bot.reviews.messages import questions as messages
from bot.reviews.queries import reviews
from bot.reviews.rules.questions import Question
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)


def review_questions(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Ask whoever declared, led or acknowledged the incident for what nobody recorded.

    A person is asked once for an incident, whatever is missing later: the key of the message holds no more than both.
    """
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        asked, stage = whom_to_ask(session, context, row, context.now()), reviews.find_stage(session, incident_id)
        incident = incidents.facts(row)
    if stage is None:
        return
    due_at = stage.due_at
    for user_id, questions in asked.items():

        def message(link: str | None, questions: tuple[Question, ...] = questions) -> Message:
            return messages.asked(incident, questions, due_at, link)

        key, path = f"review-questions:{incident_id}", f"/reviews/{incident.ref}"
        gone = send_each(context, slack, poster, key, [user_id], path, message, {})
        if gone:
            log.info("somebody who was to be asked for a review has left", incident_id=incident_id, user=user_id)
