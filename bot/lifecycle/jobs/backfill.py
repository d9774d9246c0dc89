"""Reading back: channel history and threads, after time away and now and then.

Looking costs a call or two a channel and one a thread; doubles cannot be. What was read is recorded at once, and a look
that Slack makes wait goes on where it stopped.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import structlog

from bot.context import AppContext
from bot.incidents.flows.refusals import channel_lost
from bot.incidents.queries import incidents
from bot.lifecycle.flows.backfill import (
    BackfillWindow,
    FoundMessage,
    begin_backfill,
    end_backfill,
    is_expected,
    keep_progress,
    record_found,
)
from bot.slack.client import Refused, Slack
from bot.slack.incoming import CLIPBOARD, PUSHPIN, is_a_persons, words_of
from bot.slack.poster import UNREACHABLE, Poster
from bot.text.masking import mask

log = structlog.get_logger(__name__)

_AT_ONCE = 400  # messages of a channel that are taken in together, with their threads
_TOMBSTONE = "tombstone"  # of a deleted message that has replies


def backfill_channel(
    context: AppContext, slack: Slack, poster: Poster, *, incident_id: int, long: bool = False
) -> None:
    """Record what passed in an incident's channel and its threads while nobody listened."""
    with context.database.transaction() as session:
        look = begin_backfill(session, incidents.get(session, incident_id), context.now(), long)
    if look is None:
        return
    seen, done, fresh = set(look.seen), set(look.done), 0
    try:
        for found, thread_ts in _looked_at(slack, look):
            seen.update(message["ts"] for message in found if message.get("subtype") != _TOMBSTONE)
            with context.database.transaction() as session:
                fresh += record_found(session, look, [_shown(message) for message in found], context.now())
            if thread_ts:
                done.add(thread_ts)
                with context.database.transaction() as session:
                    keep_progress(session, look, done, seen, context.now())
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        with context.database.transaction() as session:
            row = incidents.get_for_change(session, incident_id)
            channel_lost(session, row, refused.error, context.now())
        return
    with context.database.transaction() as session:
        gone = end_backfill(session, look, seen, context.now())
        expected = is_expected(incidents.get(session, incident_id))
    if expected:
        _look_at_channel(context, slack, incident_id, look.channel_id)
    if fresh or gone:
        log.info("read back what was missed", incident_id=incident_id, messages=fresh, deletions=gone)


def _look_at_channel(context: AppContext, slack: Slack, incident_id: int, channel_id: str) -> None:
    """Ask for the channel's state, too: of an archived one the history is still read, and an event may be lost."""
    name, refused = slack.look_at(channel_id, join=False)
    if refused is not None and refused.error not in UNREACHABLE:
        log.warning("could not ask for the state of a channel", channel=channel_id, error=refused.error)
        return
    with context.database.transaction() as session:
        row = incidents.get_for_change(session, incident_id)
        if row.channel_id != channel_id:
            return
        row.channel_name = name or row.channel_name
        if refused is not None:
            channel_lost(session, row, refused.error, context.now())


def _looked_at(slack: Slack, look: BackfillWindow) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """The channel's messages of the look in parts, the newest first, then each of their threads with its ts.

    Threads that it has read are passed over.
    """
    history = slack.history(look.channel_id, look.oldest)
    while parents := list(itertools.islice(history, _AT_ONCE)):
        yield parents, ""
        for parent in parents:
            spoken_in = parent.get("reply_count") and str(parent.get("latest_reply") or "9") > look.oldest
            if spoken_in and parent["ts"] not in look.done:
                yield _replies(slack, look, parent["ts"]), parent["ts"]
    for ts in look.threads:
        if ts not in look.done:
            yield _replies(slack, look, ts), ts


def _replies(slack: Slack, look: BackfillWindow, ts: str) -> list[dict[str, Any]]:
    try:
        return [reply for reply in slack.replies(look.channel_id, ts, look.oldest) if reply["ts"] != ts]
    except Refused as refused:
        if refused.error != "thread_not_found":
            raise
        return []  # taken away since, with all its replies


def _shown(message: dict[str, Any]) -> FoundMessage:
    reactions = {one.get("name"): one for one in message.get("reactions") or []}
    pushpin, clipboard = reactions.get(PUSHPIN, {}), reactions.get(CLIPBOARD, {})
    users = frozenset(pushpin.get("users") or ())
    return FoundMessage(
        ts=message["ts"],
        author=str(message.get("user") or ""),
        text=mask(words_of(message)) if is_a_persons(message) else "",
        thread_ts=message.get("thread_ts"),
        edit_ts=str((message.get("edited") or {}).get("ts") or "") or None,
        marked_by=users,
        # Of many, Slack names some and counts the others.
        all_marks=len(users) == int(pushpin.get("count") or 0),
        wanted_by=next(iter(clipboard.get("users") or ()), None),
    )
