"""Events: messages, their edits and deletions, the pushpin, archived channels. Each is taken in once, by its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.context import AppContext
from bot.incidents import authority
from bot.incidents.flows import members, record, refusals
from bot.incidents.flows.home import draw_home
from bot.incidents.queries import incidents
from bot.incidents.rules.authority import Act
from bot.incidents.rules.incident import is_private
from bot.lifecycle.listeners import acknowledging
from bot.reports.flows.rejudge import consider
from bot.reports.flows.reports import Heard
from bot.reports.listeners import secrets
from bot.reports.listeners.judging import judge_alert, judge_message
from bot.reviews import listeners as reviewing
from bot.slack import queries as slack_queries
from bot.slack.incoming import PUSHPIN, is_a_bots, is_a_persons, names_of_bot, words_of
from bot.slack.replies.reporting import log_only, reporting_errors
from bot.text.masking import MASK


def message(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """A message was posted, edited or deleted in a channel that we are in."""
    with reporting_errors(log_only, again=True, event=body["event_id"], channel=event.get("channel")):
        subtype = event.get("subtype")
        if subtype == "message_deleted" or _is_tombstone(event):
            _deleted(context, body["event_id"], event)
        elif subtype == "message_changed":
            _edited(context, body["event_id"], event)
        elif is_a_persons(event) and event.get("channel_type") == "im":
            acknowledging.direct_message(context, event["user"], event["channel"], event["ts"], words_of(event))
        elif is_a_persons(event):
            _posted(context, event)
            secrets.warn(context, event["channel"], event["ts"], event["user"], words_of(event))
        elif event.get("bot_id") and _is_report(context, event):
            _alerted(context, event)


def _posted(context: AppContext, event: dict[str, Any]) -> None:
    text = words_of(event)
    heard = Heard(event["channel"], event["ts"], event["user"], text)
    if not text:
        return
    if _is_report(context, event):
        # A posted message is kept once by its own ts, so its event needs no mark.
        judge_message(context, heard)
        return
    now = context.now()
    with context.database.transaction() as session:
        thread_ts = event.get("thread_ts")
        if record.message_posted(session, heard.channel_id, heard.ts, heard.user_id, text, now, thread_ts):
            consider(session, heard, context.judge, context.policy, now)
    acknowledging.in_channel(context, event["user"], heard.channel_id, text, now)


def _alerted(context: AppContext, message: dict[str, Any], edit_ts: str = "") -> None:
    """Another bot posted in the announcement channel, or edited what it had posted."""
    with context.database.transaction() as session:
        workspace = slack_queries.find_workspace(session)
    text = words_of(message)
    if text and is_a_bots(message, workspace.bot_user_id if workspace else ""):
        judge_alert(context, Heard(message["channel"], message["ts"], None, text, edit_ts), names_of_bot(message))


def _is_report(context: AppContext, event: dict[str, Any]) -> bool:
    """A message that starts something in the announcement channel; replies in threads are conversation."""
    in_thread = event.get("thread_ts") not in (None, event["ts"])
    return event["channel"] == context.announcement_channel() and not in_thread


def _edited(context: AppContext, event_id: str, event: dict[str, Any]) -> None:
    after, before = event.get("message") or {}, event.get("previous_message") or {}
    if after.get("bot_id"):
        shown = after | {"channel": event["channel"]}
        if words_of(after) != words_of(before) and _is_report(context, shown):
            _alerted(context, shown, str(event["event_ts"]))
        return
    if after.get("text") == before.get("text"):
        return  # unfurled links change no words
    if is_a_persons(after) and MASK not in words_of(before):
        secrets.warn(context, event["channel"], after["ts"], after["user"], words_of(after))
    edit_ts = str((after.get("edited") or {}).get("ts") or event["event_ts"])
    now = context.now()
    if is_a_persons(after) and _is_report(context, after | {"channel": event["channel"]}):
        heard = Heard(event["channel"], after["ts"], after["user"], words_of(after), edit_ts)
        judge_message(context, heard, event_id)
        return
    with context.database.transaction() as session:
        if slack_queries.take_event(session, event_id, now):
            record.message_edited(
                session, event["channel"], after["ts"], after.get("user"), words_of(after), now, edit_ts
            )


def _is_tombstone(event: dict[str, Any]) -> bool:
    """A deleted message that has replies stays as an empty shell: Slack tells of that as a change."""
    return event.get("subtype") == "message_changed" and (event.get("message") or {}).get("subtype") == "tombstone"


def _deleted(context: AppContext, event_id: str, event: dict[str, Any]) -> None:
    now = context.now()
    with context.database.transaction() as session:
        if slack_queries.take_event(session, event_id, now):
            ts = event.get("deleted_ts") or event["message"]["ts"]
            record.message_deleted(session, event["channel"], ts, now)


def reaction(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """The pushpin marks a message as key, and unmarks it when taken away; the clipboard makes it an action item."""
    reviewing.clipboard(context, body, event)
    item = event.get("item") or {}
    if event.get("reaction") != PUSHPIN or item.get("type") != "message":
        return
    with reporting_errors(log_only, again=True, event=body["event_id"], channel=item.get("channel")):
        now = context.now()
        pinned = event["type"] == "reaction_added"
        context.look_up(event["user"])
        with context.database.transaction() as session:
            if slack_queries.take_event(session, body["event_id"], now):
                place, event_ts = item["channel"], event.get("event_ts")
                row = incidents.find_by_channel(session, place)
                authority.admit(session, context, Act.CHANGE, event["user"], now, row, place)
                record.pin_changed(session, place, item["ts"], event["user"], pinned, now, body["event_id"], event_ts)


def channel_archived(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """An incident's channel was archived or brought back."""
    with _taken(context, body, event) as (session, now):
        if session is not None:
            archived = event["type"].endswith("_archive")
            refusals.channel_archived(session, event["channel"], archived, now)


def put_out(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Somebody removed us from a channel, or it was archived, which does so too."""
    with _taken(context, body, event) as (session, now):
        if session is not None:
            refusals.put_out(session, event["channel"], now)


def member_joined(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Somebody joined a channel; of interest where that is us, or the channel of a security incident.

    Nothing is written of others: of all that Slack says, most is this.
    """
    with reporting_errors(log_only, again=True, event=body["event_id"], event_type=event.get("type")):
        with context.database.reading() as session:
            workspace = slack_queries.find_workspace(session)
            row = incidents.find_by_channel(session, event["channel"])
        ours = workspace is not None and event.get("user") == workspace.bot_user_id
        if row is None or not (ours or is_private(row.ref)):
            return
    with _taken(context, body, event) as (session, now):
        workspace = slack_queries.find_workspace(session) if session is not None else None
        if session is None or workspace is None:
            return
        if event.get("user") == workspace.bot_user_id:
            refusals.let_in(session, event["channel"])
        else:
            members.came_or_left(session, event["channel"], event["user"], True, _stamp(event), now)


def member_left(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Somebody left a channel or was removed from it: that of a security incident they no longer see."""
    with _taken(context, body, event) as (session, now):
        workspace = slack_queries.find_workspace(session) if session is not None else None
        if session is not None and workspace is not None and event["user"] != workspace.bot_user_id:
            members.came_or_left(session, event["channel"], event["user"], False, _stamp(event), now)


def _stamp(event: dict[str, Any]) -> str:
    return str(event.get("event_ts") or "")


def channel_shared(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Another company reads there from now on."""
    if isinstance(channel_id := event.get("channel"), str):
        context.learn_shared(channel_id)


def channel_renamed(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """A channel has another name now."""
    with _taken(context, body, event) as (session, _):
        if session is not None:
            refusals.renamed(session, event["channel"]["id"], event["channel"]["name"])


@contextmanager
def _taken(
    context: AppContext, body: dict[str, Any], event: dict[str, Any]
) -> Iterator[tuple[Session | None, datetime]]:
    """A transaction for an event that is taken in once; (None, now) where it was before."""
    with reporting_errors(log_only, again=True, event=body["event_id"], event_type=event.get("type")):
        now = context.now()
        with context.database.transaction() as session:
            yield session if slack_queries.take_event(session, body["event_id"], now) else None, now


def home_opened(context: AppContext, body: dict[str, Any], event: dict[str, Any]) -> None:
    """Somebody opened App Home: it is drawn by a job, so that nothing waits for it."""
    if event.get("tab", "home") != "home":
        return
    with reporting_errors(log_only, event=body["event_id"]), context.database.transaction() as session:
        draw_home(session, event["user"])
