"""The picture of the timeline, in the thread of the draft of its review."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.context import AppContext
from bot.extras import Extra
from bot.incidents.queries import incidents
from bot.reviews.flows.drafting import chart
from bot.reviews.jobs.drafts import in_channel
from bot.reviews.messages.exports.picture import draw
from bot.reviews.messages.notices import picture_title
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack
from bot.slack.documents import find_file, share_file
from bot.slack.poster import Poster

log = structlog.get_logger(__name__)

_SKEW = timedelta(minutes=2)


def review_picture(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, episode: int) -> None:
    """Share the picture once for each closing, where the library that draws it is installed.

    The review stands without it: a channel or plan that takes no files is no reason to disturb anybody.
    """
    if not Extra.CHARTS.is_installed:
        return
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        channel_id = None if row.channel_archived or row.channel_trouble else row.channel_id
        if channel_id is None:
            return
        drawn, title = chart(session, row, context.policy, context.now()), picture_title(row.ref, episode)
        draft = slack_queries.find_message(session, in_channel(incident_id, episode))
        thread_ts = draft.ts if draft is not None and draft.channel_id == channel_id else None
    with context.database.transaction() as session:
        key = f"review-picture:{incident_id}:{episode}"
        earlier = slack_queries.begin_message(session, key, channel_id, context.now())
        since = (earlier.attempted_at - _SKEW).timestamp() if earlier else None
    try:
        if since is None or not find_file(slack, channel_id, title, since, thread_ts):
            picture = draw(drawn, "png")
            share_file(slack, channel_id, f"{row.ref}-timeline.png", title, picture, "", thread_ts=thread_ts)
    except Refused as refused:
        log.info("no picture of the timeline", incident_id=incident_id, error=refused.error)
