"""Messages where an incident is spoken about: in its channel or, while it has none, in a thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents import messages as incident_messages
from bot.incidents.flows.refusals import NotDone, channel_lost, not_done
from bot.incidents.jobs.names import try_to_look_up
from bot.incidents.queries import incidents, lines, places, timeline
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Begun, Poster, Then
from bot.slack.refusals import OF_THE_TOKEN, TRIED_AGAIN

log = structlog.get_logger(__name__)


def post_in_incident(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    key: str,
    message: Message | Callable[[Session], Message],
    then: Then | None = None,
) -> str | None:
    """Post or edit what is said under `key` where the incident is spoken about; its ts, None where there is no place.

    `message` may be read in the transaction that notes the post; what `then` does commits with the record of it.
    In a thread it is a message of its own. Where Slack no longer lets us speak in the channel, that is looked into.
    Raises TryAgain and Refused; after either the call may be repeated.
    """
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)  # kept here, it is read once
        said = message if isinstance(message, Message) else message(session)
        said = incident_messages.marked(said, row.ref)
        begun = begin_post(session, poster, incident_id, key)
    return finish_post(context, poster, incident_id, key, begun, said, then)


def begin_post(session: Session, poster: Poster, incident_id: int, key: str, *, noted: bool = True) -> Begun | None:
    """Note in the caller's transaction that `key` is about to be said; None where there is no place to say it.

    Nothing is written where it need not be noted, see `Poster.begin_unnoted`.
    """
    place = places.place_of(session, incidents.get(session, incident_id))
    if place is None:
        return None
    key = in_thread(key) if place.thread_ts else key
    if noted:
        return poster.begin(session, key, place.channel_id, place.thread_ts)
    note = slack_queries.find_message(session, key)
    return poster.begin_unnoted(key, place.channel_id, place.thread_ts, note)


def finish_post(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    key: str,
    begun: Begun | None,
    message: Message,
    then: Then | None = None,
) -> str | None:
    """Say what was begun, as `post_in_incident` has it."""
    if begun is None:
        return None
    ts = _finish(context, poster, incident_id, begun, message, then)
    if ts is not None or begun.thread_ts:
        return ts
    with context.database.transaction() as session:
        again = begin_post(session, poster, incident_id, key)
    return _finish(context, poster, incident_id, again, message, then) if again and again.thread_ts else None


def _finish(
    context: AppContext,
    poster: Poster,
    incident_id: int,
    begun: Begun,
    message: Message,
    then: Then | None,
) -> str | None:
    try:
        return poster.finish(begun, message, then)
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        log.warning("could not post", key=begun.key, channel=begun.channel_id, error=refused.error)
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            if row.channel_id == begun.channel_id:
                channel_lost(session, row, refused.error, context.now())
        return None


def in_thread(key: str) -> str:
    """The key of what is said in the thread instead of in the channel."""
    return f"{key}:thread"


def report_refusal(
    context: AppContext,
    incident_id: int,
    what: str,
    refused: Refused,
    asked_by: str | None = None,
    again: str = "",
    since: datetime | None = None,
) -> None:
    """Slack refused what was promised: `what` completes "Tocsin couldn't …". People hear of it once.

    Not while Slack refuses our token: then nobody can be told in Slack.
    """
    if refused.error in OF_THE_TOKEN:
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        again = again or (TRIED_AGAIN if refused.may_pass else "")
        not_done(session, row, NotDone(what, refused.refusal, asked_by, again, since), context.now())


def post_entry(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """One line where the incident is spoken about, on one entry of its timeline.

    What comes within a minute of the line before, with nothing said in between, is added to that message.
    """
    with context.database.reading() as session:
        entry = timeline.get(session, entry_id)
        incident_id, author = entry.incident_id, entry.author
        known = slack_queries.names_of(session, filter(None, [author]))
    if author is not None and author not in known:
        try_to_look_up(context, slack, author)
    now = context.now()

    def shared(session: Session) -> Message:
        return incident_messages.announcements(lines.read(session, lines.share(session, entry_id, now)), now)

    post_in_incident(context, poster, incident_id, f"entry:{entry_id}", shared)
