"""Judging reports that were missed while Tocsin was away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.context import AppContext
from bot.memory.flows.recall import recall
from bot.reports import queries as reports
from bot.reports.flows.reports import Heard, judge_again, judge_report
from bot.slack.client import Refused, Slack
from bot.slack.incoming import is_a_persons, words_of
from bot.slack.poster import UNREACHABLE, Poster
from bot.text.masking import mask

_ON_ITS_WAY = timedelta(seconds=30)  # the event of a message that is younger may still come, and comes first


_FRESH = timedelta(minutes=10)  # a report that is older was seen by people; an answer would only confuse


def backfill_reports(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Judge the reports that were missed a moment ago, and those that were edited since; late answers say so."""
    channel_id = context.announcement_channel()
    if channel_id is None:
        return
    now = context.now()
    oldest, latest = f"{(now - _FRESH).timestamp():.6f}", f"{(now - _ON_ITS_WAY).timestamp():.6f}"
    try:
        history = slack.history(channel_id, oldest)
        found = [message for message in history if is_a_persons(message) and message["ts"] < latest]
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        return
    for message in reversed(found):
        _judge(context, channel_id, message)


def _judge(context: AppContext, channel_id: str, message: dict[str, Any]) -> None:
    text = words_of(message)
    if not text or message.get("thread_ts") not in (None, message["ts"]):
        return
    with context.database.transaction() as session:
        known = reports.find_report_of_message(session, channel_id, message["ts"])
        if known is not None and known.text == mask(text):
            return
    judged = context.judge.judge(text)
    similar = recall(context.memory.current(), text) if judged.severity else []
    edit_ts = str((message.get("edited") or {}).get("ts") or "")
    heard = Heard(channel_id, message["ts"], message["user"], text, edit_ts)
    with context.database.transaction() as session:
        if known is None:
            judge_report(session, heard, judged, similar, context.policy, context.now())
        else:
            judge_again(session, heard, judged, similar, context.policy, context.now())
