"""The monthly figures, sent to managers when the policy's monthly digest is due; facts; the judge's learning."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from bot.context import AppContext, Policy
from bot.figures import messages
from bot.figures.flows import learning
from bot.figures.flows.readers import list_managers
from bot.figures.flows.report import report
from bot.figures.queries import facts
from bot.figures.rules.periods import Period, parse_period
from bot.reviews.jobs.reviews import send_each
from bot.severity import queries as fits
from bot.severity.judge.judge import Judge
from bot.severity.tables import JudgeFit
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Slack
from bot.slack.poster import Poster
from bot.store.engine import Database

_MADE_UP_WITHIN = timedelta(days=3)  # after that the figures of a month are no news


def monthly(context: AppContext, slack: Slack, poster: Poster) -> None:
    """Send last month's figures to each manager, once. To be called every hour or so: most times nothing is due."""
    now = context.now()
    if not _due_at(context, now) <= now < _due_at(context, now) + _MADE_UP_WITHIN:
        return
    period = parse_period("last month", now, context.policy.calendar.zone)
    key = f"figures:{period.word}"
    with context.database.transaction() as session:
        waiting = _waiting(session, context, key, now)
        found = report(session, period, context.policy) if waiting else None
    if found is None:
        return

    def message(link: str | None) -> Message:
        return messages.monthly(found, link)

    send_each(context, slack, poster, key, waiting, _path(period), message, {})


def derive(context: AppContext) -> None:
    """Derive the facts of incidents that changed, so that nobody who reads figures waits for that. To be called often.

    In transactions of a second at most: after an upgrade it may be all incidents.
    """
    done = False
    while not done:
        with context.database.transaction() as session:
            done = facts.refresh(session, batches=1)


def learn(context: AppContext) -> None:
    """Have the judge learn from what people decided. To be called at night."""
    context.judge.require_fitted()
    learn_from(context.database, context.judge, context.policy, context.now(), by_hand=False)


def learn_from(database: Database, judge: Judge, policy: Policy, now: datetime, *, by_hand: bool) -> JudgeFit | None:
    """The fit that was tried; None where people decided too little yet, and then nothing is in force."""
    with database.transaction() as session:
        decided = learning.gather(session, policy.security.rows)
    learnt = learning.try_to_learn(decided, judge)  # takes seconds: no transaction waits for it
    with database.transaction() as session:
        if learnt is None:
            fits.take_out(session, fits.REPLACED)
            return None
        return learning.keep(session, learnt, now, by_hand=by_hand)


def _due_at(context: AppContext, now: datetime) -> datetime:
    """When the monthly digest of this month is due: on its first business day."""
    zone = context.policy.calendar.zone
    begins = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return context.policy.calendar.next_monthly_digest(begins)


def _waiting(session: Session, context: AppContext, key: str, now: datetime) -> list[str]:
    """The managers who did not get it yet."""
    managers = list_managers(session, context.policy, now)
    return [user_id for user_id in managers if not _posted(session, f"{key}:{user_id}")]


def _posted(session: Session, key: str) -> bool:
    row = slack_queries.find_message(session, key)
    return row is not None and row.ts is not None


def _path(period: Period) -> str:
    return "/figures?" + urlencode({"period": period.word})
