"""The files of the page in S3, and the question after resolving."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.aws.session import Denied
from bot.context import AppContext
from bot.incidents.jobs.posting import in_thread, post_in_incident
from bot.incidents.queries import incidents
from bot.incidents.rules.incident import Status
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.status_page import queries
from bot.status_page.messages import slack as messages
from bot.status_page.messages.page import files
from bot.status_page.pages import snapshot

log = structlog.get_logger(__name__)


def write_files(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Write the page's files where they are published; nothing where that is nowhere. Writing twice changes nothing."""
    if context.publish_file is None or context.status_address is None:
        return
    for name, file in files(snapshot(context)).items():
        try:
            context.publish_file(name, file.content, file.media_type)
        except Denied as refused:
            log.error("the status page's files were refused", file=name, reason=str(refused))
            raise


def propose_resolved(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, episode: int) -> None:
    """Ask in the incident's channel whether the page is to say resolved, or say there that it no longer shows it.

    Nothing is published by itself.
    """
    if context.status_address is None:
        return
    with context.database.transaction() as session:
        row, post = incidents.get(session, incident_id), queries.find_open(session, incident_id)
        if Status(row.status).is_open or row.episode != episode:
            return
        key, done = f"status-proposal:{incident_id}:{episode}", messages.proposal_done(row.ref)
        if post is None:
            message = None
        else:
            state = queries.as_post(session, post).state(context.now())
            message = messages.proposal(row.ref, post.title, state, f"{incident_id}:resolved")
    if message is not None:
        post_in_incident(context, poster, incident_id, key, message)
    elif not poster.edit(key, done):
        poster.edit(in_thread(key), done)


TASKS: dict[str, Callable[..., None]] = {"aws.status_page": write_files, "slack.status_proposal": propose_resolved}
