"""The worker: runs the outbox's jobs with one retry rule, and wakes the escalation plans whose time has come."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import procrastinate
import structlog
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from bot.aws.session import Unavailable
from bot.context import AppContext
from bot.escalation.flows.holders import look_up_groups
from bot.escalation.flows.plan import sweep
from bot.escalation.jobs import contact_methods, digests, paging, user_groups
from bot.escalation.queries import pings
from bot.incidents import jobs as incident_jobs
from bot.incidents import jobs as incidents_jobs
from bot.lifecycle.flows.backfill import plan_backfill
from bot.lifecycle.jobs import backfill, channel, handovers, home, responders
from bot.playbooks import jobs as playbooks
from bot.reports.jobs import answers, severity_suggestions
from bot.reports.jobs import backfill as reports_backfill
from bot.retention import jobs as retention
from bot.reviews.flows.reminders import remind
from bot.reviews.jobs import drafts, reviews
from bot.slack import queries as slack_queries
from bot.slack.client import Refused, Slack, TryAgain
from bot.slack.poster import Poster
from bot.stakeholders import jobs as updates
from bot.stakeholders.flows.notify import remind_to_notify
from bot.store.connection import queue_pool
from bot.store.job_manager import PersistentJobManager
from bot.store.outages import Outage, is_away, reason_of
from bot.store.outbox import PAGING, SLACK, free_jobs_of_dead_workers
from bot.wiring.health import OVERDUE, SWEEP, Progress

log = structlog.get_logger(__name__)

TASKS: dict[str, Callable[..., None]] = {
    "slack.open_room": channel.open_channel,
    "slack.furnish_room": channel.set_up_channel,
    "slack.card": channel.card,
    "slack.mirror": channel.mirror,
    "slack.say": incident_jobs.say,
    "slack.whisper": incident_jobs.whisper,
    "slack.answer": answers.answer,
    "slack.review": drafts.review,
    "slack.redraft": drafts.redraft,
    "slack.suggest_severity": severity_suggestions.suggest_severity,
    "slack.review_reminder": reviews.review_reminder,
    "slack.review_handed_in": reviews.review_handed_in,
    "slack.review_canvas": reviews.review_canvas,
    "slack.action_reminder": reviews.action_reminder,
    "slack.action_from_message": reviews.action_from_message,
    "aws.archive": reviews.archive,
    "slack.page": paging.page,
    "slack.pages": paging.pages,
    "slack.page_over": paging.page_over,
    "slack.mention": paging.mention,
    "slack.digest": digests.digest,
    "slack.handover": handovers.handover,
    "slack.tell_override": contact_methods.tell_override,
    "aws.notice": contact_methods.send_notice,
    "aws.alarms": updates.alarms,
    "slack.notice": updates.notice,
    "slack.checklist": updates.checklist,
    **playbooks.TASKS,
    "slack.assigned": responders.assigned,
    "slack.bring": responders.bring,
    "slack.offer_key": incidents_jobs.offer_key,
    "slack.home": home.home,
    "slack.groups": user_groups.groups,
    "slack.read_back": backfill.backfill_channel,
    "slack.read_announcements": reports_backfill.backfill_reports,
    "record.retain": retention.retain,
}
# What the worker's progress calls each queue.
QUEUES = {SLACK: "queue of posts", PAGING: "queue of pages"}
JOB_THREAD = "job of tocsin"
SLACK_THREADS = 6
PAGING_THREADS = 3
_LONGEST_WAIT = 15  # seconds between tries while Slack or the database is away
_LONGEST_WAIT_REFUSED = 60  # the same while Slack refuses our token, a scope or the account
_CALL_ENDS_AFTER = 15  # seconds; a call to Slack takes ten at most
_ENDS_WITHIN = 12.0  # seconds for running jobs to end before the worker restarts, or stops, without them
_STOPS_WITHIN = 14.0  # seconds for the threads after `stop`
_TRIES = 5  # for errors of our own, which another try seldom mends
_SWEEP_EVERY = 1.0  # seconds at most; sooner when something is due sooner
_SWEEP_PAUSE = 0.2  # seconds at least: what falls due meanwhile is sent together
_HEARTBEAT_EVERY = 3.0  # seconds
_SILENT_AFTER = 10.0  # seconds without a heartbeat after which a worker is taken for dead
_LOOK_EVERY = 3.0  # seconds between looks for jobs of dead workers; two looks in a row must agree
_FORGET_WORKER_AFTER = 86_400.0  # seconds; long, as a live worker that was forgotten would lose its jobs
_FORGET_EVENTS_EVERY = 600.0  # seconds
_EVENT_LIFE = timedelta(days=1)
_READ_BACK_EVERY = 300.0  # seconds
_CLEAR_EVERY = 86_400.0  # seconds
_LOOK_UP_GROUPS_EVERY = 300.0  # seconds; so long somebody may wait who joined a group that may approve


def _wait_before(attempts: int, longest: int = _LONGEST_WAIT) -> int:
    """Milliseconds until the next try: half a second, doubled each time, bounded by `longest` seconds."""
    return int(min(500 * 2 ** min(attempts, 10), longest * 1000))


class RetryPolicy(BaseRetryStrategy):
    """Slack or the database away, or Slack refusing us for now: try until it is back. An error of our own: a few times.

    What Slack refuses for good, such as a message that is too long, is not tried again.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Refused):
            if not exception.may_pass:
                return None
            return RetryDecision(retry_in={"milliseconds": _wait_before(job.attempts, _LONGEST_WAIT_REFUSED)})
        if isinstance(exception, TryAgain):
            asked = round((exception.after or 0.0) * 1000)
            # Slack's own word counts; "at once" is not taken literally, or it would be asked 40 times a second.
            return RetryDecision(retry_in={"milliseconds": asked or _wait_before(job.attempts)})
        if isinstance(exception, Unavailable) or is_away(exception):
            return RetryDecision(retry_in={"milliseconds": _wait_before(job.attempts)})
        if isinstance(exception, asyncio.CancelledError):
            # The worker was started anew; the thread of this job may still be in the middle of its call to Slack.
            return RetryDecision(retry_in={"seconds": _CALL_ENDS_AFTER})
        if job.attempts + 1 < _TRIES:
            return RetryDecision(retry_in={"seconds": 2**job.attempts})
        return None


def job_app(context: AppContext, slack: Slack, heard: Callable[[str], None] = lambda _queue: None) -> procrastinate.App:
    """The procrastinate app with every task bound to what it needs; it is opened with `queue_pool`."""
    connector = procrastinate.PsycopgConnector()
    app = procrastinate.App(connector=connector)
    app.job_manager = PersistentJobManager(connector, heard)
    poster = Poster(context.database, slack, context.now)
    for name, run in TASKS.items():
        app.task(name=name, retry=RetryPolicy())(_bound(name, run, context, slack, poster))
    return app


def _bound(
    name: str, run: Callable[..., None], context: AppContext, slack: Slack, poster: Poster
) -> Callable[..., None]:
    held_up = Outage(log, f"{name} is held up")

    def task(**arguments: Any) -> None:
        ids = {key: value for key, value in arguments.items() if key.endswith("_id")}  # never what people wrote
        with structlog.contextvars.bound_contextvars(job=name, **ids):
            try:
                run(context, slack, poster, **arguments)
            except (TryAgain, Unavailable) as error:
                held_up.failed(str(error))
                raise
            except Refused as error:
                if error.may_pass:
                    held_up.failed(str(error), advice="`tocsin doctor` says what to do")
                else:
                    log.error("slack refused for good", error=str(error))
                raise
            held_up.ended()

    return task


class JobThreads(ThreadPoolExecutor):
    """The threads that jobs run in. The event loop that ends does not wait for a job that does not."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=True)


class Silent(Exception):
    """Nothing was heard from the job queue for so long that the worker is started anew."""


class Worker:
    """Both queues and the sweep, in threads of their own, so that a stalled post never holds up a page."""

    def __init__(self, context: AppContext, slack: Slack) -> None:
        self._context = context
        self._slack = slack
        self.progress = Progress()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._manager: PersistentJobManager | None = None
        self._stop = threading.Event()
        self._read_back_at = 0.0  # in monotonic seconds
        # They end within seconds of `stop`; a database that is silent must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._run_jobs, name="jobs", daemon=True),
            threading.Thread(target=self._run_sweeps, name="sweeps", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let running jobs end, take no new ones. Jobs that do not end in time are done again by the next worker."""
        self._stop.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # between two starts after the database went away, the loop is closed
                self._loop.call_soon_threadsafe(self._cancel)
        until = time.monotonic() + _STOPS_WITHIN
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                log.warning("did not end in time; its work is done again by the next worker", thread=thread.name)

    def left_behind(self) -> bool:
        """True where something still runs after `stop`: a thread of ours, or one of a job."""
        of_jobs = [thread for thread in threading.enumerate() if thread.name.startswith(JOB_THREAD)]
        for thread in of_jobs:
            thread.join(0.5)  # an idle one is just ending
        return any(thread.is_alive() for thread in [*self._threads, *of_jobs])

    def troubles(self) -> list[str]:
        """A sentence for each part that does not get on; empty while jobs are taken and plans are swept."""
        return self.progress.overdue([SWEEP, *QUEUES.values()])

    def alive(self) -> bool:
        """True while jobs are taken and plans are swept."""
        return not self.troubles() and all(thread.is_alive() for thread in self._threads)

    def _cancel(self) -> None:
        if self._manager is not None:
            self._manager.hurry()
        if self._main is not None:
            self._main.cancel()

    def _run_jobs(self) -> None:
        """Jobs until stopped. When the database goes away or falls silent the workers end; they are started again."""
        self._outage = Outage(log, "jobs are held up")
        while not self._stop.is_set():
            try:
                asyncio.run(self._work())
            except asyncio.CancelledError:
                if not self._stop.is_set():
                    raise
            except Exception as error:  # a way in: the worker must outlive a database restart
                if is_away(error) or isinstance(error, Silent):
                    self._outage.failed(reason_of(error))
                else:
                    log.exception("worker stopped; starting it again")
                self._stop.wait(1)

    async def _work(self) -> None:
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        self._loop.set_default_executor(JobThreads(SLACK_THREADS + PAGING_THREADS + 1, JOB_THREAD))
        if self._stop.is_set():
            return
        app = job_app(self._context, self._slack, self._heard)
        self._manager = app.job_manager if isinstance(app.job_manager, PersistentJobManager) else None
        pool = queue_pool(self._context.database.url)
        try:
            await pool.open(wait=True, timeout=8)
            async with app.open_async(pool):
                await self._run_all(app)
        finally:
            await pool.close(timeout=2)

    async def _run_all(self, app: procrastinate.App) -> None:
        """Until one of them fails or all are cancelled; jobs that run then have a while to end."""
        parts = [
            self._consume(app, SLACK, SLACK_THREADS),
            self._consume(app, PAGING, PAGING_THREADS),
            self._upkeep(),
            self._watch(),
        ]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_ENDS_WITHIN)
        for task in done:
            if not task.cancelled() and (error := task.exception()):
                raise error

    def _heard(self, queue: str) -> None:
        self.progress.note(QUEUES[queue])
        self._outage.ended()

    async def _watch(self) -> None:
        """Ends with Silent when no job was asked for in a long while, whatever it is that hangs."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(1)
            if time.monotonic() - began > OVERDUE and (late := self.progress.overdue(list(QUEUES.values()))):
                raise Silent("; ".join(late))

    async def _consume(self, app: procrastinate.App, queue: str, threads: int) -> None:
        await app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=threads,
            wait=True,
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
            delete_jobs="successful",
            update_heartbeat_interval=_HEARTBEAT_EVERY,
            stalled_worker_timeout=_FORGET_WORKER_AFTER,
            shutdown_graceful_timeout=10,
        )

    async def _upkeep(self) -> None:
        """Free the jobs of workers that died, forget events that Slack will not repeat, and keep the rooms."""
        suspects: frozenset[tuple[int, int]] = frozenset()
        forget_at = look_up_at = clear_at = 0.0
        started = self._context.now()
        held_up = Outage(log, "housekeeping is held up")
        while True:
            try:
                suspects = await asyncio.to_thread(self._free_jobs, suspects)
                await asyncio.to_thread(self._keep_rooms, started)
                if time.monotonic() >= look_up_at:
                    await asyncio.to_thread(self._look_up_groups)
                    look_up_at = time.monotonic() + _LOOK_UP_GROUPS_EVERY
                if time.monotonic() >= forget_at:
                    await asyncio.to_thread(self._forget_events)
                    forget_at = time.monotonic() + _FORGET_EVENTS_EVERY
                if time.monotonic() >= clear_at:
                    await asyncio.to_thread(retention.clear, self._context)
                    clear_at = time.monotonic() + _CLEAR_EVERY
                held_up.ended()
            except Exception as error:  # a way in: housekeeping that fails must not stop posts and pages
                if is_away(error):
                    held_up.failed(reason_of(error))
                else:
                    log.exception("housekeeping failed; trying again")
            await asyncio.sleep(_LOOK_EVERY)

    def _free_jobs(self, suspects: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        with self._context.database.transaction() as session:
            freed, suspects = free_jobs_of_dead_workers(session, _SILENT_AFTER, suspects)
        if freed:
            log.warning("took over the jobs of a worker that died", jobs=freed)
        return suspects

    def _keep_rooms(self, started: datetime) -> None:
        """Remind of stakeholders who hear nothing, look at playbooks; read back what was missed, now and then."""
        now = self._context.now()
        with self._context.database.transaction() as session:
            remind_to_notify(session, self._context.policy.notices, now)
        playbooks.look(self._context, now)
        if time.monotonic() >= self._read_back_at:
            with self._context.database.transaction() as session:
                # A further replica that starts reads back too: it cannot know that the others heard everything.
                before = max(started, now - timedelta(seconds=_READ_BACK_EVERY))
                planned = plan_backfill(session, before, now, long=self._read_back_at == 0.0)
            if planned:
                self._read_back_at = time.monotonic() + _READ_BACK_EVERY

    def _look_up_groups(self) -> None:
        with self._context.database.transaction() as session:
            look_up_groups(session, self._context.policy.contacts)

    def _forget_events(self) -> None:
        with self._context.database.transaction() as session:
            slack_queries.forget_events(session, self._context.now() - _EVENT_LIFE)

    def _run_sweeps(self) -> None:
        held_up = Outage(log, "escalation is held up")
        while not self._stop.is_set():
            pause = _SWEEP_EVERY
            try:
                pause = self._sweep()
                self.progress.note(SWEEP)
                held_up.ended()
            except Exception as error:  # a way in: escalation must outlive whatever one sweep met
                if is_away(error):
                    held_up.failed(reason_of(error))
                else:
                    log.exception("sweep failed; trying again")
            self._stop.wait(pause)

    def _sweep(self) -> float:
        """One sweep; the seconds until the next."""
        limit = 200
        now = self._context.now()
        with self._context.database.transaction() as session:
            if sweep(session, self._context.policy.escalation, now, limit) == limit:
                return 0.0
        with self._context.database.transaction() as session:
            if remind(session, self._context.policy.review, now, limit) == limit:
                return 0.0
        with self._context.database.transaction() as session:
            upcoming = pings.find_next_wake(session)
        return min(_SWEEP_EVERY, max(_SWEEP_PAUSE, self._context.seconds_until(upcoming))) if upcoming else _SWEEP_EVERY
