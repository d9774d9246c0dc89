"""Each day: words past their time go, and jobs that were given up are told of and, in the end, forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.context import AppContext
from bot.incidents.flows import record
from bot.incidents.queries import incidents, timeline
from bot.lifecycle.flows import end
from bot.retention import jobs as retention
from bot.retention.policy import RetentionPolicy
from bot.slack.client import Slack
from bot.slack.poster import Poster
from bot.store import outbox
from tests.fixtures.job import Declared, later
from tests.support.queue import empty_queue, queued

DAY = 24 * 60
KEEP = RetentionPolicy(timedelta(days=30))


@pytest.fixture
def strict(context: AppContext) -> AppContext:
    """A desk whose policy keeps messages for thirty days."""
    return replace(context, policy=replace(context.policy, retention=KEEP))


def test_words_past_their_time_are_taken_out_of_every_incident(
    strict: AppContext, slack: Slack, poster: Poster, declared_incident: Declared
) -> None:
    closed = [declared_incident().incident_id for _ in range(3)]
    now = strict.now()
    with strict.database.transaction() as session:
        for number, incident_id in enumerate(closed):
            row = incidents.get_for_change(session, incident_id)
            row.channel_id = f"C0RETAIN{number}"
            session.flush()
            record.message_posted(session, row.channel_id, f"{now.timestamp():.6f}", "U0RESPONDER", "lunch?", now)
            end.false_alarm(session, row, "U0RESPONDER", strict.policy, now)
    for days, words in ((29, "lunch?"), (31, "Message, removed after 30 days by policy.")):
        retention.retain(later(strict, days * DAY), slack, poster)
        with strict.database.transaction() as session:
            for incident_id in closed:
                assert words in [entry.text for entry in timeline.list_entries(session, incident_id)]


def test_looking_is_planned_only_where_something_may_go(context: AppContext, strict: AppContext) -> None:
    for one, planned in ((context, 0), (strict, 1), (strict, 1)):
        retention.clear(one)
        with one.database.transaction() as session:
            assert len(queued(session, "record.retain")) == planned


def test_jobs_that_were_given_up_are_told_of_and_forgotten_after_a_month(context: AppContext) -> None:
    with context.database.transaction() as session:
        empty_queue(session)
        for task in ("slack.card", "slack.card", "slack.say"):
            outbox.enqueue(session, task)
        session.execute(text("update procrastinate_jobs set status = 'failed'"))
        outbox.enqueue(session, "slack.home")
        first = queued(session)[0].job_id
        age = "update procrastinate_events set at = now() - interval '31 days' where job_id = :id"
        session.execute(text(age), {"id": first})
    with capture_logs() as logs:
        retention.clear(context)
        retention.clear(context)
    told = [line["jobs"] for line in logs if line["event"] == "jobs were given up"]
    assert told == [{"slack.card": 2, "slack.say": 1}, {"slack.card": 1, "slack.say": 1}]
    with context.database.transaction() as session:
        assert [job.task for job in queued(session)] == ["slack.card", "slack.say", "slack.home"]
