"""Reading back: channel history and threads after time away.

Looking costs a call or two a channel; doubles cannot be.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import structlog

from bot.domain.masking import mask
from bot.flows.desk import Desk
from bot.flows.missed import Missed, reads_from, take_in
from bot.flows.suggest import Heard, judge_report, recall
from bot.jobs.delivery import UNREACHABLE, Speaker
from bot.slack.client import Refused, Slack
from bot.slack.said import is_a_persons, words_of
from bot.store import incidents, messages

log = structlog.get_logger(__name__)

_MOST = 5_000  # messages of one channel looked at in one go
_ON_ITS_WAY = timedelta(seconds=30)  # the event of a message that is younger may still come, and comes first
_FRESH = timedelta(minutes=10)  # a report that is older was seen by people; an answer would only confuse


def read_back(desk: Desk, slack: Slack, speaker: Speaker, *, incident_id: int) -> None:
    """Record what was said in an incident's channel and its threads while nobody listened."""
    with desk.database.transaction() as session:
        row = incidents.get(session, incident_id)
        channel_id, oldest = row.channel_id, reads_from(session, row)
    if channel_id is None:
        return
    try:
        found = list(_said(slack, channel_id, oldest))
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        return
    with desk.database.transaction() as session:
        fresh = take_in(session, incident_id, found, desk.now())
    if fresh:
        log.info("read back messages that were missed", incident_id=incident_id, messages=fresh)


def _said(slack: Slack, channel_id: str, oldest: str) -> Iterator[Missed]:
    """People's messages after `oldest`, those of threads included."""
    parents = list(itertools.islice(slack.history(channel_id, oldest), _MOST))
    yield from _missed(parents)
    for parent in parents:
        if parent.get("reply_count") and str(parent.get("latest_reply") or "9") > oldest:
            replies = slack.replies(channel_id, parent["ts"], oldest)
            yield from _missed(reply for reply in replies if reply["ts"] != parent["ts"])


def _missed(found: Iterable[dict[str, Any]]) -> Iterator[Missed]:
    for message in found:
        text = mask(words_of(message)) if is_a_persons(message) else ""
        if text:
            edit_ts = str((message.get("edited") or {}).get("ts") or "") or None
            thread_ts = message.get("thread_ts")
            yield Missed(message["ts"], message["user"], text, thread_ts, edit_ts)


def read_announcements(desk: Desk, slack: Slack, speaker: Speaker) -> None:
    """Judge the reports that were missed a moment ago; their answers say that they are late."""
    channel_id = desk.announcement_channel()
    if channel_id is None:
        return
    now = desk.now()
    oldest, latest = f"{(now - _FRESH).timestamp():.6f}", f"{(now - _ON_ITS_WAY).timestamp():.6f}"
    try:
        history = slack.history(channel_id, oldest)
        found = [message for message in history if is_a_persons(message) and message["ts"] < latest]
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        return
    for message in reversed(found):
        _judge(desk, channel_id, message)


def _judge(desk: Desk, channel_id: str, message: dict[str, Any]) -> None:
    text = words_of(message)
    if not text or message.get("thread_ts") not in (None, message["ts"]):
        return
    with desk.database.transaction() as session:
        if messages.find_report_of_message(session, channel_id, message["ts"]) is not None:
            return
    judged = desk.judge.judge(text)
    similar = recall(desk.memory.current(), text) if judged.severity else []
    with desk.database.transaction() as session:
        heard = Heard(channel_id, message["ts"], message["user"], text)
        judge_report(session, heard, judged, similar, desk.policy, desk.now())
