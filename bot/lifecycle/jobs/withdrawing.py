"""Withdrawing what Tocsin put into Slack about an incident that was made private: messages, files, canvas, links.

Each function may be repeated, and answers with what Slack keeps. All raise TryAgain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.context import AppContext
from bot.incidents import visibility
from bot.incidents.queries import incidents
from bot.lifecycle.queries import privacy as queries
from bot.lifecycle.queries import traces
from bot.reviews.queries import reviews
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack
from bot.slack.documents import canvas_of

log = structlog.get_logger(__name__)

# What does not stand there any more; whatever else Slack refuses, it keeps.
_GONE = frozenset({"message_not_found", "file_not_found", "file_deleted", "canvas_not_found", "channel_not_found"})
_A_PAGE = 200
_PAGES_AT_ONCE = 10  # of a channel's messages, in one job
_THREADS_AT_ONCE = 30  # each is a call; Slack allows 50 a minute


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages and files Tocsin deleted and Slack keeps, and messages of other apps that stand there."""

    files: int = 0
    kept: int = 0
    kept_files: int = 0
    others: int = 0


def _deleted(slack: Slack, method: str, **what: Any) -> bool:
    """Whether it is gone now. Raises TryAgain."""
    try:
        slack.call(method, **what)
    except Refused as refused:
        if refused.may_pass:
            raise
        if refused.error not in _GONE:
            log.warning("could not withdraw", method=method, error=refused.error)
            return False
    return True


def delete_set_aside(context: AppContext, slack: Slack, incident_id: int) -> tuple[int, int]:
    """Delete the messages and the canvas that were set aside; how many messages and canvases Slack keeps."""
    with context.database.transaction() as session:
        said = [(row.key, row.channel_id, row.ts) for row in queries.list_set_aside(session, incident_id)]
    kept = kept_canvases = 0
    for key, channel_id, ts in said:
        canvas_id = queries.canvas_in(key)
        if canvas_id and not _deleted(slack, "canvases.delete", canvas_id=canvas_id):
            kept_canvases += 1
        elif ts and not canvas_id and not _deleted(slack, "chat.delete", channel=channel_id, ts=ts):
            kept += 1
        else:
            with context.database.transaction() as session:
                queries.forget(session, key)
                incidents.get(session, incident_id).withdrawn += bool(ts)
    return kept, kept_canvases


def delete_canvas(context: AppContext, slack: Slack, incident_id: int, channel_id: str) -> int:
    """Delete the canvas of the review where it is that of the channel that was left, as earlier versions had it."""
    with context.database.transaction() as session:
        stage = reviews.find_stage(session, incident_id)
        canvas_id = stage.canvas_id if stage else None
    if canvas_id is None or canvas_of(slack, channel_id) != canvas_id:
        return 0
    kept = not _deleted(slack, "canvases.delete", canvas_id=canvas_id)
    with context.database.transaction() as session:
        reviews.leave_canvas(session, incident_id)
    return int(kept)


def delete_elsewhere(context: AppContext, slack: Slack, incident_id: int) -> tuple[int, Mapping[str, int]]:
    """Delete what Tocsin said in threads outside, and to people who may not see it.

    How many messages Slack keeps, and how many of other apps stand in those threads, by channel.
    """
    with context.database.transaction() as session:
        row = incidents.get(session, incident_id)
        threads, direct = traces.list_threads(session, row), traces.list_direct(session, incident_id)
        direct = [one for one in direct if not one.reader or not visibility.may_see(session, row, one.reader)]
        own = _own_id(context)
    found, others = [(said.channel_id, said.ts) for said in direct], Counter[str]()
    for channel_id, first in threads:
        stamps, of_apps = _replies(context, slack, channel_id, first, own)
        found += [(channel_id, ts) for ts in stamps]
        others += Counter({channel_id: of_apps})
    kept = 0
    for channel_id, ts in found:
        if not _deleted(slack, "chat.delete", channel=channel_id, ts=ts):
            kept += 1
            continue
        with context.database.transaction() as session:
            traces.forget_at(session, channel_id, ts)
            incidents.get(session, incident_id).withdrawn += 1
    return kept, others


def _replies(context: AppContext, slack: Slack, channel_id: str, first: str, own: str) -> tuple[list[str], int]:
    """Tocsin's replies in a thread that are to go, and how many other apps wrote there."""
    try:
        said = [one for one in slack.replies(channel_id, first, "0") if one.get("ts") != first]
    except Refused as refused:
        if refused.may_pass:
            raise
        return [], 0  # the thread is gone, or Tocsin is no longer in that channel
    of_apps = sum(bool(one.get("bot_id")) and one.get("user") != own for one in said)
    with context.database.transaction() as session:
        mine = [str(one["ts"]) for one in said if one.get("user") == own]
        return [ts for ts in mine if not traces.stays_in_thread(session, channel_id, ts)], of_apps


def sweep(
    context: AppContext, slack: Slack, incident_id: int, channel_id: str, latest: str, tally: Tally
) -> tuple[Tally, str]:
    """Delete what else stands under Tocsin's name in the channel that was left, newest first from `latest` on.

    Some pages and threads at once: the tally so far, and where to go on; "" at the channel's beginning.
    """
    own, threads = _own_id(context), 0
    for _ in range(_PAGES_AT_ONCE):
        more = {"latest": latest} if latest else {}
        page = slack.call("conversations.history", channel=channel_id, limit=_A_PAGE, **more)["messages"]
        for message in page:
            if message.get("reply_count"):
                tally = _sweep_thread(context, slack, channel_id, str(message["ts"]), own, tally)
                threads += 1
            tally = _sweep_one(context, slack, channel_id, message, own, tally)
            if threads >= _THREADS_AT_ONCE:
                return tally, str(message["ts"])
        if len(page) < _A_PAGE:
            return tally, ""
        latest = str(page[-1]["ts"])
    return tally, latest


def _sweep_thread(context: AppContext, slack: Slack, channel_id: str, first: str, own: str, tally: Tally) -> Tally:
    stamps, of_apps = _replies(context, slack, channel_id, first, own)
    gone = [_deleted(slack, "chat.delete", channel=channel_id, ts=ts) for ts in stamps]
    return replace(tally, others=tally.others + of_apps, kept=tally.kept + gone.count(False))


def _sweep_one(
    context: AppContext, slack: Slack, channel_id: str, message: Mapping[str, Any], own: str, tally: Tally
) -> Tally:
    if message.get("user") != own:
        again = message.get("subtype") == "thread_broadcast"  # it was counted in its thread
        return replace(tally, others=tally.others + (bool(message.get("bot_id")) and not again))
    with context.database.transaction() as session:
        if traces.stays_in_thread(session, channel_id, str(message["ts"])):
            return tally
    for file in message.get("files") or []:
        if file.get("mode") != "tombstone" and file.get("user", own) == own:
            gone = _deleted(slack, "files.delete", file=file["id"])
            tally = replace(tally, files=tally.files + gone, kept_files=tally.kept_files + (not gone))
    gone = _deleted(slack, "chat.delete", channel=channel_id, ts=str(message["ts"]))
    return replace(tally, kept=tally.kept + (not gone))


def remove_bookmarks(context: AppContext, slack: Slack, channel_id: str) -> None:
    """Take Tocsin's links out of the head of the channel that was left. Raises Refused."""
    own = _own_id(context)
    for one in slack.call("bookmarks.list", channel_id=channel_id)["bookmarks"]:
        if one.get("last_updated_by_user_id") == own:
            slack.call("bookmarks.remove", channel_id=channel_id, bookmark_id=one["id"])


def _own_id(context: AppContext) -> str:
    with context.database.transaction() as session:
        workspace = slack_queries.find_workspace(session)
    return workspace.bot_user_id if workspace else ""
