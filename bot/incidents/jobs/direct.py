"""What one person is told: in the incident's channel where nobody else sees it, or by direct message."""

from __future__ import annotations

import zlib

import structlog

from bot.context import AppContext
from bot.incidents import messages as incident_messages
from bot.incidents import visibility
from bot.incidents.queries import incidents, places, timeline
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster
from bot.slack.replies.unfinished import may_not_be_done
from bot.text.markup import harmless

log = structlog.get_logger(__name__)

_MISSING = UNREACHABLE | {"user_not_found", "user_disabled", "not_enabled", "user_not_in_channel"}


def offer_key_moment(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_id: str, ts: str, text: str = ""
) -> None:
    """Offer whoever wrote it to mark a message as key. What it says is read, as jobs hold no words of people.

    The version before handed the `text` over.
    """
    with context.database.reading() as session:
        entry = timeline.find_by_message(session, incident_id, ts)
        said = entry.text if entry is not None else text
    if said:
        show_privately(context, slack, incident_id, user_id, incident_messages.key_offer(said, f"{incident_id}:{ts}"))


def show_privately(context: AppContext, slack: Slack, incident_id: int, user_id: str, message: Message) -> bool:
    """A message that only that person sees, where the incident is spoken about; False where they don't see it."""
    with context.database.reading() as session:
        row = incidents.get(session, incident_id)
        place, message = places.place_of(session, row), incident_messages.marked(message, row.ref)
    if place is None:
        return False
    try:
        slack.reply_privately(place.channel_id, user_id, message.text, message.blocks, place.thread_ts)
    except Refused as refused:
        if refused.error not in _MISSING:
            raise
        log.info("could not reply privately", channel=place.channel_id, user=user_id, error=refused.error)
        return False
    return True


def notify(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int, user_id: str) -> None:
    """An entry of the timeline as a direct message. Whom Slack does not let us write to reads it on the timeline.

    Who has left a security incident since it was to be said hears nothing.
    """
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row = incidents.get(session, entry.incident_id)
        incident, text = incidents.facts(row), harmless(entry.text)
        if not visibility.may_see(session, row, user_id):
            return
    message = incident_messages.marked(incident_messages.told(incident, text), incident.ref)
    send_direct_message(slack, poster, user_id, f"tell:{entry_id}:{user_id}", message)


def reply_privately(
    context: AppContext,
    slack: Slack,
    poster: Poster,
    *,
    user_id: str,
    text: str,
    incident_id: int | None = None,
    channel_id: str | None = None,
) -> None:
    """A sentence that only one person sees: where the incident is spoken about, or in a channel.

    Where Slack does not show it to them there, it becomes a direct message.
    """
    if incident_id is not None:
        with context.database.transaction() as session:
            row = incidents.get(session, incident_id)
            sees, text = visibility.may_see(session, row, user_id), incident_messages.marked_text(text, row.ref)
        if not sees or show_privately(context, slack, incident_id, user_id, Message(text)):
            return
    elif channel_id is not None:
        try:
            slack.reply_privately(channel_id, user_id, text)
            return
        except Refused as refused:
            if refused.error not in _MISSING:
                raise
            log.info("could not reply privately", channel=channel_id, user=user_id, error=refused.error)
    send_direct_message(
        slack, poster, user_id, f"reply_privately:{user_id}:{zlib.crc32(text.encode()):08x}", Message(text)
    )


def reply(context: AppContext, slack: Slack, poster: Poster, *, channel_id: str, ts: str, text: str) -> None:
    """The answer to a message that somebody wrote to Tocsin itself."""
    poster.try_to_post(f"reply:{channel_id}:{ts}", channel_id, Message(text))


def send_direct_message(slack: Slack, poster: Poster, user_id: str, key: str, message: Message) -> bool:
    """A direct message; False where Slack does not let us write to them."""
    try:
        poster.say(key, slack.open_direct(user_id), message)
    except Refused as refused:
        if refused.may_pass:
            raise
        log.warning("could not write to somebody", user=user_id, error=refused.error)
        return False
    return True


def say_unfinished(context: AppContext, slack: Slack, poster: Poster, *, name: str, user_id: str, what: str) -> None:
    """Tell whoever was acknowledged before it was done that nobody knows how it ended."""
    poster.try_to_post(name, slack.open_direct(user_id), Message(may_not_be_done(what)))
