"""Judging a message of the announcement channel, however it was heard: as an event, as an edit, or read back later."""

from __future__ import annotations

from bot.context import AppContext
from bot.memory.flows.recall import recall
from bot.memory.rules.similar import SimilarItem
from bot.reports.flows.alerts import hear_alert
from bot.reports.flows.break_ins import declare_break_in, tells_of_break_in
from bot.reports.flows.reports import Heard, keep_judged
from bot.reports.rules import alert_key
from bot.severity.rules import Judgement, Outcome
from bot.slack import queries as slack_queries


def judge_alert(context: AppContext, heard: Heard, names: list[str]) -> None:
    """The same of an alert of another bot, which is known by these names, where the policy has its alerts judged."""
    if not context.judge.is_fitted or not names or not context.policy.severity.hears_bot(names):
        return
    judged, similar = _judge_and_recall(context, heard.text)
    with context.database.transaction() as session:
        hear_alert(session, heard, alert_key(names[0], heard.text), judged, similar, context.policy, context.now())


def judge_message(context: AppContext, heard: Heard, event_id: str = "") -> None:
    """Judge it, recall what it looks like, keep both. An event that was taken before, by its id, changes nothing.

    Not while the judge is being fitted: it is read back then.
    """
    if not context.judge.is_fitted:
        return
    judged, similar = _judge_and_recall(context, heard.text)
    breaking_in = tells_of_break_in(context, heard.text, judged)
    if breaking_in and heard.user_id:
        context.look_up(heard.user_id)
    now = context.now()
    with context.database.transaction() as session:
        if not event_id or slack_queries.take_event(session, event_id, now):
            keep_judged(session, heard, judged, similar, context.policy, now)
            if breaking_in:
                declare_break_in(session, context, heard, now)


def _judge_and_recall(context: AppContext, text: str) -> tuple[Judgement, tuple[SimilarItem, ...]]:
    """Before any transaction, so that none waits for it. Nothing is recalled for what gets no word."""
    judged = context.judge.judge(text)
    silent = context.policy.severity.outcome(judged) is Outcome.SILENCE
    return judged, () if silent else recall(context.memory.current(), text)
