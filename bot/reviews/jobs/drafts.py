"""The draft of the review: made at closing, posted, and made again when more was recorded."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.extras import Extra
from bot.incidents.jobs.posting import post_in_incident
from bot.incidents.queries import incidents
from bot.reviews.flows.action_items import propose
from bot.reviews.flows.drafting import draft_once, recall_again
from bot.reviews.flows.drafting import redraft as draft_again
from bot.reviews.flows.editing import is_asked_for
from bot.reviews.jobs.reviews import for_outsiders, learn_names, review_path, send_each, who_manages
from bot.reviews.messages import notices as review_messages
from bot.reviews.messages.renderings import summary_for_slack
from bot.reviews.rules.document import Review
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.outbox import enqueue


def in_channel(incident_id: int, episode: int) -> str:
    """The key of the draft's message in the incident's channel, in whose thread the picture stands."""
    return f"review:{incident_id}:{episode}:channel"


def review(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, episode: int) -> None:
    """Draft the review, post it in the channel, send it to the commander and the engineering manager."""
    learn_names(context, slack, incident_id)
    key = f"review:{incident_id}:{episode}"
    memory = context.memory.current()
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        recall_again(row, memory)
        propose(session, row, memory.entries, context.now())
        drafted, kept = draft_once(session, row, context.policy, context.now())
        incident, due_at = incidents.facts(row), kept.due_at if is_asked_for(row) else None
        lead = row.commander or incidents.declarer(row)
        readers = [*filter(None, [lead]), *who_manages(session, context)]
        outsiders = for_outsiders(session, row, readers, review_messages.REVIEW_WAITS)
    lines = _main_facts(drafted)
    shared = None if incident.private else context.review_link(incident.ref)
    message = review_messages.review_ready(incident, shared, lines, due_at)

    def draw_later(session: Session, channel_id: str, ts: str) -> None:
        if due_at is not None and Extra.CHARTS.is_installed:
            lock = f"review-picture-{incident_id}"
            enqueue(session, "slack.review_picture", lock=lock, once=lock, incident_id=incident_id, episode=episode)

    said = review_messages.with_own_links(message)
    post_in_incident(context, poster, incident_id, in_channel(incident_id, episode), said, draw_later)
    send_each(
        context,
        slack,
        poster,
        key,
        readers,
        review_path(incident.ref),
        lambda link: review_messages.review_ready(incident, link, lines, due_at),
        outsiders,
    )


def redraft(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Bring into the draft what was recorded since the closing; people see it on the page and in the canvas."""
    learn_names(context, slack, incident_id)
    with context.database.transaction() as session:
        draft_again(session, incidents.get_for_change(session, incident_id), context.policy, context.now())


def _main_facts(drafted: Review) -> list[str]:
    """The executive summary, the targets that were missed, and in one line what is missing."""
    summary = summary_for_slack(drafted)
    missing = ", ".join(dict.fromkeys(line.label.lower() for line in summary.asked if line.label))
    facts = [f"{label}: {value}" for label, value in summary.facts]
    return facts + ([f"Missing: {missing}"] if missing else [])
