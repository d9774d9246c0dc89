"""A worker that was paused goes on where it stopped, though another took its job over: nothing is said twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.context import AppContext
from bot.slack import queries as slack_queries
from bot.slack.client import Message, Slack, web_client
from bot.slack.poster import Poster
from bot.store.job_claims import JobClaim, JobLost
from bot.store.outbox import enqueue
from slack_playground.app import Playground
from slack_playground.person import Person
from tests.fixtures.slack import Control
from tests.support.queue import queued

PLACES = {"channel": "C0INCIDENTS", "person": "U0RESPONDER"}
KEY = "card:fence"


class PausedAfterLooking(Slack):
    """What Slack says when it is asked for a lost post, and then a pause."""

    pause: Callable[[], None]

    def find_by_key(self, channel_id: str, key: str, thread_ts: str | None = None) -> str | None:
        found = super().find_by_key(channel_id, key, thread_ts)
        self.pause()
        return found


def take_job(context: AppContext) -> tuple[int, int, int]:
    """Fetch the job as a worker of its own: the ids of job and worker, and the attempts."""
    with context.database.transaction() as session:
        worker_id = session.scalar(text("select worker_id from procrastinate_register_worker_v1()"))
        fetch = text("select id, attempts from procrastinate_fetch_job_v2(null, :worker)")
        job_id, attempts = session.execute(fetch, {"worker": worker_id}).one()
    return int(job_id), int(worker_id or 0), int(attempts)


def free_job(context: AppContext, job_id: int) -> None:
    with context.database.transaction() as session:
        session.execute(text("select procrastinate_retry_job_v2(:id, null, null, null, null)"), {"id": job_id})


@pytest.fixture
def clock() -> list[float]:
    """The paused worker's monotonic clock, which goes on while it does not run."""
    return [1_000.0]


@pytest.fixture
def claim(context: AppContext, clock: list[float]) -> JobClaim:
    with context.database.transaction() as session:
        enqueue(session, "slack.say", lock="fence", entry_id=1)
    return JobClaim(context.database, *take_job(context), since=clock[0], seconds=lambda: clock[0])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("tried", [True, False], ids=["after looking for a lost post", "before the first post"])
def test_a_worker_paused_before_posting_posts_nothing_that_another_posted(
    context: AppContext, playground: Playground, clock: list[float], claim: JobClaim, place: str, tried: bool
) -> None:
    channel_id, key = PLACES[place], f"{KEY}:{place}:{tried}"
    client = web_client(playground.api_url, "xoxb-playground", timeout=5)

    def pause() -> None:
        """For twenty seconds, in which the job is freed and done by somebody else."""
        clock[0] += 20
        free_job(context, claim.job_id)
        other = JobClaim(context.database, *take_job(context), since=clock[0], seconds=lambda: clock[0])
        Poster(context.database, Slack(client).of_job(other.confirm), context.now).say(key, channel_id, Message("once"))

    def pause_and_confirm() -> None:
        if not tried:
            pause()
        claim.confirm()

    paused = PausedAfterLooking(client)
    paused.pause = pause if tried else lambda: None
    if tried:
        with context.database.transaction() as session:
            slack_queries.begin_message(session, key, channel_id, context.now())
    with pytest.raises(JobLost):
        poster = Poster(context.database, paused.of_job(pause_and_confirm), context.now)
        poster.say(key, channel_id, Message("once"))
    seen = Person(playground.url, "U0RESPONDER")
    where = seen.dm_with("U0TOCSIN") if place == "person" else channel_id
    assert [message["text"] for message in seen.messages(where)] == ["once"]


def test_a_worker_that_kept_its_job_posts_after_a_pause(
    context: AppContext, slack: Slack, clock: list[float], claim: JobClaim, responder: Person, control: Control
) -> None:
    clock[0] += 20
    Poster(context.database, slack.of_job(claim.confirm), context.now).say(f"{KEY}:kept", "C0INCIDENTS", Message("on"))
    assert [message["text"] for message in responder.messages("C0INCIDENTS")] == ["on"]
    with context.database.transaction() as session:
        assert [job.status for job in queued(session)] == ["doing"]


def test_a_run_without_a_pause_asks_the_database_nothing(context: AppContext, clock: list[float]) -> None:
    nobody_s = JobClaim(context.database, 987_654, 1, 0, since=clock[0], seconds=lambda: clock[0])
    nobody_s.confirm()
    clock[0] += 3
    with pytest.raises(JobLost):
        nobody_s.confirm()
