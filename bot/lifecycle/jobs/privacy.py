"""Asking who may see an incident, and withdrawing what was said of one that was made private, as far as Slack lets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog

from bot.context import AppContext
from bot.incidents.flows.record import record
from bot.incidents.jobs import write_to
from bot.incidents.queries import incidents
from bot.incidents.rules.timeline import Kind
from bot.lifecycle.messages import access as texts
from bot.lifecycle.queries import privacy as queries
from bot.slack import queries as slack_queries
from bot.slack.blocks import section
from bot.slack.client import Message, Refused, Slack
from bot.slack.poster import UNREACHABLE, Poster

log = structlog.get_logger(__name__)

_GONE = frozenset({"message_not_found", *UNREACHABLE})


def ask_kind(context: AppContext, slack: Slack, poster: Poster, *, incident_id: int) -> None:
    """Ask whoever declared it in a direct message; once it is answered, the question shows the answer."""
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        incident, open_question = incidents.facts(row), row.kind_asked_at is not None
    key = f"kind:{incident_id}"
    if open_question:
        write_to(slack, poster, incident.declared_by, key, texts.question(incident))
    else:
        poster.edit(key, texts.answered(incident))


def leave_channel(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, channel_id: str | None, by: str
) -> None:
    """Say in the channel that was left where work goes on; of one that is private now, withdraw what was said before.

    Raises TryAgain; then it goes on where it stopped.
    """
    with context.database.transaction() as session:
        incident = incidents.facts(incidents.get(session, incident_id))
    if not incident.private:
        if channel_id:
            poster.try_to_post(f"moved:{incident_id}:{channel_id}", channel_id, texts.moved_ordinary(incident))
        return
    kept = _delete_all(context, slack, incident_id) + (_delete_unkept(context, slack, channel_id) if channel_id else 0)
    stays = _empty_channel(slack, poster, incident_id, channel_id) if channel_id else []
    _say_what_stays(context, incident_id, channel_id, by, kept, stays)


def _delete_all(context: AppContext, slack: Slack, incident_id: int) -> int:
    """Delete Tocsin's own messages; how many Slack keeps."""
    with context.database.transaction() as session:
        said = [(row.key, row.channel_id, row.ts) for row in queries.list_set_aside(session, incident_id)]
    kept = 0
    for key, channel_id, ts in said:
        try:
            if ts:
                slack.call("chat.delete", channel=channel_id, ts=ts)
        except Refused as refused:
            if refused.may_pass:
                raise
            if refused.error not in _GONE:
                log.warning("could not delete a message", channel=channel_id, error=refused.error)
                kept += 1
                continue
        with context.database.transaction() as session:
            queries.forget(session, key)
            incidents.get(session, incident_id).withdrawn += 1
    return kept


def _delete_unkept(context: AppContext, slack: Slack, channel_id: str) -> int:
    """Delete what else stands under Tocsin's name there, such as that it set the topic; how many Slack keeps."""
    with context.database.transaction() as session:
        workspace = slack_queries.find_workspace(session)
    own = workspace.bot_user_id if workspace else ""
    kept = 0
    for ts in [str(one["ts"]) for one in slack.history(channel_id, "0") if one.get("user") == own]:
        try:
            slack.call("chat.delete", channel=channel_id, ts=ts)
        except Refused as refused:
            if refused.may_pass:
                raise
            kept += refused.error not in _GONE
    return kept


def _empty_channel(slack: Slack, poster: Poster, incident_id: int, channel_id: str) -> list[str]:
    """Take what the channel's name and topic say, and ask people to stop; what of that Slack refused.

    It is not archived: people can delete their messages only while it is open.
    """
    name, key = f"left-{channel_id.lower()}", f"moved:{incident_id}:{channel_id}"
    steps: dict[str, Callable[[], object]] = {
        "the channel's topic": partial(slack.set_topic, channel_id, texts.TOPIC_LEFT),
        "the channel's name": partial(slack.call, "conversations.rename", channel=channel_id, name=name),
        "": partial(poster.try_to_post, key, channel_id, texts.moved_private()),
    }
    stays = []
    for what, step in steps.items():
        try:
            step()
        except Refused as refused:
            if refused.may_pass:
                raise
            log.warning("could not empty the channel", channel=channel_id, error=refused.error)
            stays += [what] if what else []
    return stays


def _say_what_stays(
    context: AppContext, incident_id: int, channel_id: str | None, by: str, kept: int, stays: list[str]
) -> None:
    """On the timeline, announced in the new channel, once."""
    now = context.now()
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        written, told = queries.count_outside(session, incident_id, channel_id or "")
        text = texts.withdrawn_entry(channel_id, row.withdrawn, kept, written, told, stays)
        key = f"withdrawn:{incident_id}:{row.ref}"
        record(session, row, Kind.KIND_CHANGED, text, now, author=by, source_key=key, announce=True)


def show_mirror_withdrawn(poster: Poster, key: str) -> None:
    """The copy in the announcement channel of an incident that was made private says nothing any more."""
    poster.edit(key, Message(texts.WITHDRAWN, (section(texts.WITHDRAWN),)))


TASKS: dict[str, Callable[..., None]] = {"slack.ask_kind": ask_kind, "slack.leave_channel": leave_channel}
