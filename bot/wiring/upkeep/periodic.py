"""Work of every few minutes and slower, as procrastinate's periodic tasks.

However many replicas run, each time is one job. The latest time that was missed is made up at the next start. A task
that fails is retried as every job is, and where it is given up, `tocsin jobs list` shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.alarms import jobs as alarm_jobs
from bot.alarms import queries as alarms
from bot.context import AppContext
from bot.escalation.flows.holders import look_up_groups
from bot.figures import jobs as figures
from bot.lifecycle.flows.backfill import plan_backfill
from bot.playbooks.jobs import upkeep
from bot.retention import jobs as retention
from bot.slack import queries as slack_queries
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.status_page import flows as status_page
from bot.trackers import flows as trackers

# Periodic times up to this old are made up. procrastinate's own ten minutes would skip the daily task of an
# installation that is switched off at night.
MADE_UP_WITHIN = timedelta(days=2)
_EVENT_LIFE = timedelta(days=1)
_DELIVERY_LIFE = timedelta(days=15)  # a queue of SQS keeps messages for 14 days at most
_AT_ONCE = 5_000  # rows that are taken out in one transaction, which takes milliseconds: others wait for none of them
_READ_LATELY = timedelta(minutes=4)  # a channel that was read back so recently waits for the next time


def _look_up_groups(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    """Ask who is in the user groups of contacts.yaml: so long somebody may wait who joined one that may approve."""
    with context.database.transaction() as session:
        look_up_groups(session, context.policy)


def _read_back(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    """Have the channels read for what no event told us. Those whose incident is locked just now are read next time."""
    now = context.now()
    with context.database.transaction() as session:
        plan_backfill(session, now - _READ_LATELY, now)


def _forget_events(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    """Forget the events and the deliveries of alarms that nobody will repeat any more."""
    for forget, life in ((slack_queries.forget_events, _EVENT_LIFE), (alarms.forget_deliveries, _DELIVERY_LIFE)):
        gone = _AT_ONCE
        while gone == _AT_ONCE:
            with context.database.transaction() as session:
                gone = forget(session, context.now() - life, _AT_ONCE)


def _clear(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    retention.clear(context)


def _alarms(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    alarm_jobs.look_after(context)


def _alarm_owners(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    alarm_jobs.plan_owners(context)


def _monthly_figures(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    figures.monthly(context, slack, poster)


def _derive_figures(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    figures.derive(context)


def _upkeep(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    upkeep.plan(context, now=context.now())


def _status_page(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    """The files of the status page change with the clock, too: maintenance begins, and days pass."""
    if context.publish_file is not None:
        with context.database.transaction() as session:
            status_page.show(session)


def _trackers(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    """Ask issue trackers what no webhook told of."""
    if context.policy.trackers.targets:
        with context.database.transaction() as session:
            trackers.plan_reading(session, context.now())


def _learn(context: AppContext, slack: Slack, poster: Poster, *, timestamp: int) -> None:
    figures.learn(context)


# By name: when, in cron's notation and UTC, and what.
PERIODIC: dict[str, tuple[str, Callable[..., None]]] = {
    "periodic.alarms": ("* * * * *", _alarms),
    "periodic.alarm_owners": ("37 * * * *", _alarm_owners),
    "periodic.look_up_groups": ("*/5 * * * *", _look_up_groups),
    "periodic.read_back": ("*/5 * * * *", _read_back),
    "periodic.forget_events": ("*/10 * * * *", _forget_events),
    "periodic.status_page": ("*/5 * * * *", _status_page),
    "periodic.derive_figures": ("*/10 * * * *", _derive_figures),
    "periodic.trackers": ("*/10 * * * *", _trackers),
    "periodic.monthly_figures": ("7 * * * *", _monthly_figures),
    "periodic.upkeep": ("23 * * * *", _upkeep),
    "periodic.learn": ("41 3 * * *", _learn),
    "periodic.clear": ("17 3 * * *", _clear),
}
