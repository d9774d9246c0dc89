"""Lines in an incident's channel, and words to one person in it."""

from __future__ import annotations

import structlog

from bot.context import AppContext
from bot.incidents import messages as incident_messages
from bot.incidents.queries import incidents, timeline
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster
from bot.text.markup import harmless

log = structlog.get_logger(__name__)

_AWAY = frozenset({"user_not_in_channel", "user_not_found", "user_disabled"})  # what Slack says of who left
_MISSING = UNREACHABLE | {"user_not_found", "user_disabled", "not_enabled", "user_not_in_channel"}


def offer_key(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, user_id: str, ts: str, text: str
) -> None:
    """Offer whoever wrote it to mark a message as key."""
    with context.database.transaction() as session:
        channel_id = incidents.get(session, incident_id).channel_id
    if channel_id:
        _whisper(slack, channel_id, user_id, incident_messages.key_offer(text, f"{incident_id}:{ts}"))


def _whisper(slack: Slack, channel_id: str, user_id: str, message: Message) -> None:
    try:
        slack.whisper(channel_id, user_id, message.text, message.blocks)
    except Refused as refused:
        if refused.error not in _MISSING:
            raise
        log.info("could not whisper", channel=channel_id, user=user_id, error=refused.error)


def say(context: AppContext, slack: Slack, poster: Poster, *, entry_id: int) -> None:
    """One line in the incident's channel about one entry of its timeline."""
    with context.database.transaction() as session:
        entry = timeline.get(session, entry_id)
        row = incidents.get(session, entry.incident_id)
        text, at, channel_id = entry.data.get("said") or entry.text, entry.at, row.channel_id
        reachable = not row.channel_archived
    if not channel_id or not reachable:
        return
    line = incident_messages.announcement(harmless(text), at, context.now())
    poster.try_to_post(f"entry:{entry_id}", channel_id, line)


def whisper(context: AppContext, slack: Slack, poster: Poster, *, channel_id: str, user_id: str, text: str) -> None:
    """A sentence that only one person sees; whoever has left the channel since does not miss it."""
    try:
        slack.whisper(channel_id, user_id, text)
    except Refused as refused:
        if refused.error not in _AWAY:
            raise
        log.info("could not whisper", channel=channel_id, user=user_id, error=refused.error)
