"""Judging reports that were missed while Tocsin was away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.context import AppContext
from bot.reports import queries as reports
from bot.reports.flows.reports import STILL_WRITING, Heard
from bot.reports.listeners.judging import judge_alert, judge_message
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack
from bot.slack.incoming import is_a_bots, is_a_persons, names_of_bot, words_of
from bot.slack.poster import UNREACHABLE, Poster
from bot.text.masking import mask

ON_ITS_WAY = timedelta(seconds=30)  # the event of a younger message may still come, and is waited for


def backfill_reports(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Judge the reports that were missed a moment ago, and those that were edited since; late answers say so."""
    _read_back(context, slack, (context.now() - STILL_WRITING).timestamp())


def backfill_reports_since(context: AppContext, slack: Slack, poster: Poster, *, since: float) -> None:
    """The same of all that came after that many seconds since the epoch, as while the judge was being fitted."""
    _read_back(context, slack, since)


def _read_back(context: AppContext, slack: Slack, since: float) -> None:
    """Nothing while the judge is being fitted: whoever has fitted it reads back."""
    channel_id = context.announcement_channel()
    if channel_id is None or not context.judge.is_fitted:
        return
    oldest, latest = f"{since:.6f}", f"{(context.now() - ON_ITS_WAY).timestamp():.6f}"
    try:
        history = slack.history(channel_id, oldest)
        found = [message for message in history if message["ts"] < latest]
    except Refused as refused:
        if refused.error not in UNREACHABLE:
            raise
        return
    with context.database.transaction() as session:
        workspace = slack_queries.find_workspace(session)
    own = workspace.bot_user_id if workspace else ""
    for message in reversed(found):
        if is_a_persons(message):
            _judge(context, channel_id, message)
        elif is_a_bots(message, own) and message.get("thread_ts") in (None, message["ts"]) and words_of(message):
            judge_alert(context, Heard(channel_id, message["ts"], None, words_of(message)), names_of_bot(message))


def _judge(context: AppContext, channel_id: str, message: dict[str, Any]) -> None:
    text = words_of(message)
    if not text or message.get("thread_ts") not in (None, message["ts"]):
        return
    with context.database.transaction() as session:
        known = reports.find_report_of_message(session, channel_id, message["ts"])
        if known is not None and known.text == mask(text):
            return
    edit_ts = str((message.get("edited") or {}).get("ts") or "")
    judge_message(context, Heard(channel_id, message["ts"], message["user"], text, edit_ts))
