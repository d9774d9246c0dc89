"""What is not kept forever: words past their time by policy, and jobs that failed long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from bot.alarms.queries import forget_alarms
from bot.context import AppContext
from bot.incidents.queries import access
from bot.retention.flows.retain import plan_retention, remove_reports, remove_words
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store.outbox import count_failed, forget_failed

log = structlog.get_logger(__name__)

FAILED_KEPT = timedelta(days=30)
_AT_ONCE = 5_000  # rows that are taken out in one transaction


def retain(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Take out the words past their time, an incident a transaction."""
    incidents = messages = reports = 0
    while True:
        with context.database.transaction() as session:
            removed = remove_words(session, context.policy.retention, context.now())
        if removed is None:
            break
        incidents, messages = incidents + 1, messages + removed
    while True:
        with context.database.transaction() as session:
            found = remove_reports(session, context.policy.retention, context.now())
        if not found:
            break
        reports += found
    if incidents or reports:
        log.info("removed words by policy", incidents=incidents, messages=messages, reports=reports)


def clear(context: AppContext) -> None:
    """Each day: have words past their time looked for, say which jobs were given up, and forget what is oldest."""
    with context.database.transaction() as session:
        if context.policy.retention.keep_messages is not None:
            plan_retention(session)
        failed = count_failed(session)
        forgotten = forget_failed(session, FAILED_KEPT)
    kept = context.policy.retention
    _forget(context, access.forget, kept.keep_access)
    _forget(context, forget_alarms, kept.keep_alarms)
    if failed:
        log.warning("jobs were given up", jobs=failed, forgotten=forgotten, kept_for=f"{FAILED_KEPT.days} days")


def _forget(context: AppContext, forget: Callable[[Session, datetime, int], int], kept: timedelta | None) -> None:
    """What is older than that, so many rows a transaction."""
    gone = _AT_ONCE
    while kept is not None and gone == _AT_ONCE:
        with context.database.transaction() as session:
            gone = forget(session, context.now() - kept, _AT_ONCE)
