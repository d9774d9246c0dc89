"""Whoever posts a secret hears, privately, that it still stands in Slack, with a link to the message that holds it."""

from __future__ import annotations

from bot.context import AppContext
from bot.incidents.queries import incidents
from bot.slack import queries as slack_queries
from bot.slack.text import secret_stands
from bot.store.outbox import enqueue
from bot.text.masking import MASK


def warn(context: AppContext, channel_id: str, ts: str, user_id: str, text: str) -> None:
    """Tell the poster once where their message, masked already, held a secret in a channel that Tocsin records."""
    if MASK not in text:
        return
    now = context.now()
    with context.database.transaction() as session:
        recorded = channel_id == context.announcement_channel() or incidents.find_by_channel(session, channel_id)
        if not recorded or not slack_queries.take_event(session, f"secret:{channel_id}:{ts}", now):
            return
        workspace = slack_queries.find_workspace(session)
        link = slack_queries.permalink(workspace.url if workspace else None, channel_id, ts)
        enqueue(session, "slack.reply_privately", channel_id=channel_id, user_id=user_id, text=secret_stands(link))
